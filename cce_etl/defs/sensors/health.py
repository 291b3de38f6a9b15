"""The sensor that says when a run failed, a check warns or the published file is old: each once, and when it is over.

Lives here: what counts as ill and as well. Does not: what Dagster remembers (`run_records`), telling (`alerting`).
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import msgspec
from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    DefaultSensorStatus,
    ResourceParam,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)
from dagster._core.definitions.freshness import FreshnessState

from cce_etl.defs.assets.published import PUBLISHED
from cce_etl.defs.resources import Warehouse
from cce_etl.defs.run_history import (
    CHECK_PREFIX,
    cause_of,
    end_dead_runs,
    ended_since,
    failed_after,
    run_prefix,
    warnings_of,
)
from cce_etl.defs.sensors.alert_state import Cause, Ledger
from cce_etl.defs.sensors.alerts import tell, warning_of

_FRESHNESS: Final = "freshness"


class HealthCursor(msgspec.Struct, frozen=True):
    """Hold what was told, and when the last run looked at had ended (seconds since 1970)."""

    ledger: Ledger = Ledger()
    runs_until: float = 0.0


def health_sensor() -> SensorDefinition:
    """Return the sensor; it starts by itself and asks every minute."""

    @sensor(
        name="health",
        minimum_interval_seconds=60,
        default_status=DefaultSensorStatus.RUNNING,
        description="Tells CCE_ALERT_WEBHOOK when a run fails, a check warns or the published file grows old, each "
        "cause once, and when that is over. Ends runs whose process is gone, so that they hold up no other.",
    )
    def health(context: SensorEvaluationContext, warehouse: ResourceParam[Warehouse]) -> SensorResult:
        for run_id in end_dead_runs(context.instance):
            context.log.warning(f"The process of run {run_id} is gone; the run is marked as failed.")
        before = msgspec.json.decode(context.cursor, type=HealthCursor) if context.cursor else HealthCursor()
        causes, runs_until = _from_runs(context.instance, before)
        causes |= {cause.key: cause for cause in _from_freshness(context.instance, before.ledger, warehouse)}
        ledger = tell(warning_of(context), before.ledger, list(causes.values()), warehouse.alert_webhook())
        reason = "; ".join(causes) or "All is well."
        return SensorResult(
            skip_reason=SkipReason(reason), cursor=msgspec.json.encode(HealthCursor(ledger, runs_until)).decode()
        )

    return health


def _from_runs(instance: DagsterInstance, before: HealthCursor) -> tuple[dict[str, Cause], float]:
    """Go on from what was told: a failed run adds its cause, one that goes well ends all of its kind.

    Checks that warn are as the last run that went well left them.
    """
    told = before.ledger.told.items()
    open_causes = {key: Cause(key, recovery, recovery) for key, recovery in told if key != _FRESHNESS}
    runs_until = before.runs_until
    for record in ended_since(instance, datetime.fromtimestamp(runs_until, UTC)):
        run = record.dagster_run
        runs_until = max(runs_until, record.update_timestamp.replace(tzinfo=UTC).timestamp())
        if run.status == DagsterRunStatus.SUCCESS:
            over = (run_prefix(run.job_name), CHECK_PREFIX)
            open_causes = {key: cause for key, cause in open_causes.items() if not key.startswith(over)}
            open_causes |= warnings_of(instance, run)
        else:
            cause = cause_of(instance, run)
            open_causes.setdefault(cause.key, cause)
    return open_causes, runs_until


def _from_freshness(instance: DagsterInstance, ledger: Ledger, warehouse: Warehouse) -> Iterator[Cause]:
    record = instance.get_freshness_state_records([PUBLISHED]).get(PUBLISHED)
    if record is None or record.freshness_state != FreshnessState.FAIL:
        return
    # A night that failed was told of, and an old file is what comes of it; one without any night is news.
    max_age = warehouse.max_age()
    earliest = datetime.fromtimestamp(warehouse.clock() / 1e9, UTC) - max_age
    if _FRESHNESS in ledger.told or not failed_after(instance, earliest):
        yield Cause(
            _FRESHNESS,
            f"The published file is old: nothing was published for {max_age.total_seconds() / 3600:g} hours. "
            "Analysts read the last one.",
            "The published file is fresh again.",
        )
