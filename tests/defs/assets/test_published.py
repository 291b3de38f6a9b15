"""The published file as an asset: after what, signed by whom, described how."""

import shutil
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from dagster import AssetKey, DagsterInstance
from dagster._core.definitions.freshness import TimeWindowFreshnessPolicy

from cce_etl.defs.assembly import build_definitions
from cce_etl.defs.assets.published import PUBLISHED
from cce_etl.defs.jobs import NIGHTLY
from cce_etl.defs.metadata import JOB_IDS, JOB_PAYLOADS, JOBS
from cce_etl.pipeline import run as pipeline
from tests.defs.conftest import Night


def test_it_is_published_only_when_every_model_is_built() -> None:
    graph = build_definitions().resolve_asset_graph()
    before: set[AssetKey] = set()
    pending = set(graph.get(PUBLISHED).parent_keys)
    while pending:
        before |= pending
        pending = {parent for key in pending for parent in graph.get(key).parent_keys} - before
    assert before >= {AssetKey(model.name.split(".")) for model in pipeline.models()}


@pytest.mark.parametrize(
    ("environment", "hours"),
    [
        ({}, 26),
        ({"CCE_MAX_AGE_HOURS": "50"}, 50),
        ({"CCE_MAX_AGE_HOURS": "0.001"}, 1 / 60),
        # Definitions must load while a setting is wrong: each step says so.
        ({"CCE_MAX_AGE_HOURS": "50", "CCE_CONCURRENCY": "many"}, 26),
    ],
)
def test_the_file_is_old_for_dagster_when_it_is_for_status(environment: dict[str, str], hours: float) -> None:
    graph = build_definitions(environment=environment).resolve_asset_graph()
    policy = graph.get(PUBLISHED).freshness_policy_or_from_metadata
    assert isinstance(policy, TimeWindowFreshnessPolicy)
    assert policy.fail_window.to_timedelta() == timedelta(hours=hours)


def test_the_file_is_signed_with_the_run_and_the_clock(night: Night) -> None:
    with duckdb.connect(night.environment["CCE_PUBLISHED"], read_only=True) as connection:
        rows = connection.execute("SELECT run_id, epoch_ns(published_at) FROM manifest").fetchall()
    assert rows == [(night.result.run_id, night.now)]


def test_the_metadata_says_where_it_is_and_what_it_holds(night: Night) -> None:
    metadata = night.materialization("published", "cce_jobs").metadata
    assert metadata["path"].value == night.environment["CCE_PUBLISHED"]
    assert metadata["file_bytes"].value == Path(night.environment["CCE_PUBLISHED"]).stat().st_size
    # Every model of core and marts that is kept, and core.jobs.
    kept = [
        model
        for model in pipeline.models()
        if model.materialized != "ephemeral" and not model.name.startswith("intermediate.")
    ]
    assert metadata["table_count"].value == len(kept) + 1
    rows = night.materialization("marts", "steps").metadata["dagster/row_count"].value
    assert f"| marts.steps | {rows} |" in str(metadata["tables"].value).replace("\\_", "_")


def test_a_check_that_fails_leaves_the_file_published_before(
    night: Night, tmp_path: Path, instance: DagsterInstance
) -> None:
    warehouse, published = tmp_path / "warehouse.duckdb", tmp_path / "published.duckdb"
    shutil.copy(night.environment["CCE_WAREHOUSE"], warehouse)
    with duckdb.connect(warehouse) as connection:
        connection.execute("INSERT INTO core.jobs SELECT * FROM core.jobs WHERE depth = 1 LIMIT 1")
    published.write_text("yesterday's")
    files = {"CCE_WAREHOUSE": str(warehouse), "CCE_PUBLISHED": str(published)}
    job = build_definitions(lambda: night.now, night.environment | files).resolve_job_def(NIGHTLY)
    failed = Night(job.execute_in_process(instance=instance, raise_on_error=False), {}, tmp_path)
    assert not failed.result.success
    assert "core_jobs_key_is_unique on core.jobs" in failed.failure()
    assert published.read_text() == "yesterday's"
    made = {event.asset_key for event in failed.result.get_asset_materialization_events()}
    assert made == {JOB_IDS, JOB_PAYLOADS, JOBS}
