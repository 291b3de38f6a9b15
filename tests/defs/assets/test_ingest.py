"""Ids, payloads and jobs: lineage, the account of a fetch, and what a person is told."""

import logging
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest
from dagster import AssetKey, DagsterInstance, DagsterLogManager, materialize

from cce_etl.defs.assembly import build_definitions
from cce_etl.defs.assets.ingest import fetch, job_ids, log_progress
from cce_etl.defs.metadata import JOB_IDS, JOB_PAYLOADS, JOBS
from cce_etl.defs.resources import RESOURCE, Warehouse
from cce_etl.pipeline.fetch import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.defs.conftest import Night


def test_payloads_and_jobs_are_filled_together_from_the_ids() -> None:
    graph = build_definitions().resolve_asset_graph()
    together = {AssetKey(["raw", "job_payloads"]), AssetKey(["core", "jobs"])}
    for key in together:
        assert graph.get(key).parent_keys == {AssetKey(["raw", "job_ids"])}
        assert graph.get(key).execution_set_asset_keys == together


def test_the_id_list_says_how_many_ids_came_from_where(night: "Night") -> None:
    metadata = night.materialization("raw", "job_ids").metadata
    assert metadata["origin"].value == night.environment["CCE_JOB_IDS"]
    # 40 of the fleet and one that the API forgot; "no id!" is none.
    assert metadata["ids_listed"].value == 41
    assert metadata["entries_that_are_no_ids"].value == 1
    assert metadata["dagster/row_count"].value == 41


def test_a_fetch_gives_its_account(night: "Night") -> None:
    metadata = night.materialization("raw", "job_payloads").metadata
    counts = ("requested", "fetched", "skipped", "unchanged", "gone", "failed", "dead_lettered")
    assert [metadata[name].value for name in counts] == [42, 40, 0, 0, 1, 1, 0]
    assert metadata["dagster/row_count"].value == 40
    # The first night: all that was fetched is new. 41 ids were asked for, one request each.
    plotted = ("new", "changed", "requests", "retries", "throttled", "open_dead_letters")
    assert [metadata[name].value for name in plotted] == [40, 0, 41, 0, 0, 0]
    assert isinstance(metadata["p95_latency_seconds"].value, float)
    assert isinstance(metadata["received_bytes"].value, int)
    assert metadata["received_bytes"].value > 40_000
    jobs = night.materialization("core", "jobs").metadata
    assert jobs["rows_written"].value == jobs["dagster/row_count"].value


def test_a_run_is_found_in_the_warehouse_by_its_dagster_run_id(night: "Night") -> None:
    with duckdb.connect(night.environment["CCE_WAREHOUSE"], read_only=True) as connection:
        rows = connection.execute(
            "SELECT DISTINCT command FROM raw.fetch_runs WHERE run_id = $1", [night.result.run_id]
        )
        assert rows.fetchall() == [("dagster",)]


def test_without_a_list_only_what_has_not_ended_is_asked(night: "Night", tmp_path: Path) -> None:
    copy = tmp_path / "warehouse.duckdb"
    shutil.copy(night.environment["CCE_WAREHOUSE"], copy)
    with duckdb.connect(copy, read_only=True) as connection:
        ((running_count,),) = connection.execute("SELECT count(*) FROM raw.job_ids WHERE state = 'running'").fetchall()
    warehouse = Warehouse(lambda: night.now + 1, night.environment | {"CCE_JOB_IDS": "", "CCE_WAREHOUSE": str(copy)})
    with DagsterInstance.ephemeral() as instance:
        result = materialize([job_ids, fetch], instance=instance, resources={RESOURCE: warehouse})
    listed, payloads, _ = (event.materialization.metadata for event in result.get_asset_materialization_events())
    assert listed["ids_listed"].value == 0
    assert running_count > 0
    assert [payloads[name].value for name in ("requested", "unchanged", "fetched")] == [running_count, running_count, 0]


def test_a_missing_setting_fails_the_first_step_and_says_how_to_set_it(
    environment: dict[str, str], run_nightly: "Callable[..., Night]", tmp_path: Path
) -> None:
    del environment["CCE_PROJECT_ID"]
    night = run_nightly(environment, tmp_path / "storage", [JOB_IDS, JOB_PAYLOADS, JOBS])
    assert night.failure().startswith("CCE_PROJECT_ID is not set")
    assert night.result.get_asset_materialization_events() == []


def test_progress_is_a_line_at_every_tenth(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("progress")
    watch = log_progress(DagsterLogManager.create(loggers=[logger]))
    with caplog.at_level(logging.INFO, "progress"):
        for done in range(1, 26):
            watch(Progress(25, done, done // 20))
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 10
    assert "3 of 25 jobs answered, 0 failed" in lines[0]
    assert "25 of 25 jobs answered, 1 failed" in lines[-1]
