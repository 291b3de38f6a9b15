"""Everything that Dagster is to know of, put together.

Lives here: the one list of assets, checks, runs and sensors, and the one place that says which clock and environment
count. Does not: any of them.
"""

import time
from collections.abc import Mapping

from dagster import Definitions, in_process_executor

from cce_etl import pipeline
from cce_etl.defs.checks import gates
from cce_etl.defs.health_sensor import health_sensor
from cce_etl.defs.housekeeping import housekeeping, housekeeping_schedule
from cce_etl.defs.inbox_sensor import inbox_sensor
from cce_etl.defs.ingest_assets import fetch, job_ids
from cce_etl.defs.model_assets import model_assets
from cce_etl.defs.nightly import inbox, nightly, nightly_schedule
from cce_etl.defs.published_asset import published_asset
from cce_etl.defs.report_asset import report_asset
from cce_etl.defs.resource import RESOURCE, Warehouse
from cce_etl.defs.stuck_sensor import stuck_sensor
from cce_etl.ingest import Clock
from cce_etl.warehouse.models import read_checks, sql_directory


def build_definitions(clock: Clock = time.time_ns, environment: Mapping[str, str] | None = None) -> Definitions:
    """Return all definitions; without an `environment`, the process's own counts.

    Raises ConfigError when the SQL models cannot be read.
    """
    models = pipeline.models()
    warehouse = Warehouse(clock, environment)
    return Definitions(
        assets=[job_ids, fetch, model_assets(models), published_asset(models, warehouse.max_age()), report_asset()],
        asset_checks=gates(read_checks(sql_directory())),
        jobs=[nightly, inbox, housekeeping],
        schedules=[nightly_schedule, housekeeping_schedule],
        sensors=[health_sensor(), inbox_sensor(), stuck_sensor()],
        resources={RESOURCE: warehouse},
        # One process: DuckDB lets no second one write, and starting one per step costs more than the steps.
        executor=in_process_executor,
    )
