"""The files in sql/checks as asset checks: where they hang, what they wait for, what they hold back, what they show."""

from pathlib import Path

import msgspec
import pytest
from dagster import (
    AssetCheckSeverity,
    AssetKey,
    AssetsDefinition,
    DagsterInstance,
    ExecuteInProcessResult,
    asset,
    materialize,
)

from cce_etl.defs.assembly import build_definitions
from cce_etl.defs.assets.published import PUBLISHED
from cce_etl.defs.checks import GATE_NAMES, assets_read, check_spec, gates
from cce_etl.defs.metadata import JOB_IDS, asset_key
from cce_etl.defs.resources import RESOURCE, Warehouse
from cce_etl.models.model import Check, read_checks, sql_directory
from cce_etl.pipeline import run as pipeline

CHECKS = read_checks(sql_directory())
THREE_ROWS = Check(
    "three_rows", "SELECT range AS number FROM range(3)", "Numbers.", "core.jobs", dependencies=frozenset({"core.jobs"})
)
ONE_WAY = Check(
    "one_way",
    "SELECT 1 FROM core.jobs, raw.dead_letters",
    "",
    "core.jobs",
    dependencies=frozenset({"core.jobs", "raw.dead_letters"}),
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_every_file_is_a_check_of_the_table_it_names_and_blocks_unless_it_warns(check: Check) -> None:
    spec = check_spec(check)
    assert (spec.asset_key, spec.name, spec.description) == (asset_key(check.table), check.name, check.description)
    assert spec.blocking == (check.severity == "error" and spec.asset_key != JOB_IDS)


def test_every_check_is_among_the_definitions() -> None:
    keys = build_definitions().resolve_asset_graph().asset_check_keys
    assert {(key.asset_key, key.name) for key in keys} == {(asset_key(check.table), check.name) for check in CHECKS}


def test_drift_and_quality_are_warnings() -> None:
    assert {check.name for check in CHECKS if check.severity == "warning"} == {
        "data_quality_findings_are_rare",
        "dead_letters_are_few",
        "fetches_are_as_usual",
        "job_keys_are_known",
        "job_phases_are_known",
        "job_types_are_known",
    }


def test_what_was_loaded_is_checked_before_models_and_models_before_publishing() -> None:
    loaded, built = gates()
    assert (loaded.node_def.name, built.node_def.name) == tuple(GATE_NAMES.values())
    raw_or_jobs = {check.name for check in CHECKS if check.table.startswith("raw.") or check.table == "core.jobs"}
    assert {spec.name for spec in loaded.check_specs} == raw_or_jobs
    # A gate holds back what follows from an asset that one of its blocking checks guards.
    assert AssetKey(["core", "jobs"]) in {spec.asset_key for spec in loaded.check_specs if spec.blocking}
    published = build_definitions().resolve_asset_graph().get(PUBLISHED).parent_keys
    assert published & {spec.asset_key for spec in built.check_specs if spec.blocking}


def test_a_check_waits_for_all_that_it_selects_from() -> None:
    assert assets_read(ONE_WAY) == {AssetKey(["core", "jobs"]), AssetKey(["raw", "job_payloads"])}
    assert {dep.asset_key for dep in check_spec(ONE_WAY).additional_deps} == {AssetKey(["raw", "job_payloads"])}


def test_every_check_selects_from_the_table_it_guards() -> None:
    assert [check.name for check in CHECKS if asset_key(check.table) not in assets_read(check)] == []


def _run(
    check: Check, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[ExecuteInProcessResult, AssetsDefinition, AssetsDefinition]:
    @asset(key=["core", "jobs"])
    def jobs() -> None: ...

    @asset(deps=[jobs])
    def after() -> None: ...

    monkeypatch.setattr("cce_etl.pipeline.gates.all_checks", lambda: (check,))
    resources = {RESOURCE: Warehouse(lambda: 0, {"CCE_WAREHOUSE": str(folder / "w.duckdb")})}
    with DagsterInstance.ephemeral() as instance:
        result = materialize([jobs, after, *gates()], instance=instance, resources=resources, raise_on_error=False)
    return result, jobs, after


def test_rows_fail_the_run_are_shown_and_what_comes_after_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, jobs, _ = _run(THREE_ROWS, tmp_path, monkeypatch)
    assert not result.success
    assert {event.asset_key for event in result.get_asset_materialization_events()} == {jobs.key}
    (evaluation,) = result.get_asset_check_evaluations()
    assert (evaluation.passed, evaluation.severity, evaluation.blocking) == (False, AssetCheckSeverity.ERROR, True)
    assert evaluation.metadata["rows_shown"].value == 3
    assert evaluation.metadata["first_rows"].value == "| number |\n| --- |\n| 0 |\n| 1 |\n| 2 |"
    (failure,) = result.filter_events(lambda event: event.is_step_failure)
    told = failure.step_failure_data.user_failure_data
    assert told is not None
    assert "three_rows on core.jobs: Numbers." in str(told.description)


def test_rows_of_a_warning_are_shown_and_what_comes_after_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warning = msgspec.structs.replace(THREE_ROWS, severity="warning")
    result, jobs, after = _run(warning, tmp_path, monkeypatch)
    assert result.success
    assert {event.asset_key for event in result.get_asset_materialization_events()} == {jobs.key, after.key}
    (evaluation,) = result.get_asset_check_evaluations()
    assert (evaluation.passed, evaluation.severity, evaluation.blocking) == (False, AssetCheckSeverity.WARN, False)
    assert evaluation.description == "Numbers."


def test_the_gates_split_all_checks_and_share_none() -> None:
    names = [spec.name for gate in gates() for spec in gate.check_specs]
    assert sorted(names) == sorted(check.name for check in CHECKS)
    assert {spec.asset_key for spec in gates()[1].check_specs} <= {asset_key(model.name) for model in pipeline.models()}
