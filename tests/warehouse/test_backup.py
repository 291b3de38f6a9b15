"""Backups: what a copy proves, when it may replace another, and what is kept when a warehouse is replaced."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from cce_etl.errors import ConfigError, WarehouseError
from cce_etl.warehouse import backup as module
from cce_etl.warehouse.backup import back_up, backup_path, replaced_path, restore
from cce_etl.warehouse.connection import open_warehouse
from cce_etl.warehouse.file import FileStorage
from cce_etl.warehouse.files import Contents, copy_file, wal_path
from tests.warehouse.test_migrations import make_old

RUN = """
    INSERT INTO raw.fetch_runs SELECT 'run ' || $1, 's', 'run', make_timestamp_ns($1), NULL,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL
"""


@pytest.fixture
def filled(warehouse: Path) -> Path:
    """Return a warehouse with one run, at 1 ns."""
    add_run(warehouse, 1)
    return warehouse


def add_run(path: Path, at: int) -> None:
    with open_warehouse(path) as connection:
        connection.execute(RUN, [at])


def runs(path: Path) -> list[Any]:
    with duckdb.connect(path, read_only=True) as connection:
        rows = connection.execute("SELECT epoch_ns(started_at) FROM raw.fetch_runs ORDER BY 1").fetchall()
    return [at for (at,) in rows]


def files(path: Path) -> set[str]:
    return {one.name for one in path.parent.iterdir()}


def test_a_backup_holds_every_row_and_is_its_owners_alone(filled: Path) -> None:
    target = backup_path(filled)
    made = back_up(filled, target)
    assert (target.name, made.path) == ("warehouse.backup.duckdb", str(target))
    assert (made.table_rows["raw.fetch_runs"], made.table_rows["core.jobs"]) == (1, 0)
    assert made.byte_count == target.stat().st_size
    assert target.stat().st_mode & 0o777 == 0o600
    assert (runs(target), files(filled)) == ([1], {filled.name, target.name})


def test_a_backup_into_a_folder_that_is_not_there_makes_it(filled: Path) -> None:
    back_up(filled, filled.parent / "backups" / "tuesday.duckdb")
    assert runs(filled.parent / "backups" / "tuesday.duckdb") == [1]


def test_rows_that_were_only_in_the_log_are_in_the_backup(filled: Path, tmp_path: Path) -> None:
    killed = tmp_path / "killed" / "w.duckdb"
    killed.parent.mkdir()
    with open_warehouse(filled) as connection:  # as a run leaves it that is killed now
        connection.execute(RUN, [2])
        for source, copy in ((filled, killed), (wal_path(filled), wal_path(killed))):
            copy_file(source, copy)
    back_up(killed, backup_path(killed))
    assert runs(backup_path(killed)) == [1, 2]


def test_an_older_backup_is_replaced_and_a_newer_one_only_when_forced(filled: Path, tmp_path: Path) -> None:
    target = tmp_path / "b.duckdb"
    back_up(filled, target)
    add_run(filled, 2)
    back_up(filled, target)
    assert runs(target) == [1, 2]
    earlier = tmp_path / "earlier.duckdb"
    add_run(earlier, 1)
    with pytest.raises(WarehouseError, match=r"b\.duckdb is newer.*--force"):
        back_up(earlier, target)
    assert runs(target) == [1, 2]
    back_up(earlier, target, force=True)
    assert runs(target) == [1]


def test_a_file_that_is_no_backup_is_not_overwritten(filled: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.write_bytes(b"precious notes " * 1_000)
    with pytest.raises(WarehouseError, match=r"notes is no backup that can be read.*--force"):
        back_up(filled, notes)
    assert notes.read_bytes().startswith(b"precious")


@pytest.mark.parametrize("command", [back_up, restore])
def test_a_warehouse_is_not_its_own_backup(filled: Path, command: Any) -> None:
    (filled.parent / "link").symlink_to(filled)
    for same in (filled, filled.parent / "link"):
        with pytest.raises(ConfigError, match="is the warehouse itself"):
            command(*((filled, same) if command is back_up else (same, filled)))
    assert runs(filled) == [1]


def test_a_copy_that_differs_is_thrown_away_and_the_one_before_kept(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = backup_path(filled)
    back_up(filled, target)
    add_run(filled, 2)
    answers = iter([{"raw.fetch_runs": Contents(2, 1)}, {"raw.fetch_runs": Contents(2, 9)}])
    monkeypatch.setattr(module, "read_contents", lambda _: next(answers))
    with pytest.raises(WarehouseError, match=r"differs from it in raw\.fetch_runs"):
        back_up(filled, target)
    assert (runs(target), files(filled)) == ([1], {filled.name, target.name})


def test_restoring_brings_the_rows_back_and_keeps_what_was_there(filled: Path) -> None:
    target = backup_path(filled)
    back_up(filled, target)
    add_run(filled, 2)
    made = restore(target, filled)
    assert (made.path, made.table_rows["raw.fetch_runs"]) == (str(filled), 1)
    assert (runs(filled), runs(replaced_path(filled)), runs(target)) == ([1], [1, 2], [1])
    assert files(filled) == {filled.name, target.name, "warehouse.duckdb.before-restore"}


def test_restoring_where_no_warehouse_is_makes_one(filled: Path, tmp_path: Path) -> None:
    back_up(filled, tmp_path / "b.duckdb")
    new = tmp_path / "new" / "w.duckdb"
    restore(tmp_path / "b.duckdb", new)
    assert (runs(new), files(new)) == ([1], {"w.duckdb"})
    assert new.stat().st_mode & 0o777 == 0o600


def test_a_link_to_another_disk_stays_a_link(filled: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    real = filled.rename(other / "real.duckdb")
    filled.symlink_to(real)
    target = tmp_path / "b.duckdb"
    back_up(filled, target)
    add_run(filled, 2)
    restore(target, filled)
    assert FileStorage(filled).vacuum(0, 7) == real.stat().st_size
    assert filled.is_symlink()
    assert (runs(real), runs(replaced_path(filled))) == ([1], [1, 2])
    assert files(real) == {"real.duckdb", "real.duckdb.before-restore"}
    assert files(filled) == {filled.name, "other", "b.duckdb"}


def test_a_second_restore_does_not_overwrite_what_the_first_one_kept(filled: Path) -> None:
    target = backup_path(filled)
    back_up(filled, target)
    add_run(filled, 2)
    restore(target, filled)
    with pytest.raises(WarehouseError, match=r"before-restore is there already.*Move it away"):
        restore(target, filled)
    assert (runs(filled), runs(replaced_path(filled))) == ([1], [1, 2])


def test_a_backup_of_an_older_version_is_brought_up_to_date(tmp_path: Path) -> None:
    make_old(tmp_path / "old.duckdb", 1)
    before = (tmp_path / "old.duckdb").read_bytes()
    restore(tmp_path / "old.duckdb", tmp_path / "w.duckdb")
    with duckdb.connect(tmp_path / "w.duckdb", read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM raw.changed_roots").fetchall() == [(0,)]
        assert connection.execute("SELECT count(*) FROM raw.job_ids").fetchall() == [(3,)]
    assert (tmp_path / "old.duckdb").read_bytes() == before


def test_a_backup_with_one_broken_byte_is_refused_before_anything_changes(filled: Path) -> None:
    target = backup_path(filled)
    with open_warehouse(filled) as connection:
        connection.execute(
            """INSERT INTO raw.job_payloads SELECT 's', 'j', 'v3', NULL, encode(repeat(md5(range::VARCHAR), 90)), 1, 'h'
            FROM range(400)"""
        )
    back_up(filled, target)
    broken = bytearray(target.read_bytes())
    broken[len(broken) // 2] ^= 1
    target.write_bytes(broken)
    before = filled.read_bytes()
    with pytest.raises(WarehouseError, match=r"(?i)backup.*(corrupt|checksum)"):
        restore(target, filled)
    assert (filled.read_bytes(), files(filled)) == (before, {filled.name, target.name})


def test_a_missing_backup_is_named(filled: Path) -> None:
    with pytest.raises(WarehouseError, match=r"no backup at .*nowhere.*`cce-etl backup`"):
        restore(filled.parent / "nowhere", filled)


def test_a_broken_warehouse_can_be_restored_and_is_kept_with_its_log(filled: Path) -> None:
    target = backup_path(filled)
    back_up(filled, target)
    filled.write_bytes(b"broken " * 1_000)
    wal_path(filled).write_bytes(b"a log of what cannot be opened")
    restore(target, filled)
    assert runs(filled) == [1]
    assert replaced_path(filled).read_bytes().startswith(b"broken")
    assert wal_path(replaced_path(filled)).read_bytes().startswith(b"a log")
    assert not wal_path(filled).exists()
