"""The warehouse as a resource: when settings are read, when the file is free, what an error becomes."""

from pathlib import Path

import pytest
from dagster import DagsterExecutionInterruptedError, Failure

from cce_etl.defs.resource import Warehouse, readable_failures
from cce_etl.errors import ConfigError, Interrupted
from cce_etl.warehouse.connection import open_warehouse

CANARY = "canary-token-8f1d0c"


def test_our_errors_become_failures_of_the_message_alone_that_are_not_retried() -> None:
    with pytest.raises(Failure) as caught, readable_failures():
        raise ConfigError("CCE_PROJECT_ID is not set.")
    assert caught.value.description == "CCE_PROJECT_ID is not set."
    assert not caught.value.allow_retries
    assert caught.value.__suppress_context__


def test_other_errors_pass_as_they_are() -> None:
    with pytest.raises(ZeroDivisionError), readable_failures():
        _ = 1 / 0


def test_a_signal_cancels_the_run_instead_of_failing_it() -> None:
    with pytest.raises(DagsterExecutionInterruptedError, match="3 of 7 jobs"), readable_failures():
        raise Interrupted("Stopped by SIGINT: 3 of 7 jobs are done.", signal_number=2)


def test_the_file_is_free_again_after_each_step(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with Warehouse(lambda: 7, {"CCE_WAREHOUSE": str(path)}).open() as session:
        assert session.settings.warehouse == path
        assert session.clock() == 7
    with open_warehouse(path) as connection:
        assert connection.execute("SELECT count(*) FROM core.jobs").fetchall() == [(0,)]


def test_the_environment_counts_as_it_is_when_the_step_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = Warehouse(lambda: 0)
    monkeypatch.setenv("CCE_WAREHOUSE", str(tmp_path / "late.duckdb"))
    with warehouse.open() as session:
        assert session.settings.warehouse == tmp_path / "late.duckdb"


def test_a_file_that_is_no_database_is_a_failure_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    path.write_text("no database " * 1000, encoding="utf-8")
    with pytest.raises(Failure, match="not a DuckDB file"), Warehouse(lambda: 0, {"CCE_WAREHOUSE": str(path)}).open():
        pass


def test_the_resource_shows_no_environment() -> None:
    assert CANARY not in repr(Warehouse(lambda: 0, {"CCE_AUTH_TOKEN": CANARY}))
