"""The weekly housekeeping: what it deletes depends on the settings."""

import time
from pathlib import Path

import pytest
from dagster import DagsterInstance, Failure, asset, materialize

from cce_etl.defs.housekeeping import housekeeping
from cce_etl.defs.resources import RESOURCE, Warehouse
from cce_etl.warehouse.connection import open_warehouse

DAY = 86_400 * 10**9


@asset
def table() -> None:
    """An asset."""


@pytest.mark.parametrize(("hours", "kept"), [(47, [True, True]), (49, [False, True])])
def test_runs_older_than_the_setting_are_deleted(
    instance: DagsterInstance, tmp_path: Path, hours: int, kept: list[bool]
) -> None:
    runs = [materialize([table], instance=instance).run_id for _ in range(2)]
    environment = {"CCE_DAGSTER_RUN_DAYS": "2", "CCE_WAREHOUSE": f"{tmp_path}/w.duckdb"}
    resources = {RESOURCE: Warehouse(lambda: time.time_ns() + hours * DAY // 24, environment)}
    assert housekeeping.execute_in_process(instance=instance, resources=resources).success
    # The second run has the latest materialization, so it is kept.
    assert [instance.has_run(run_id) for run_id in runs] == kept


def test_a_wrong_setting_fails_the_run_with_its_name(instance: DagsterInstance) -> None:
    resources = {RESOURCE: Warehouse(lambda: 0, {"CCE_DAGSTER_RUN_DAYS": "0"})}
    with pytest.raises(Failure, match="CCE_DAGSTER_RUN_DAYS is wrong"):
        housekeeping.execute_in_process(instance=instance, resources=resources)


def test_raw_history_older_than_the_setting_is_deleted(instance: DagsterInstance, tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with open_warehouse(path) as connection:
        for resolved_at in (2 * DAY, 9 * DAY):
            connection.execute(
                """
                INSERT INTO raw.dead_letters (source, kind, message, attempts, failed_at, resolved_at)
                SELECT 's', 'forbidden', 'no', 1, make_timestamp_ns($1), make_timestamp_ns($1)
                """,
                [resolved_at],
            )
    environment = {"CCE_RAW_HISTORY_DAYS": "5", "CCE_WAREHOUSE": str(path)}
    resources = {RESOURCE: Warehouse(lambda: 10 * DAY, environment)}
    assert housekeeping.execute_in_process(instance=instance, resources=resources).success
    with open_warehouse(path) as connection:
        left = connection.execute("SELECT epoch_ns(resolved_at) FROM raw.dead_letters").fetchall()
    assert left == [(9 * DAY,)]


def test_the_space_of_deleted_rows_is_used_again_even_when_all_history_is_kept(
    instance: DagsterInstance, tmp_path: Path
) -> None:
    path = tmp_path / "w.duckdb"
    with open_warehouse(path) as connection:
        connection.execute("CREATE TABLE marts.steps AS SELECT range AS number FROM range(3 * 122_880)")
        connection.execute("CHECKPOINT; DELETE FROM marts.steps WHERE number % 10 > 0")
    resources = {RESOURCE: Warehouse(lambda: 0, {"CCE_WAREHOUSE": str(path)})}
    assert housekeeping.execute_in_process(instance=instance, resources=resources).success
    with open_warehouse(path) as connection:
        found = "SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('marts.steps')"
        assert connection.execute(found).fetchall() == [(1,)]
