"""Everything that Dagster is to know of, put together.

Lives here: the job, its schedule, and the one place that says which clock and environment count.
Does not: any asset or check of its own.
"""

import time
from collections.abc import Mapping
from typing import Final

from dagster import (
    AssetSelection,
    DefaultScheduleStatus,
    Definitions,
    ScheduleDefinition,
    define_asset_job,
    in_process_executor,
)

from cce_etl import pipeline
from cce_etl.defs.checks import table_check
from cce_etl.defs.ingest_assets import fetch, job_ids
from cce_etl.defs.model_assets import model_asset
from cce_etl.defs.published_asset import published_asset
from cce_etl.defs.report_asset import report_asset
from cce_etl.defs.resource import RESOURCE, Warehouse
from cce_etl.ingest import Clock
from cce_etl.warehouse.models import read_checks, sql_directory

NIGHTLY: Final = "nightly"


def build_definitions(clock: Clock = time.time_ns, environment: Mapping[str, str] | None = None) -> Definitions:
    """Return assets, checks, the nightly job and its schedule; without an `environment`, the process's own counts.

    Raises ConfigError when the SQL models cannot be read.
    """
    models = pipeline.models()
    nightly = define_asset_job(
        NIGHTLY, AssetSelection.all(), description="Fetch what has not ended, build every model, check, publish."
    )
    return Definitions(
        assets=[job_ids, fetch, *map(model_asset, models), published_asset(models), report_asset()],
        asset_checks=[table_check(check) for check in read_checks(sql_directory())],
        jobs=[nightly],
        schedules=[
            ScheduleDefinition(
                job=nightly,
                cron_schedule="0 2 * * *",
                execution_timezone="UTC",
                default_status=DefaultScheduleStatus.RUNNING,
            )
        ],
        resources={RESOURCE: Warehouse(clock, environment)},
        # One process: DuckDB lets no second one write, and starting one per step costs more than the steps.
        executor=in_process_executor,
    )
