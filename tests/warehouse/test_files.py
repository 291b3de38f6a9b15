"""Copies and swaps: what a file holds, what is left behind, who is kept out meanwhile."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from cce_etl.errors import WarehouseError
from cce_etl.warehouse.connection import Connection, open_warehouse
from cce_etl.warehouse.files import (
    Contents,
    copy_file,
    differences,
    draft_for,
    file_lock,
    read_contents,
    swap_in,
    wal_path,
)


def test_contents_tell_rows_apart_but_not_their_order(connection: Connection) -> None:
    connection.execute("CREATE TABLE marts.a AS SELECT range AS x, [range] AS y FROM range(3)")
    connection.execute("CREATE TABLE marts.b AS SELECT range AS x, [range] AS y FROM range(3) ORDER BY x DESC")
    connection.execute("CREATE TABLE marts.c AS SELECT x, [x + 1] AS y FROM marts.a")
    connection.execute("CREATE VIEW marts.d AS FROM marts.a")
    found = read_contents(connection)
    assert found["marts.a"] == found["marts.b"] != found["marts.c"]
    assert found["marts.a"].row_count == found["marts.c"].row_count == 3
    assert found["raw.job_ids"] == Contents(0, None)
    assert "marts.d" not in found


def test_differences_are_named_whichever_side_lacks_a_table() -> None:
    one, other = Contents(1, 5), Contents(1, 6)
    assert differences({"a": one, "b": one, "c": one}, {"a": one, "b": other, "d": one}) == ["b", "c", "d"]
    assert differences({"a": one}, {"a": one}) == []


def test_a_swap_keeps_the_rights_of_the_file_before(tmp_path: Path) -> None:
    target = tmp_path / "t"
    target.write_bytes(b"old")
    target.chmod(0o640)
    with draft_for(target) as draft:
        draft.write_bytes(b"new")
        assert target.read_bytes() == b"old"
        swap_in(draft, target)
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [target]


def test_a_draft_that_came_to_nothing_is_taken_away_with_its_log_and_one_of_a_killed_run_too(tmp_path: Path) -> None:
    target = tmp_path / "some" / "where" / "t"
    target.parent.mkdir(parents=True)
    with draft_for(target) as draft:
        draft.write_bytes(b"half")
        wal_path(draft).write_bytes(b"half")
    assert list(target.parent.iterdir()) == []
    draft.write_bytes(b"half, of a run that was killed")
    with draft_for(target) as again:
        assert not again.exists()


def test_a_folder_that_cannot_be_made_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WarehouseError, match=r"file/t cannot be written"), draft_for(tmp_path / "file" / "t"):
        pass


def test_a_copy_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="No such file"):
        copy_file(tmp_path / "nothing", tmp_path / "t")


def test_a_held_file_keeps_duckdb_in_other_processes_out_and_only_meanwhile(warehouse: Path) -> None:
    with open_warehouse(warehouse):
        pass
    program = f"import duckdb; duckdb.connect({str(warehouse)!r}, read_only=True)"
    with file_lock(warehouse, 0):
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "Could not set lock" in done.stderr
    duckdb.connect(warehouse).close()


def test_a_file_that_another_process_has_open_cannot_be_file_lock(warehouse: Path) -> None:
    with open_warehouse(warehouse):
        pass
    program = f"import duckdb, sys; c = duckdb.connect({str(warehouse)!r}); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(WarehouseError, match="in use by another process"), file_lock(warehouse, 0):
            pass
        other.communicate()
