"""The weekly housekeeping, which deletes old runs of Dagster and old raw history of the warehouse."""

from datetime import UTC, datetime, timedelta
from typing import Final

import dagster as dg

from cce_etl.defs.resources import POOL, Warehouse, readable_failures
from cce_etl.defs.run_history import delete_old_runs
from cce_etl.pipeline.retention import prune
from cce_etl.warehouse.connection import storage_of

HOUSEKEEPING: Final = "housekeeping"


@dg.op
def delete_runs(context: dg.OpExecutionContext, warehouse: dg.ResourceParam[Warehouse]) -> None:
    """Delete old runs with their events. What they fetched and built stays."""
    with readable_failures():
        days = warehouse.settings().dagster_run_days
    now = datetime.fromtimestamp(warehouse.clock() / 1e9, UTC)
    count = delete_old_runs(context.instance, now - timedelta(days=days))
    context.log.info(f"Deleted {count} runs older than {days} days.")


@dg.op(pool=POOL)
def delete_raw_history(context: dg.OpExecutionContext, warehouse: dg.ResourceParam[Warehouse]) -> None:
    """Delete old raw history that no tree needs. Its space is used again; `cce-etl vacuum` makes the file smaller."""
    with warehouse.open() as session:
        gone = prune(session.connection, session.settings.raw_history_days, session.clock)
        storage_of(session.connection).reuse_deleted_space(session.connection)
    context.log.info(
        f"Deleted {gone.payload_count} payloads, {gone.letter_count} dead letters and {gone.run_count} fetch runs."
    )


@dg.job(
    name=HOUSEKEEPING,
    description="Deletes Dagster's runs older than CCE_DAGSTER_RUN_DAYS (by default 90), and raw history older than "
    "CCE_RAW_HISTORY_DAYS (by default nothing).",
)
def housekeeping() -> None:
    """Delete old runs and old raw history."""
    delete_runs()
    delete_raw_history()


housekeeping_schedule: Final = dg.ScheduleDefinition(
    job=housekeeping,
    cron_schedule="30 1 * * 0",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Runs every Sunday at 1:30 UTC, before the nightly run.",
)
