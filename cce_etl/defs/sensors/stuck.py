"""The sensor that says when a job or step is stuck, once each, and when it no longer is.

Lives here: reading the published file. Does not: what counts as stuck (sql/marts), telling (`alerting`).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
from dagster import (
    DefaultSensorStatus,
    ResourceParam,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)

from cce_etl.defs.resources import Warehouse, readable_failures
from cce_etl.defs.sensors.alert_state import Cause, Ledger
from cce_etl.defs.sensors.alerts import tell, warning_of
from cce_etl.publish.query import open_published, query

# A root is stuck with the step that hangs in it, so it is told of only when none of its steps is.
_STUCK: Final = """
    WITH steps AS (FROM marts.running_steps WHERE is_stuck)
    SELECT source, root_job_id, path, coalesce(job_type, '?'), coalesce(resource_name, cluster_id, '?'), age_seconds
    FROM steps
    UNION ALL
    SELECT source, job_id, '', coalesce(job_type, '?'), coalesce(resource_name, cluster_id, '?'), age_seconds
    FROM marts.running_jobs AS jobs
    WHERE is_stuck AND NOT EXISTS (
        FROM steps WHERE steps.source = jobs.source AND steps.root_job_id = jobs.job_id
    )
    ORDER BY ALL
"""


class StuckCursor(msgspec.Struct, frozen=True):
    """Hold what was told, and which version of the published file it was read from."""

    ledger: Ledger = Ledger()
    version: tuple[int, int] = (0, 0)


def stuck_sensor() -> SensorDefinition:
    """Return the sensor; it starts by itself, and reads the published file when there is another one."""

    @sensor(
        name="stuck_jobs",
        minimum_interval_seconds=60,
        default_status=DefaultSensorStatus.RUNNING,
        description="Tells CCE_ALERT_WEBHOOK of each step that marts.running_steps calls stuck, and each such job of "
        "marts.running_jobs: once, and once more when it no longer is.",
    )
    def stuck_jobs(context: SensorEvaluationContext, warehouse: ResourceParam[Warehouse]) -> SensorResult | SkipReason:
        with readable_failures():
            published = warehouse.settings().published
            if not published.exists():
                return SkipReason(f"There is no published file at {published} yet.")
            before = msgspec.json.decode(context.cursor, type=StuckCursor) if context.cursor else StuckCursor()
            version = _version(published)
            if version == before.version and not before.ledger.unsent:
                return SkipReason("The published file is the one that was read before.")
            ledger = tell(warning_of(context), before.ledger, list(_causes(published)), warehouse.alert_webhook())
        return SensorResult(
            skip_reason=SkipReason(f"{len(ledger.told)} stuck."),
            cursor=msgspec.json.encode(StuckCursor(ledger, version)).decode(),
        )

    return stuck_jobs


def _version(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_ino, stat.st_mtime_ns


def _causes(published: Path) -> Iterator[Cause]:
    with open_published(published) as connection:
        for row in query(connection, _STUCK).rows:
            yield _cause(*row)


def _cause(source: str, root_job_id: str, path: str, job_type: str, place: str, age_seconds: Any) -> Cause:
    what = f"{job_type} on {place} (source {source}, job {root_job_id}{f', step {path}' if path else ''})"
    return Cause(
        f"{source}/{root_job_id}/{path}",
        f"{what} is stuck: on its way for {age_seconds / 60:.0f} minutes when last seen, longer than 99% of its kind.",
        f"{what} is no longer stuck.",
    )
