"""The demo: complete, with the same figures for everyone, in its own files."""

from pathlib import Path

import duckdb
import pytest

from cce_etl.demo.showcase import DEMO_ENDS_AT, DemoResult, run_demo
from cce_etl.pipeline.fetch import Progress
from cce_etl.warehouse.connection import storage_at

Shown = tuple[DemoResult, list[list[tuple[object, ...]]], list[Progress]]


@pytest.fixture(scope="module")
def shown(
    tmp_path_factory: pytest.TempPathFactory,
) -> Shown:
    progress: list[Progress] = []
    result = run_demo(tmp_path_factory.mktemp("demo") / "data", 7, 50, progress.append)
    return result, [list(result.durations.rows), list(result.failure_rates.rows)], progress


def read(path: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_the_demo_fetches_every_job_and_publishes(
    shown: Shown,
) -> None:
    result, _, progress = shown
    assert (result.summary.requested, result.summary.fetched, result.summary.failed) == (50, 50, 0)
    assert progress[-1] == Progress(total=50, done=50, failed=0)
    counted = read(result.settings.published, "SELECT count(*) FROM core.jobs WHERE path = '' AND source = 'demo'")
    assert counted == [(50,)]


def test_the_two_tables_are_the_marts_own_figures(
    shown: Shown,
) -> None:
    result, (durations, failure_rates), _ = shown
    assert len(durations) == 12
    assert result.durations.columns[:2] == ["job_type", "steps"]
    assert result.failure_rates.columns[:2] == ["job_type", "finished"]
    for row in durations:
        figures = "step_count, failed_count, round(p50_seconds, 3)"
        sql = f"SELECT {figures} FROM marts.step_durations WHERE job_type = '{row[0]}'"
        assert read(result.settings.published, sql) == [(row[1], row[3], row[5])]
    assert failure_rates
    for row in failure_rates:
        sql = f"SELECT finished_count, failed_count FROM marts.step_failure_rates WHERE job_type = '{row[0]}'"
        assert read(result.settings.published, sql) == [row[1:3]]


def test_everyone_sees_the_same_figures_and_a_second_run_too(shown: Shown, tmp_path: Path) -> None:
    result, tables, _ = shown
    for folder in (tmp_path, storage_at(result.settings.warehouse).require_file().parent):
        again = run_demo(folder, 7, 50, lambda _: None)
        assert [list(again.durations.rows), list(again.failure_rates.rows)] == tables
    observed = "SELECT DISTINCT epoch_ns(observed_at) FROM core.jobs"
    assert read(result.settings.published, observed) == [(DEMO_ENDS_AT,)]


def test_the_demo_keeps_to_its_own_folder_and_breaks_no_check(
    shown: Shown,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    result = shown[0]
    assert storage_at(result.settings.warehouse).require_file().parent == result.settings.published.parent
    monkeypatch.chdir(tmp_path)
    for name in ("CCE_WAREHOUSE", "CCE_PUBLISHED"):
        monkeypatch.setenv(name, str(tmp_path / "real.duckdb"))
    run_demo(Path("demo"), 7, 3, lambda _: None)
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]
