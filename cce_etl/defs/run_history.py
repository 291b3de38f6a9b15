"""Dagster's records of our runs: which failed and why, which checks failed, which runs are dead, which are old."""

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import dagster as dg
import msgspec

# Dagster has no public names for these (docs/decisions/0016).
from dagster._core.storage.event_log import SqlEventLogStorage, SqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.tags import GRPC_INFO_TAG

from cce_etl.defs.jobs import INBOX, NIGHTLY

REASON_LENGTH: Final = 300
_ENDED: Final = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_RUNS_PER_CALL: Final = 500


class RunFailure(msgspec.Struct, frozen=True):
    """Why a run failed; `step_key` is None when no step did."""

    step_key: str | None
    reason: str


class FailedCheck(msgspec.Struct, frozen=True):
    """A check that found rows in a run that succeeded; `table` is `schema.name`."""

    name: str
    table: str
    description: str


def ended_since(instance: dg.DagsterInstance, since: datetime) -> Sequence[dg.RunRecord]:
    """Return the nightly and inbox runs that succeeded or failed after a time, in the order of their ends."""
    ended = dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE], updated_after=since)
    records = instance.get_run_records(ended, limit=_RUNS_PER_CALL, order_by="update_timestamp", ascending=True)
    return [record for record in records if record.dagster_run.job_name in (NIGHTLY, INBOX)]


def failed_since(instance: dg.DagsterInstance, since: datetime) -> bool:
    """Return whether a nightly run has failed after a time."""
    failed = dg.RunsFilter(job_name=NIGHTLY, statuses=[dg.DagsterRunStatus.FAILURE], updated_after=since)
    return bool(instance.get_run_records(failed, limit=1))


def failure_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> RunFailure:
    """Return why a run failed, in at most REASON_LENGTH characters."""
    for entry in instance.all_logs(run.run_id, of_type={dg.DagsterEventType.STEP_FAILURE}):
        event = entry.get_dagster_event()
        failure = event.step_failure_data.user_failure_data
        if failure is not None and failure.description:
            return RunFailure(event.step_key, failure.description[:REASON_LENGTH])
        # The message of an error that is not ours may hold anything, secrets too.
        return RunFailure(event.step_key, "an unexpected error. Dagster's page of the run shows it.")
    failures = instance.all_logs(run.run_id, of_type={dg.DagsterEventType.RUN_FAILURE})
    messages = [entry.get_dagster_event().message or "" for entry in failures]
    return RunFailure(None, messages[-1][:REASON_LENGTH] if messages else "no reason is known.")


def failed_checks(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[FailedCheck]:
    """Return the checks that found rows in a run."""
    entries = instance.all_logs(run.run_id, of_type={dg.DagsterEventType.ASSET_CHECK_EVALUATION})
    evaluations = [entry.get_dagster_event().asset_check_evaluation_data for entry in entries]
    return [
        FailedCheck(found.check_name, ".".join(found.asset_key.path), found.description or "it found rows.")
        for found in evaluations
        if not found.passed
    ]


def end_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark started runs whose process is gone as failed, and return their ids: they would block all others.

    Dagster's own launcher has no way to ask for a run's process. Only runs that it started on this machine are checked.
    """
    dead = []
    for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
        process_id = _process_id(instance, run.run_id)
        if GRPC_INFO_TAG in run.tags and process_id is not None and not _is_alive(process_id):
            instance.report_run_failed(
                run,
                "The process of this run is gone: it was killed, or the machine was. "
                "What it fetched is kept, and the next run continues from there.",
            )
            dead.append(run.run_id)
    return dead


def _process_id(instance: dg.DagsterInstance, run_id: str) -> int | None:
    found = None
    for entry in instance.all_logs(run_id, of_type={dg.DagsterEventType.ENGINE_EVENT}):
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


def delete_old_runs(instance: dg.DagsterInstance, before: datetime) -> int:
    """Delete ended runs that were created before a time, with their events, and return how many.

    The run of an asset's latest materialization is kept, however old: without it the asset would look as if it had
    never been materialized.
    """
    latest = [instance.get_latest_materialization_event(key) for key in instance.all_asset_keys()]
    kept = {event.run_id for event in latest if event is not None}
    records = instance.get_run_records(dg.RunsFilter(statuses=_ENDED, created_before=before), ascending=True)
    old = [record.dagster_run.run_id for record in records if record.dagster_run.run_id not in kept]
    for run_id in old:
        _delete_run(instance, run_id)
    return len(old)


def _delete_run(instance: dg.DagsterInstance, run_id: str) -> None:
    """Delete a run, and what Dagster's own deletion leaves: check results and, on SQLite, the file of its events."""
    instance.delete_run(run_id)
    storage = instance.event_log_storage
    if isinstance(storage, SqlEventLogStorage):
        with storage.index_connection() as connection:
            connection.execute(AssetCheckExecutionsTable.delete().where(AssetCheckExecutionsTable.c.run_id == run_id))
    if isinstance(storage, SqliteEventLogStorage):
        Path(storage.path_for_shard(run_id)).unlink(missing_ok=True)
