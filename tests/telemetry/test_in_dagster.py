"""What a collector receives of Dagster's runs: one trace, whose id is the run's, of all steps of a run."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from dagster import DagsterInstance, materialize

from cce_etl.defs.assets.models import model_assets
from cce_etl.defs.assets.published import published_asset
from cce_etl.defs.checks import assets_read, gates
from cce_etl.defs.metadata import JOB_IDS, JOB_PAYLOADS, JOBS, asset_key
from cce_etl.defs.resources import RESOURCE, Warehouse
from cce_etl.models.model import read_checks, sql_directory
from cce_etl.pipeline import run as pipeline


def test_the_steps_of_a_run_are_one_trace(received: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The first ones, which select from each other alone, and their checks: to Dagster each costs as much as it runs.
    models = pipeline.models()[:12]
    monkeypatch.setattr(pipeline, "models", lambda: models)
    known = {JOB_IDS, JOB_PAYLOADS, JOBS, *(asset_key(model.name) for model in models)}
    checks = [check for check in read_checks(sql_directory()) if assets_read(check) <= known]
    monkeypatch.setattr("cce_etl.pipeline.gates.all_checks", lambda: tuple(checks))
    settings = {"CCE_WAREHOUSE": str(tmp_path / "w.duckdb"), "CCE_PUBLISHED": str(tmp_path / "p.duckdb")}
    assets = [
        model_assets(models),
        published_asset(models, timedelta(hours=26)),
        *gates()[1:],
    ]
    with DagsterInstance.ephemeral() as instance:
        result = materialize(assets, instance=instance, resources={RESOURCE: Warehouse(lambda: 5 * 10**9, settings)})
    assert result.success
    names = [span.name for span in received.spans]
    # Publishing runs the gate of what was loaded, which is no part of this run.
    assert sorted(names) == ["build", "check", "check", *["dagster"] * 3, "publish"]
    assert {span.trace_id.hex() for span in received.spans} == {UUID(result.run_id).hex}
    steps = {span.span_id for span in received.spans if span.name == "dagster"}
    assert {span.parent_span_id for span in received.spans if span.name != "dagster"} == steps
    assert received.metrics["cce_etl.failed_check_count"] == {(): 0}
    assert received.metrics["cce_etl.published_at"] == {(): 5.0}
