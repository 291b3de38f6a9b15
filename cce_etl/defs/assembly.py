"""Everything that Dagster is to know of, put together.

Lives here: the one list of assets, checks, runs and sensors, and the one place that says which clock and environment
count. Does not: any of them.
"""

import time
from collections.abc import Mapping, Sequence

from dagster import AssetsDefinition, Definitions

from cce_etl import pipeline
from cce_etl.defs.checks import gates
from cce_etl.defs.execution import crash_policy, executor_of, pool_of_fetching
from cce_etl.defs.fetch_by_source import fetch_by_source
from cce_etl.defs.health_sensor import health_sensor
from cce_etl.defs.housekeeping import housekeeping, housekeeping_schedule
from cce_etl.defs.inbox_sensor import inbox_sensor
from cce_etl.defs.ingest_assets import fetch, job_ids
from cce_etl.defs.lake_files import lake_files, lake_upkeep, lake_upkeep_schedule
from cce_etl.defs.model_assets import model_assets
from cce_etl.defs.nightly import inbox, nightly, nightly_schedule
from cce_etl.defs.published_asset import published_asset
from cce_etl.defs.report_asset import report_asset
from cce_etl.defs.resource import RESOURCE, Warehouse
from cce_etl.defs.stuck_sensor import stuck_sensor
from cce_etl.ingest import Clock
from cce_etl.warehouse.location import Lake
from cce_etl.warehouse.models import read_checks, sql_directory


def build_definitions(clock: Clock = time.time_ns, environment: Mapping[str, str] | None = None) -> Definitions:
    """Return all definitions; without an `environment`, the process's own counts.

    Raises ConfigError when the SQL models cannot be read, and for an executor that the other settings do not allow.
    """
    models = pipeline.models()
    warehouse = Warehouse(clock, environment)
    sources = warehouse.source_names()
    on_lake = isinstance(warehouse.settings_to_load().warehouse, Lake)
    return Definitions(
        assets=[
            job_ids,
            _fetching(warehouse, sources),
            model_assets(models),
            published_asset(models, warehouse.max_age()),
            report_asset(),
            *([lake_files] if on_lake else []),
        ],
        asset_checks=gates(read_checks(sql_directory())),
        jobs=[nightly, inbox, housekeeping, *([lake_upkeep] if on_lake else [])],
        schedules=[nightly_schedule(sources), housekeeping_schedule, *([lake_upkeep_schedule] if on_lake else [])],
        sensors=[health_sensor(), inbox_sensor(sources), stuck_sensor()],
        resources={RESOURCE: warehouse},
        executor=executor_of(warehouse.settings_to_load()),
    )


def _fetching(warehouse: Warehouse, sources: Sequence[str]) -> AssetsDefinition:
    settings = warehouse.settings_to_load()
    return fetch_by_source(sources, pool_of_fetching(settings), crash_policy(settings)) if sources else fetch
