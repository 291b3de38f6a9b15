"""Publishing: what the copy holds, who sees which version, and that a failure leaves the old one."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from cce_etl.errors import ConfigError, WarehouseError
from cce_etl.publish import publish as module
from cce_etl.publish.publish import publish
from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.files import copy_file
from cce_etl.warehouse.status import published_tables, read_coverage

# 2026-03-01 00:00:00.000000123 UTC
NOW = 1_772_323_200_000_000_123
PROBE = """
import sys, duckdb
for line in sys.stdin:
    try:
        duckdb.connect(sys.argv[1]).close()
        print("opened", flush=True)
    except duckdb.IOException:
        print("locked", flush=True)
"""


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return tmp_path / "out" / "published.duckdb"


@pytest.fixture
def filled(connection: Connection) -> Connection:
    """Return a warehouse with two steps, one mart, six ids in all states, two open dead letters and a resolved one."""
    connection.execute("CREATE TABLE marts.steps AS FROM range(2) AS r(x)")
    connection.execute("COMMENT ON TABLE marts.steps IS 'two steps'")
    connection.execute(
        """
        INSERT INTO core.jobs (source, job_id, root_job_id, path, depth, ordinal, is_leaf, has_uid, created_at)
        SELECT 's', 'j' || range, 'j0', '', 0, 0, true, true, make_timestamp_ns(range) FROM range(3)
        """
    )
    connection.execute(
        """
        INSERT INTO raw.job_ids (source, job_id, state, attempts, last_fetched_at)
        VALUES ('s', 'a', 'pending', 0, NULL), ('s', 'b', 'pending', 1, NULL), ('s', 'c', 'running', 1, now()),
            ('s', 'd', 'finished', 1, now()), ('s', 'e', 'gone', 1, now()), ('s', 'f', 'dead', 1, NULL)
        """
    )
    connection.execute(
        """
        INSERT INTO raw.dead_letters (source, job_id, kind, message, attempts, failed_at, resolved_at)
        VALUES ('s', 'f', 'wrong_type', 'm', 1, now(), NULL), ('s', 'f', 'invalid_json', 'm', 1, now(), NULL),
            ('s', 'd', 'wrong_type', 'm', 1, now(), now())
        """
    )
    return connection


def read(path: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_the_copy_holds_core_marts_and_manifest_with_comments_but_not_raw(
    filled: Connection, warehouse: Path, published: Path
) -> None:
    assert publish(filled, warehouse, published, "run", NOW) == {"core.jobs": 3, "marts.steps": 2}
    assert read(published, "SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL") == [
        ("core", "jobs"),
        ("main", "manifest"),
        ("marts", "steps"),
    ]
    assert read(published, "SELECT comment FROM duckdb_tables() WHERE table_name = 'steps'") == [("two steps",)]
    assert read(published, "SELECT epoch_ns(created_at) FROM core.jobs ORDER BY 1") == [(0,), (1,), (2,)]
    assert list(published.parent.iterdir()) == [published]


def test_the_manifest_counts_ids_and_rows(filled: Connection, warehouse: Path, published: Path) -> None:
    publish(filled, warehouse, published, "run-1", NOW)
    assert read(
        published,
        """
        SELECT epoch_ns(published_at), run_id, ids_asked, ids_fetched, ids_failed, ids_pending, ids_running, ids_gone
        FROM manifest
        """,
    ) == [(NOW, "run-1", 6, 3, 1, 2, 1, 1)]
    assert read(published, "SELECT table_rows['core.jobs'], table_rows['marts.steps'] FROM manifest") == [(3, 2)]
    assert read(published, "SELECT cce_etl_version <> '' AND duckdb_version = version() FROM manifest") == [(True,)]


def test_an_empty_warehouse_can_be_published(connection: Connection, warehouse: Path, published: Path) -> None:
    assert publish(connection, warehouse, published, "run", NOW) == {"core.jobs": 0}
    assert read(published, "SELECT ids_asked, table_rows['core.jobs'] FROM manifest") == [(0, 0)]


def test_rows_still_in_the_write_ahead_log_are_published(filled: Connection, warehouse: Path, published: Path) -> None:
    filled.execute("SET wal_autocheckpoint = '1GB'")
    filled.execute("CHECKPOINT")
    filled.execute("INSERT INTO marts.steps VALUES (7)")
    assert publish(filled, warehouse, published, "run", NOW)["marts.steps"] == 3
    assert read(published, "SELECT max(x) FROM marts.steps") == [(7,)]


def test_a_reader_keeps_its_version_while_a_new_one_is_swapped_in(
    filled: Connection, warehouse: Path, published: Path
) -> None:
    publish(filled, warehouse, published, "first", NOW)
    with duckdb.connect(published, read_only=True) as reader:
        filled.execute("INSERT INTO marts.steps SELECT range FROM range(1000)")
        publish(filled, warehouse, published, "second", NOW)
        assert reader.execute("SELECT count(*) FROM marts.steps").fetchall() == [(2,)]
        assert reader.execute("SELECT run_id FROM manifest").fetchall() == [("first",)]
        # A process of its own, since DuckDB shares one open file within a process.
        program = "import sys, duckdb; print(duckdb.connect(sys.argv[1], read_only=True).sql(sys.argv[2]).fetchall())"
        command = [
            sys.executable,
            "-c",
            program,
            str(published),
            "SELECT count(*), any_value(run_id) FROM marts.steps, manifest",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout == "[(1002, 'second')]\n"


def test_publishing_into_a_folder_that_is_a_file_is_a_warehouse_error(
    filled: Connection, warehouse: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(WarehouseError, match="cannot be written"):
        publish(filled, warehouse, tmp_path / "out" / "published.duckdb", "run", NOW)


def test_a_draft_that_cannot_be_written_leaves_the_published_one(
    filled: Connection, warehouse: Path, published: Path
) -> None:
    publish(filled, warehouse, published, "first", NOW)
    before = published.read_bytes()
    # A folder in the draft's place stands for every reason why it cannot be written, also for the superuser.
    blocked = published.with_name(f".{published.name}.draft")
    (blocked / "warehouse.duckdb").mkdir(parents=True)
    with pytest.raises(WarehouseError, match="cannot be written"):
        publish(filled, warehouse, published, "second", NOW)
    assert published.read_bytes() == before


def test_a_draft_that_differs_is_thrown_away_and_the_published_one_is_kept(
    filled: Connection, warehouse: Path, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(filled, warehouse, published, "first", NOW)
    before = published.read_bytes()

    def copy_and_lose_a_row(source: Path, draft: Path) -> None:
        copy_file(source, draft)
        with duckdb.connect(draft) as connection:
            connection.execute("DELETE FROM marts.steps WHERE x = 0")

    monkeypatch.setattr("cce_etl.warehouse.file.copy_file", copy_and_lose_a_row)
    with pytest.raises(WarehouseError, match=r"differs from the warehouse in marts\.steps.*kept"):
        publish(filled, warehouse, published, "second", NOW)
    assert published.read_bytes() == before
    assert list(published.parent.iterdir()) == [published]


def test_a_draft_left_by_a_killed_run_is_in_nobodys_way(filled: Connection, warehouse: Path, published: Path) -> None:
    published.parent.mkdir()
    for name in (".published.duckdb.draft", ".published.duckdb.draft.wal"):
        (published.parent / name).write_bytes(b"half a file")
    publish(filled, warehouse, published, "run", NOW)
    assert list(published.parent.iterdir()) == [published]
    assert read(published, "SELECT count(*) FROM marts.steps") == [(2,)]


def test_the_published_file_may_not_be_the_warehouse_itself(filled: Connection, warehouse: Path) -> None:
    with pytest.raises(ConfigError, match="CCE_PUBLISHED"):
        publish(filled, warehouse, warehouse, "run", NOW)
    assert filled.execute("SELECT count(*) FROM raw.job_ids").fetchall() == [(6,)]


def test_the_warehouse_stays_locked_to_other_processes_during_and_after_publishing(
    filled: Connection, warehouse: Path, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-c", PROBE, str(warehouse)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as probe:

        def probed() -> str:
            assert probe.stdin is not None
            assert probe.stdout is not None
            probe.stdin.write("\n")
            probe.stdin.flush()
            return probe.stdout.readline().strip()

        verified, seen = module._verify, []

        def verify_and_probe(draft: Path, rows: dict[str, int]) -> None:
            seen.append(probed())
            verified(draft, rows)

        monkeypatch.setattr(module, "_verify", verify_and_probe)
        publish(filled, warehouse, published, "run", NOW)
        assert [*seen, probed()] == ["locked", "locked"]
        filled.close()
        assert probed() == "opened"


def test_coverage_counts_ids_by_state_and_ids_with_open_dead_letters(filled: Connection) -> None:
    coverage = read_coverage(filled)
    assert (coverage.ids_asked, coverage.ids_fetched, coverage.ids_failed) == (6, 3, 1)
    assert published_tables(filled) == ["core.jobs", "marts.steps"]


def test_a_file_is_written_once_and_little_of_it_again(filled: Connection, warehouse: Path, published: Path) -> None:
    filled.execute("CREATE TABLE core.long AS SELECT md5(range::VARCHAR) AS text FROM range(400_000)")
    filled.execute("CHECKPOINT")
    before = written_bytes()
    publish(filled, warehouse, published, "run-1", NOW)
    file_bytes = warehouse.stat().st_size
    assert file_bytes > 6_000_000
    assert file_bytes <= written_bytes() - before < file_bytes + 2_500_000


def written_bytes() -> int:
    """Return how much this process has written, with those it waited for."""
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return int(dict(line.split(": ") for line in lines)["wchar"])


# Ends like a killed process: what it changed is in the log beside the draft, and nobody takes that away.
HALF_PUBLISHED = """
import os, sys, duckdb
draft = duckdb.connect(sys.argv[1])
draft.execute("DROP SCHEMA raw CASCADE")
os._exit(9)
"""


def test_the_log_of_a_draft_left_by_a_killed_run_is_not_taken_for_that_of_the_next_one(
    filled: Connection, warehouse: Path, published: Path
) -> None:
    published.parent.mkdir()
    draft = published.with_name(f".{published.name}.draft")
    filled.execute("CHECKPOINT")
    copy_file(warehouse, draft)
    subprocess.run([sys.executable, "-c", HALF_PUBLISHED, str(draft)], check=False)
    assert draft.with_name(f"{draft.name}.wal").stat().st_size > 0
    for _ in range(3):  # the warehouse has gone on since
        filled.execute("INSERT INTO marts.steps VALUES (7)")
        filled.execute("CHECKPOINT")
    publish(filled, warehouse, published, "run", NOW)
    assert read(published, "SELECT count(*) FROM marts.steps") == [(5,)]
