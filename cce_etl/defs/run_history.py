"""What Dagster remembers of our runs: which failed and why, of what they warn, which are dead unnoticed, which are old.

Lives here: questions to the instance, and the two answers that change it. Does not: telling people (`health_sensor`).
"""

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from dagster import DagsterEventType, DagsterInstance, DagsterRun, DagsterRunStatus, RunRecord, RunsFilter
from dagster._core.storage.event_log import SqlEventLogStorage, SqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.tags import GRPC_INFO_TAG

from cce_etl.defs.jobs import INBOX, NIGHTLY
from cce_etl.defs.sensors.alert_state import Cause, signature

WATCHED: Final = (NIGHTLY, INBOX)
# How the keys of all causes begin that the checks of a run gave, until a run goes well without them.
CHECK_PREFIX: Final = "check "
REASON_LENGTH: Final = 300
_ENDED: Final = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]
_BATCH: Final = 500


def ended_since(instance: DagsterInstance, since: datetime) -> Sequence[RunRecord]:
    """Return the watched runs that succeeded or failed after a time, in the order in which they ended."""
    wanted = RunsFilter(statuses=[DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE], updated_after=since)
    records = instance.get_run_records(wanted, limit=_BATCH, order_by="update_timestamp", ascending=True)
    return [record for record in records if record.dagster_run.job_name in WATCHED]


def failed_after(instance: DagsterInstance, moment: datetime) -> bool:
    """Tell whether a night has failed since a moment."""
    wanted = RunsFilter(job_name=NIGHTLY, statuses=[DagsterRunStatus.FAILURE], updated_after=moment)
    return bool(instance.get_run_records(wanted, limit=1))


def run_prefix(job_name: str) -> str:
    """Return how the keys of all causes begin that a run of this kind which goes well puts an end to."""
    return f"run {job_name} "


def cause_of(instance: DagsterInstance, run: DagsterRun) -> Cause:
    """Return why a run failed; the same reason on another night is the same cause."""
    where, why = _reason(instance, run.run_id)
    return Cause(
        key=f"{run_prefix(run.job_name)}{where} {signature(why)}",
        text=f"The {run.job_name} run failed{where}: {why} (run {run.run_id})",
        recovery=f"The {run.job_name} run goes well again. It had failed{where}: {why}",
    )


def _reason(instance: DagsterInstance, run_id: str) -> tuple[str, str]:
    for entry in instance.all_logs(run_id, of_type={DagsterEventType.STEP_FAILURE}):
        event = entry.get_dagster_event()
        told = event.step_failure_data.user_failure_data
        if told is not None and told.description:
            return f" at {event.step_key}", told.description[:REASON_LENGTH]
        # Words of an error that is not ours may hold anything, secrets too.
        return f" at {event.step_key}", "an unexpected error. Dagster's page of the run shows it."
    failures = instance.all_logs(run_id, of_type={DagsterEventType.RUN_FAILURE})
    said = [entry.get_dagster_event().message for entry in failures]
    return "", (said[-1] or "")[:REASON_LENGTH] if said else "no reason is known."


def warnings_of(instance: DagsterInstance, run: DagsterRun) -> dict[str, Cause]:
    """Return a cause for every check that found rows in a run which went well all the same, by its key."""
    causes = {}
    for entry in instance.all_logs(run.run_id, of_type={DagsterEventType.ASSET_CHECK_EVALUATION}):
        found = entry.get_dagster_event().asset_check_evaluation_data
        if not found.passed:
            check = f"{found.check_name} on {'.'.join(found.asset_key.path)}"
            key, why = f"{CHECK_PREFIX}{check}", found.description or "it found rows."
            text = f"The check {check} warns: {why} Its page shows the first rows. (run {run.run_id})"
            causes[key] = Cause(key, text, f"The check {check} finds nothing any more.")
    return causes


def end_dead_runs(instance: DagsterInstance) -> list[str]:
    """Mark started runs whose process is gone as failed, and return their ids: they would hold up all others.

    Dagster's own launcher cannot ask. Only what it started on this machine is looked at.
    """
    dead = []
    for run in instance.get_runs(RunsFilter(statuses=[DagsterRunStatus.STARTED])):
        process_id = _process_id(instance, run.run_id)
        if GRPC_INFO_TAG in run.tags and process_id is not None and not _is_alive(process_id):
            instance.report_run_failed(
                run,
                "The process of this run has ended without a word: it was killed, or the machine was. "
                "What it fetched is kept, and the next run goes on from there.",
            )
            dead.append(run.run_id)
    return dead


def _process_id(instance: DagsterInstance, run_id: str) -> int | None:
    found = None
    for entry in instance.all_logs(run_id, of_type={DagsterEventType.ENGINE_EVENT}):
        pid = entry.get_dagster_event().engine_event_data.metadata.get("pid")
        found = int(str(pid.value)) if pid is not None else found
    return found


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def delete_old_runs(instance: DagsterInstance, before: datetime) -> int:
    """Delete ended runs made before a time, their events with them, and return how many.

    A run that made what an asset shows now is kept, however old: without it the asset would look never made.
    """
    kept = set()
    for key in instance.all_asset_keys():
        event = instance.get_latest_materialization_event(key)
        kept |= set() if event is None else {event.run_id}
    deleted = 0
    for record in instance.get_run_records(RunsFilter(statuses=_ENDED, created_before=before), ascending=True):
        if record.dagster_run.run_id not in kept:
            _delete_run(instance, record.dagster_run.run_id)
            deleted += 1
    return deleted


def _delete_run(instance: DagsterInstance, run_id: str) -> None:
    """Delete a run with what Dagster leaves of one: the results of its checks, and on files its emptied event log."""
    instance.delete_run(run_id)
    storage = instance.event_log_storage
    if isinstance(storage, SqlEventLogStorage):
        with storage.index_connection() as connection:
            connection.execute(AssetCheckExecutionsTable.delete().where(AssetCheckExecutionsTable.c.run_id == run_id))
    if isinstance(storage, SqliteEventLogStorage):
        Path(storage.path_for_shard(run_id)).unlink(missing_ok=True)
