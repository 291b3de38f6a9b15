"""All assets, checks, jobs, schedules and sensors, as Dagster's definitions."""

import time
from collections.abc import Mapping, Sequence

import dagster as dg

from cce_etl.defs.assets.ingest import fetch, job_ids
from cce_etl.defs.assets.lake import lake_files, lake_upkeep, lake_upkeep_schedule
from cce_etl.defs.assets.models import model_assets
from cce_etl.defs.assets.partitioned_ingest import fetch_by_source
from cce_etl.defs.assets.published import published_asset
from cce_etl.defs.assets.report import report_asset
from cce_etl.defs.checks import gates
from cce_etl.defs.executors import executor_of, fetch_pool_of, retry_policy_of
from cce_etl.defs.housekeeping import housekeeping, housekeeping_schedule
from cce_etl.defs.jobs import inbox, nightly, nightly_schedule
from cce_etl.defs.resources import RESOURCE, Warehouse
from cce_etl.defs.sensors.health import health_sensor
from cce_etl.defs.sensors.inbox import inbox_sensor
from cce_etl.defs.sensors.stuck import stuck_sensor
from cce_etl.pipeline.plan import Clock
from cce_etl.pipeline.run import models as all_models
from cce_etl.warehouse.connection import storage_at


def build_definitions(clock: Clock = time.time_ns, environment: Mapping[str, str] | None = None) -> dg.Definitions:
    """Return all definitions; without an `environment`, the process's own counts.

    Raises ConfigError when the SQL models cannot be read, and for an executor that the other settings do not allow.
    """
    models = all_models()
    warehouse = Warehouse(clock, environment)
    sources = warehouse.source_names()
    has_snapshots = storage_at(warehouse.settings_to_load().warehouse).keeps_snapshots
    return dg.Definitions(
        assets=[
            job_ids,
            _fetching(warehouse, sources),
            model_assets(models),
            published_asset(models, warehouse.max_age()),
            report_asset(),
            *([lake_files] if has_snapshots else []),
        ],
        asset_checks=gates(),
        jobs=[nightly, inbox, housekeeping, *([lake_upkeep] if has_snapshots else [])],
        schedules=[
            nightly_schedule(sources),
            housekeeping_schedule,
            *([lake_upkeep_schedule] if has_snapshots else []),
        ],
        sensors=[health_sensor(), inbox_sensor(sources), stuck_sensor()],
        resources={RESOURCE: warehouse},
        executor=executor_of(warehouse.settings_to_load()),
    )


def _fetching(warehouse: Warehouse, sources: Sequence[str]) -> dg.AssetsDefinition:
    settings = warehouse.settings_to_load()
    return fetch_by_source(sources, fetch_pool_of(settings), retry_policy_of(settings)) if sources else fetch
