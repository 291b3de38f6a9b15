"""status, backup, restore and vacuum as a user meets them: words, JSON, exit codes.

Does not live here: what they do to the files (`warehouse/test_backup`, `test_vacuum`, `test_health`, `test_upkeep`).
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cce_etl.models.model import sql_directory
from cce_etl.pipeline import run
from cce_etl.settings.settings import Settings
from cce_etl.warehouse.connection import open_warehouse

if TYPE_CHECKING:
    from tests.conftest import Answer, Api, Shell


@pytest.fixture(scope="module")
def filled(
    tmp_path_factory: pytest.TempPathFactory,
    served: "Api",
    make_shell: "Callable[[Path, str | None], Shell]",
    script: "Callable[..., Answer]",
) -> "Shell":
    """Return a shell with six ended jobs of the fleet, and one whose body cannot be read."""
    served.reset()
    served.answers = {"dead": script(b"<html>")}
    shell = make_shell(tmp_path_factory.mktemp("kept"), served.endpoint)
    assert shell("run", "--no-build", "--ids", shell.write("ids.txt", [*served.fleet_ids[1:7], "dead"])).code == 1
    publish_coverage(shell)
    return shell


def publish_coverage(shell: "Shell") -> None:
    """Build the one mart that health is told from, and publish it alone: a whole build takes seconds."""
    settings = Settings(warehouse=shell.warehouse, published=shell.published)
    with open_warehouse(shell.warehouse) as connection:
        sql = (sql_directory() / "marts" / "ingest_coverage.sql").read_text(encoding="utf-8")
        connection.execute(f"CREATE OR REPLACE TABLE marts.ingest_coverage AS {sql}")
        run.publish(connection, settings, "run", publish_anyway=True)


def test_status_tells_the_bytes_of_raw_bodies_as_sent_and_as_stored(filled: "Shell") -> None:
    [(count, sent, stored)] = filled.rows(
        "SELECT count(*), sum(body_bytes), sum(octet_length(body)) FROM raw.job_payloads"
    )
    line = f"{count:,} raw bodies: {sent:,} bytes as sent, {stored:,} as stored."
    assert filled("status").out.splitlines()[-1] == line
    told = filled("status", "--json").json
    assert told["raw_bodies"] == {"body_count": count, "sent_bytes": sent, "stored_bytes": stored}
    assert told["coverage"]["ids_asked"] == 7


def test_health_is_a_line_a_finding_and_exit_1_when_one_is_not_well(filled: "Shell") -> None:
    ran = filled("status", "--health")
    assert (ran.code, ran.err) == (1, "")
    assert [line.partition(":")[0] for line in ran.out.splitlines()] == [
        "ok     age",
        "ok     coverage of test",
        "WRONG  dead letters of test",
    ]
    assert "1 open, as many as before the last run: 0. See them with `cce-etl dead-letters`" in ran.out
    ran = filled("status", "--health", "--max-dead-letters", "1")
    assert (ran.code, ran.out.count("\nok     ")) == (0, 2)
    assert filled("status", "--health", CCE_MAX_DEAD_LETTERS="1").code == 0
    assert filled("status", "--health", "--max-dead-letters", "1", "--max-age-hours", "0.0000001").code == 1


def test_health_as_json_names_each_finding(filled: "Shell") -> None:
    ran = filled("status", "--health", "--json")
    assert ran.code == 1
    assert ran.json["is_well"] is False
    assert [(vital["subject"], vital["is_well"]) for vital in ran.json["vitals"]] == [
        ("age", True),
        ("coverage of test", True),
        ("dead letters of test", False),
    ]


def test_health_is_told_while_a_run_holds_the_warehouse_or_before_anything_is_published(filled: "Shell") -> None:
    with open_warehouse(filled.warehouse):
        ran = filled.ended(filled.start("status", "--health", "--max-dead-letters", "1"))
    assert ran.code == 0
    ran = filled("status", "--health", "--published", "nowhere.duckdb")
    assert ran.code == 1
    assert ran.out.startswith("WRONG  age: there is no published file at nowhere.duckdb. Run `cce-etl run`")


def test_a_job_that_fails_again_is_no_growth(filled: "Shell") -> None:
    assert filled("run", "--no-build", "--ids", str(filled.folder / "ids.txt")).code == 1
    publish_coverage(filled)
    ran = filled("status", "--health")
    assert ran.code == 0
    assert "ok     dead letters of test: 1 open, as many as before the last run: 1" in ran.out


def test_a_backup_is_made_beside_the_warehouse_and_restored_from(filled: "Shell") -> None:
    states = filled.states()
    ran = filled("backup")
    assert (ran.code, ran.err) == (0, "")
    made = filled.folder / "warehouse.backup.duckdb"
    assert ran.out.startswith(f"Backed up {made}: {made.stat().st_size:,} bytes, ")
    with open_warehouse(filled.warehouse) as connection:
        connection.execute("DELETE FROM raw.job_ids")
    ran = filled("restore", str(made))
    assert ran.code == 0
    assert ran.out.startswith(f"Restored {filled.warehouse}: ")
    kept = filled.folder / "warehouse.duckdb.before-restore"
    assert ran.err == f"The warehouse before it is kept as {kept}.\n"
    assert filled.states() == states
    assert filled.rows("SELECT count(*) FROM raw.job_ids", kept) == [(0,)]
    kept.unlink()


def test_the_figures_of_a_backup_and_a_vacuum_also_come_as_json(filled: "Shell") -> None:
    target = str(filled.folder / "other.duckdb")
    made = filled("backup", target, "--json").json
    assert (made["path"], made["table_rows"]["raw.job_ids"]) == (target, 7)
    done = filled("vacuum", "--json").json
    assert done["bytes_after"] == filled.warehouse.stat().st_size
    assert done["forgotten"] == {"payload_count": 0, "body_bytes": 0, "letter_count": 0, "run_count": 0}


def test_a_vacuum_tells_the_bytes_before_and_after_and_what_it_forgot(filled: "Shell") -> None:
    ran = filled("vacuum")
    assert (ran.code, ran.out.count("\n")) == (0, 1)
    assert ran.out.endswith(f"{filled.warehouse.stat().st_size:,} after.\n")
    forgot = "Deleted 0 superseded payloads (0 bytes as sent), 0 resolved dead letters, 0 records of runs."
    assert filled("vacuum", CCE_RAW_HISTORY_DAYS="30").out.splitlines()[0] == forgot
    assert filled("vacuum", "--raw-history-days", "0").code == 2


def test_a_warehouse_in_use_is_not_replaced_and_exit_4(filled: "Shell") -> None:
    filled("backup", "b.duckdb")
    with open_warehouse(filled.warehouse) as connection:
        ran = filled.ended(filled.start("restore", "b.duckdb"))
        assert (ran.code, ran.out) == (4, "")
        assert "in use by another process" in ran.err
        assert connection.execute("SELECT count(*) FROM raw.job_ids").fetchall() == [(7,)]


def test_mistakes_are_one_line(filled: "Shell") -> None:
    for command in (["restore", "nowhere.duckdb"], ["backup", "--warehouse", "nowhere.duckdb"]):
        ran = filled(*command)
        assert (ran.code, ran.err.count("\n")) == (4, 1)
        assert "nowhere.duckdb" in ran.err
    assert filled("backup", str(filled.warehouse)).code == 2
