"""The warehouse as a resource: when settings are read, when the file is free, what an error becomes."""

import subprocess
import sys
from pathlib import Path

import pytest
from dagster import DagsterExecutionInterruptedError, Failure, RetryRequested

from cce_etl.defs.resources import Warehouse, readable_failures
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


def test_a_locked_warehouse_is_the_one_failure_that_a_later_try_may_mend(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    code = f"import duckdb; c = duckdb.connect({str(path)!r}); print('open', flush=True); input()"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        environment = {"CCE_WAREHOUSE": str(path), "CCE_LOCK_WAIT_SECONDS": "0"}
        with (
            pytest.raises(RetryRequested) as caught,
            Warehouse(lambda: 0, environment).open(),
        ):
            pass
        holder.kill()
    assert caught.value.max_retries > 0
    assert isinstance(caught.value.__cause__, Failure)
    assert "in use by another process" in (caught.value.__cause__.description or "")


def test_the_webhook_is_known_even_when_other_settings_are_wrong() -> None:
    environment = {"CCE_ALERT_WEBHOOK": f" https://chat.example/{CANARY} ", "CCE_CONCURRENCY": "many"}
    assert Warehouse(lambda: 0, environment).alert_webhook() == f"https://chat.example/{CANARY}"
    assert Warehouse(lambda: 0, {}).alert_webhook() is None
