"""Forgetting, once a week: Dagster's runs older than CCE_DAGSTER_RUN_DAYS, raw history than CCE_RAW_HISTORY_DAYS.

Lives here: when, and how old. Does not: which runs are kept (`run_records`), what of the warehouse is (`upkeep`).
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from dagster import DefaultScheduleStatus, OpExecutionContext, ResourceParam, ScheduleDefinition, job, op

from cce_etl.defs.resources import POOL, Warehouse, readable_failures
from cce_etl.defs.run_history import delete_old_runs
from cce_etl.pipeline.retention import forget
from cce_etl.warehouse.connection import storage_of

HOUSEKEEPING: Final = "housekeeping"


@op
def delete_runs(context: OpExecutionContext, warehouse: ResourceParam[Warehouse]) -> None:
    """Delete old runs with their events and their ticks' traces; what they fetched and built stays."""
    with readable_failures():
        days = warehouse.settings().dagster_run_days
    now = datetime.fromtimestamp(warehouse.clock() / 1e9, UTC)
    count = delete_old_runs(context.instance, now - timedelta(days=days))
    context.log.info(f"{count} runs older than {days} days are deleted.")


@op(pool=POOL)
def forget_history(context: OpExecutionContext, warehouse: ResourceParam[Warehouse]) -> None:
    """Delete raw history that nothing is made of; the space is used again, `cce-etl vacuum` gives it back."""
    with warehouse.open() as session:
        gone = forget(session.connection, session.settings.raw_history_days, session.clock)
        storage_of(session.connection).reuse_deleted_space(session.connection)
    context.log.info(
        f"{gone.payload_count} payloads, {gone.letter_count} dead letters, {gone.run_count} runs are deleted."
    )


@job(
    name=HOUSEKEEPING,
    description="Delete Dagster's runs older than CCE_DAGSTER_RUN_DAYS (90 unless set), and raw history older than "
    "CCE_RAW_HISTORY_DAYS (none unless set).",
)
def housekeeping() -> None:
    """Delete what is old."""
    delete_runs()
    forget_history()


housekeeping_schedule: Final = ScheduleDefinition(
    job=housekeeping,
    cron_schedule="30 1 * * 0",
    execution_timezone="UTC",
    default_status=DefaultScheduleStatus.RUNNING,
    description="Every Sunday at 1:30 UTC, before the night's run.",
)
