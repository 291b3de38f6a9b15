"""The sensor that alerts to each running job or step that is stuck, as the published file says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import dagster as dg
import msgspec

from cce_etl.defs.resources import Warehouse, readable_failures
from cce_etl.defs.sensors.alerts import Alert, AlertState, notify
from cce_etl.publish.query import open_published, query

# A root job is stuck whenever one of its steps is, so it gets an alert of its own only when no step is stuck.
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
    """The state of the alerts, and inode and modification time of the published file that they were read from."""

    alerts: AlertState = msgspec.field(default=AlertState(), name="ledger")
    version: tuple[int, int] = (0, 0)


@dg.sensor(
    name="stuck_jobs",
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Sends an alert to CCE_ALERT_WEBHOOK for each stuck step of marts.running_steps and each stuck job "
    "of marts.running_jobs: once, and once more when it is no longer stuck.",
)
def stuck_jobs(
    context: dg.SensorEvaluationContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.SensorResult | dg.SkipReason:
    """Alert to what is stuck; each version of the published file is read once."""
    with readable_failures():
        published = warehouse.settings().published
        if not published.exists():
            return dg.SkipReason(f"There is no published file at {published} yet.")
        cursor = msgspec.json.decode(context.cursor, type=StuckCursor) if context.cursor else StuckCursor()
        stat = published.stat()
        version = stat.st_ino, stat.st_mtime_ns
        if version == cursor.version and not cursor.alerts.unsent:
            return dg.SkipReason("This version of the published file was read before.")
        state = notify(context, cursor.alerts, list(_stuck_alerts(published)), warehouse.alert_webhook())
    return dg.SensorResult(
        skip_reason=dg.SkipReason(f"{len(state.open_alerts)} stuck."),
        cursor=msgspec.json.encode(StuckCursor(state, version)).decode(),
    )


def _stuck_alerts(published: Path) -> Iterator[Alert]:
    with open_published(published) as connection:
        for source, root_job_id, path, job_type, resource, age_seconds in query(connection, _STUCK).rows:
            step = f", step {path}" if path else ""
            name = f"{job_type} on {resource} (source {source}, job {root_job_id}{step})"
            age = f"running for {age_seconds / 60:.0f} minutes when last seen, longer than 99% of its kind"
            yield Alert(f"{source}/{root_job_id}/{path}", f"{name} is stuck: {age}.", f"{name} is no longer stuck.")
