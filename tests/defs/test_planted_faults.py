"""A fault in a model ends the night: the gate of what was built fails and nothing is published."""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import duckdb
import msgspec
import pytest
from dagster import DagsterInstance, ExecuteInProcessResult, materialize

from cce_etl.defs.assets.models import model_assets
from cce_etl.defs.assets.published import published_asset
from cce_etl.defs.checks import GATE_NAMES, assets_read, gates
from cce_etl.defs.metadata import asset_key
from cce_etl.defs.resources import RESOURCE, Warehouse
from cce_etl.models.model import Check, Model, read_checks, sql_directory
from cce_etl.pipeline import run as pipeline
from cce_etl.pipeline.gates import Gate
from cce_etl.pipeline.load_files import load_files
from cce_etl.warehouse.connection import open_warehouse

CHECKS = read_checks(sql_directory())
FAULTS = {
    ("marts.root_jobs", "SELECT * REPLACE (step_count + 1 AS step_count) FROM ({})"): "steps_are_in_their_trees",
    ("marts.steps", "SELECT * FROM ({}) WHERE phase = 'Success'"): "no_job_is_lost",
    ("marts.step_failure_rates", "SELECT * REPLACE (1.5 AS failure_rate_high) FROM ({})"): (
        "step_failure_rates_are_rates"
    ),
}


def _night(folder: Path, models: Sequence[Model]) -> ExecuteInProcessResult:
    """Build, check and publish one job with a failed step, as Dagster does."""
    step = {"metadata": {"uid": "b"}, "spec": {"type": "InstallNode"}, "status": {"phase": "Failed"}}
    job = {"metadata": {"uid": "a"}, "spec": {"type": "CreateNode", "subJobs": [step]}, "status": {"phase": "Failed"}}
    (folder / "jobs.json").write_text(json.dumps(job))
    settings = {"CCE_WAREHOUSE": str(folder / "w.duckdb"), "CCE_PUBLISHED": str(folder / "p.duckdb")}
    with open_warehouse(folder / "w.duckdb") as connection:
        load_files(connection, "s", [str(folder / "jobs.json")], "load")
    assets = [model_assets(models), published_asset(models, timedelta(hours=26)), gates()[-1]]
    with DagsterInstance.ephemeral() as instance:
        resources = {RESOURCE: Warehouse(lambda: 0, settings)}
        return materialize(assets, instance=instance, resources=resources, raise_on_error=False)


def _all_that_matters_to(check: str) -> tuple[list[Model], list[Check]]:
    """Return the models that a check sees or that those are made of, and all checks of these: Dagster costs more."""
    wanted = {asset for one in CHECKS if one.name == check for asset in assets_read(one)}
    models = []
    for model in reversed(pipeline.models()):
        if asset_key(model.name) in wanted:
            wanted |= {asset_key(name) for name in model.dependencies}
            models.append(model)
    return models[::-1], [one for one in CHECKS if assets_read(one) <= wanted]


def test_good_models_are_published(tmp_path: Path) -> None:
    assert _night(tmp_path, pipeline.models()).success
    with duckdb.connect(tmp_path / "p.duckdb", read_only=True) as published:
        assert published.execute("SELECT job_id FROM marts.steps").fetchall() == [("b",)]


@pytest.mark.parametrize(
    ("fault", "check"), FAULTS.items(), ids=lambda item: item if isinstance(item, str) else item[0]
)
def test_a_fault_in_a_model_stops_the_night(
    fault: tuple[str, str], check: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, select = fault
    models, checks = _all_that_matters_to(check)
    faulty = [
        msgspec.structs.replace(model, sql=select.format(model.sql)) if model.name == name else model
        for model in models
    ]
    monkeypatch.setattr(pipeline, "models", lambda: faulty)
    monkeypatch.setattr("cce_etl.pipeline.gates.all_checks", lambda: tuple(checks))
    result = _night(tmp_path, faulty)
    (failure,) = result.filter_events(lambda event: event.is_step_failure)
    assert failure.step_key == GATE_NAMES[Gate.BUILT]
    assert check in {each.check_name for each in result.get_asset_check_evaluations() if not each.passed}
    assert not (tmp_path / "p.duckdb").exists()
