"""All assets, checks, jobs, schedules and sensors, as Dagster's definitions."""

import time
from collections.abc import Mapping

import dagster as dg

from cce_etl.defs.assets.ingest import fetch, job_ids
from cce_etl.defs.assets.lake import lake_files, lake_upkeep, lake_upkeep_schedule
from cce_etl.defs.assets.models import model_assets
from cce_etl.defs.assets.partitioned_ingest import fetch_by_source
from cce_etl.defs.assets.published import published_asset
from cce_etl.defs.assets.report import report
from cce_etl.defs.checks import gates
from cce_etl.defs.executors import executor_of, fetch_pool_of, retry_policy_of
from cce_etl.defs.housekeeping import housekeeping, housekeeping_schedule
from cce_etl.defs.jobs import inbox, nightly, nightly_schedule
from cce_etl.defs.resources import RESOURCE, Warehouse
from cce_etl.defs.sensors.health import health
from cce_etl.defs.sensors.inbox import inbox_sensor
from cce_etl.defs.sensors.stuck import stuck_jobs
from cce_etl.pipeline.plan import Clock
from cce_etl.pipeline.run import models as all_models
from cce_etl.warehouse.connection import storage_at


def build_definitions(clock: Clock = time.time_ns, environment: Mapping[str, str] | None = None) -> dg.Definitions:
    """Return all definitions; without an `environment`, the process's own is read.

    Raises ConfigError when the SQL models cannot be read, and for an executor that the other settings do not allow.
    """
    models = all_models()
    warehouse = Warehouse(clock, environment)
    sources = warehouse.source_names()
    settings = warehouse.settings_to_load()
    has_snapshots = storage_at(settings.warehouse).keeps_snapshots
    return dg.Definitions(
        assets=[
            job_ids,
            fetch_by_source(sources, fetch_pool_of(settings), retry_policy_of(settings)) if sources else fetch,
            model_assets(models),
            published_asset(models, warehouse.max_age()),
            report,
            *([lake_files] if has_snapshots else []),
        ],
        asset_checks=gates(),
        jobs=[nightly, inbox, housekeeping, *([lake_upkeep] if has_snapshots else [])],
        schedules=[
            nightly_schedule(sources),
            housekeeping_schedule,
            *([lake_upkeep_schedule] if has_snapshots else []),
        ],
        sensors=[health, inbox_sensor(sources), stuck_jobs],
        resources={RESOURCE: warehouse},
        executor=executor_of(settings),
    )
