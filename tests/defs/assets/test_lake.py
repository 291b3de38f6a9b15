"""The lake's files as an asset, which only a lake has."""

from pathlib import Path
from typing import Any

from dagster import AssetKey, DagsterInstance

from cce_etl.defs.assembly import build_definitions
from cce_etl.defs.jobs import INBOX, NIGHTLY
from cce_etl.warehouse.connection import open_warehouse
from tests.warehouse.lakes import lake_in

KEY = AssetKey("lake_files")


def test_a_lake_has_its_own_weekly_run_and_the_night_leaves_its_files_alone(
    tmp_path: Path, instance: DagsterInstance
) -> None:
    lake = lake_in(tmp_path)
    with open_warehouse(lake) as connection:
        for number in range(12):
            connection.execute("INSERT INTO raw.changed_roots VALUES ('s', $1)", [str(number)])
    definitions = build_definitions(environment={"CCE_WAREHOUSE": str(lake)})
    for name in (NIGHTLY, INBOX):
        assert KEY not in definitions.resolve_job_def(name).asset_layer.executable_asset_keys
    assert definitions.resolve_schedule_def("lake_upkeep_schedule").job_name == "lake_upkeep"
    result = definitions.resolve_job_def("lake_upkeep").execute_in_process(instance=instance)
    (made,) = result.asset_materializations_for_node("lake_files")
    told: dict[str, Any] = {name: value.value for name, value in made.metadata.items()}
    assert told["files_before"] == told["files_after"] + 11
    assert told["byte_count"] > 0


def test_a_file_has_none_of_it() -> None:
    definitions = build_definitions(environment={})
    assert KEY not in definitions.resolve_asset_graph().get_all_asset_keys()
    assert not definitions.schedules or "lake_upkeep_schedule" not in {one.name for one in definitions.schedules}
