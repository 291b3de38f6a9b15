"""The files in sql/checks as asset checks: where they hang, what they wait for, what they show."""

from pathlib import Path

import pytest
from dagster import AssetCheckSeverity, AssetKey, DagsterInstance, asset, materialize

from cce_etl.defs.assembly import build_definitions
from cce_etl.defs.checks import assets_read, table_check
from cce_etl.defs.resource import RESOURCE, Warehouse
from cce_etl.defs.tables import asset_key
from cce_etl.warehouse.models import Check, read_checks, sql_directory

CHECKS = read_checks(sql_directory())
THREE_ROWS = Check("three_rows", "SELECT range AS number FROM range(3)", "Numbers.", "core.jobs")
ONE_WAY = Check(
    "one_way", "-- not marts.steps\n-- table: core.jobs\nSELECT 1 FROM core.jobs, raw.dead_letters", "", "core.jobs"
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_every_file_is_a_check_of_the_table_it_names_and_blocks_nothing(check: Check) -> None:
    (spec,) = table_check(check).check_specs
    assert (spec.asset_key, spec.name, spec.description) == (asset_key(check.table), check.name, check.description)
    assert not spec.blocking


def test_every_check_is_among_the_definitions() -> None:
    keys = build_definitions().resolve_asset_graph().asset_check_keys
    assert {(key.asset_key, key.name) for key in keys} == {(asset_key(check.table), check.name) for check in CHECKS}


def test_a_check_waits_for_all_that_it_selects_from_and_comments_do_not_count() -> None:
    assert assets_read(ONE_WAY) == {AssetKey(["core", "jobs"]), AssetKey(["raw", "job_payloads"])}
    (spec,) = table_check(ONE_WAY).check_specs
    assert {dep.asset_key for dep in spec.additional_deps} == {AssetKey(["raw", "job_payloads"])}


def test_every_check_selects_from_the_table_it_guards() -> None:
    assert [check.name for check in CHECKS if asset_key(check.table) not in assets_read(check)] == []


def test_rows_fail_the_check_are_shown_and_what_comes_after_still_runs(tmp_path: Path) -> None:
    @asset(key=["core", "jobs"])
    def jobs() -> None: ...

    @asset(deps=[jobs])
    def after() -> None: ...

    resources = {RESOURCE: Warehouse(lambda: 0, {"CCE_WAREHOUSE": str(tmp_path / "w.duckdb")})}
    with DagsterInstance.ephemeral() as instance:
        result = materialize([jobs, after, table_check(THREE_ROWS)], instance=instance, resources=resources)
    assert result.success
    assert {event.asset_key for event in result.get_asset_materialization_events()} == {jobs.key, after.key}
    (evaluation,) = result.get_asset_check_evaluations()
    assert (evaluation.passed, evaluation.severity, evaluation.blocking) == (False, AssetCheckSeverity.ERROR, False)
    assert evaluation.metadata["rows_shown"].value == 3
    assert evaluation.metadata["first_rows"].value == "| number |\n| --- |\n| 0 |\n| 1 |\n| 2 |"
