"""The sensor that alerts to failed runs, checks that warn, and a published file that is too old."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import dagster as dg
import msgspec

from cce_etl.defs.assets.published import PUBLISHED
from cce_etl.defs.resources import Warehouse
from cce_etl.defs.run_history import (
    FailedCheck,
    RunFailure,
    end_dead_runs,
    ended_since,
    failed_checks,
    failed_since,
    failure_of,
)
from cce_etl.defs.sensors.alerts import Alert, AlertState, fingerprint, notify

_FRESHNESS: Final = "freshness"
# A run that succeeds closes all alerts of the checks before, and opens those of its own.
_CHECK_PREFIX: Final = "check "


class HealthCursor(msgspec.Struct, frozen=True):
    """The state of the alerts, and when the last run looked at had ended, in seconds since 1970 UTC."""

    alerts: AlertState = msgspec.field(default=AlertState(), name="ledger")
    runs_until: float = 0.0


@dg.sensor(
    name="health",
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Sends an alert to CCE_ALERT_WEBHOOK when a run fails, a check warns or the published file is too "
    "old: once for each cause, and once more when it is over. Marks a run as failed when its process is gone, so "
    "that it does not block the next one.",
)
def health(context: dg.SensorEvaluationContext, warehouse: dg.ResourceParam[Warehouse]) -> dg.SensorResult:
    """Alert once a minute to failed runs, checks that warn, and a published file that is too old."""
    for run_id in end_dead_runs(context.instance):
        context.log.warning(f"The process of run {run_id} is gone; the run is marked as failed.")
    cursor = msgspec.json.decode(context.cursor, type=HealthCursor) if context.cursor else HealthCursor()
    alerts, runs_until = _run_alerts(context.instance, cursor)
    present = [*alerts, *_freshness_alerts(context.instance, cursor.alerts, warehouse)]
    state = notify(context, cursor.alerts, present, warehouse.alert_webhook())
    reason = "; ".join(alert.key for alert in present) or "All is well."
    return dg.SensorResult(
        skip_reason=dg.SkipReason(reason), cursor=msgspec.json.encode(HealthCursor(state, runs_until)).decode()
    )


def _run_alerts(instance: dg.DagsterInstance, cursor: HealthCursor) -> tuple[Sequence[Alert], float]:
    """Return the alerts of runs and checks that are open after all runs that have ended since, and the last end."""
    open_alerts = cursor.alerts.open_alerts.items()
    alerts = {key: Alert(key, recovery, recovery) for key, recovery in open_alerts if key != _FRESHNESS}
    runs_until = cursor.runs_until
    for record in ended_since(instance, datetime.fromtimestamp(runs_until, UTC)):
        run = record.dagster_run
        runs_until = max(runs_until, record.update_timestamp.replace(tzinfo=UTC).timestamp())
        if run.status == dg.DagsterRunStatus.SUCCESS:
            closed = (_run_prefix(run), _CHECK_PREFIX)
            alerts = {key: alert for key, alert in alerts.items() if not key.startswith(closed)}
            new = [_check_alert(run, check) for check in failed_checks(instance, run)]
        else:
            new = [_failure_alert(run, failure_of(instance, run))]
        for alert in new:
            alerts.setdefault(alert.key, alert)
    return list(alerts.values()), runs_until


def _run_prefix(run: dg.DagsterRun) -> str:
    return f"run {run.job_name} "


def _failure_alert(run: dg.DagsterRun, failure: RunFailure) -> Alert:
    """Return the alert to a failed run; the same reason on another night gives the same key."""
    where = f" at {failure.step_key}" if failure.step_key else ""
    return Alert(
        key=f"{_run_prefix(run)}{where} {fingerprint(failure.reason)}",
        text=f"The {run.job_name} run failed{where}: {failure.reason} (run {run.run_id})",
        recovery=f"The {run.job_name} run succeeds again. It had failed{where}: {failure.reason}",
    )


def _check_alert(run: dg.DagsterRun, check: FailedCheck) -> Alert:
    name = f"{check.name} on {check.table}"
    text = f"The check {name} warns: {check.description} Its page shows the first rows. (run {run.run_id})"
    return Alert(f"{_CHECK_PREFIX}{name}", text, f"The check {name} no longer finds any rows.")


def _freshness_alerts(instance: dg.DagsterInstance, state: AlertState, warehouse: Warehouse) -> Sequence[Alert]:
    """Return an alert when the last publishing is too long ago, unless a failed night explains it.

    Dagster's page judges the asset by its freshness policy. No public function returns that state, so the age of the
    last materialization is compared with the same limit.
    """
    event = instance.get_latest_materialization_event(PUBLISHED)
    max_age = warehouse.max_age()
    oldest = datetime.fromtimestamp(warehouse.clock() / 1e9, UTC) - max_age
    if event is None or event.timestamp >= oldest.timestamp():
        return []
    if _FRESHNESS not in state.open_alerts and failed_since(instance, oldest):
        return []
    text = f"The published file is too old: nothing was published for {max_age.total_seconds() / 3600:g} hours. "
    return [Alert(_FRESHNESS, f"{text}Analysts read the last version.", "The published file is fresh again.")]
