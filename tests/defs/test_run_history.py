"""Dagster's records of our runs: reasons of failures, and which old runs are deleted."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from dagster import (
    AssetCheckKey,
    AssetCheckResult,
    AssetCheckSeverity,
    AssetKey,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    asset,
    asset_check,
    materialize,
)

from cce_etl.defs.jobs import INBOX, NIGHTLY
from cce_etl.defs.run_history import (
    FailedCheck,
    RunFailure,
    delete_old_runs,
    ended_since,
    failed_checks,
    failed_since,
    failure_of,
)


@asset
def table() -> None:
    """An asset."""


def test_old_runs_are_deleted_except_that_of_the_latest_materialization(instance: DagsterInstance) -> None:
    old = [materialize([table], instance=instance).run_id for _ in range(3)]
    later = datetime.now(UTC) + timedelta(days=1)
    assert delete_old_runs(instance, datetime.now(UTC) - timedelta(days=1)) == 0
    assert delete_old_runs(instance, later) == 2
    assert [instance.has_run(run_id) for run_id in old] == [False, False, True]
    assert instance.get_latest_materialization_event(AssetKey("table")) is not None
    assert delete_old_runs(instance, later) == 0


def test_deleted_runs_leave_no_file_and_no_check_result(tmp_path: Path) -> None:
    @asset_check(asset=table)
    def is_known() -> AssetCheckResult:
        return AssetCheckResult(passed=True)

    key = AssetCheckKey(AssetKey("table"), "is_known")
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        deleted, kept = (materialize([table, is_known], instance=instance).run_id for _ in range(2))
        before = {path.stem for path in tmp_path.rglob("*.db")}
        assert delete_old_runs(instance, datetime.now(UTC) + timedelta(days=1)) == 1
        assert before - {path.stem for path in tmp_path.rglob("*.db")} == {deleted}
        records = instance.event_log_storage.get_asset_check_execution_history(key, limit=5)
        assert [record.run_id for record in records] == [kept]
        assert instance.all_logs(kept)


def test_runs_in_progress_are_never_deleted(instance: DagsterInstance) -> None:
    run = instance.add_run(DagsterRun(job_name=NIGHTLY, status=DagsterRunStatus.STARTED))
    assert delete_old_runs(instance, datetime.now(UTC) + timedelta(days=1)) == 0
    assert instance.has_run(run.run_id)


def test_our_ended_runs_come_in_the_order_of_their_ends_and_only_later_ones(instance: DagsterInstance) -> None:
    before = datetime.now(UTC) - timedelta(days=1)
    for name, status in (
        (NIGHTLY, DagsterRunStatus.FAILURE),
        ("of_someone_else", DagsterRunStatus.FAILURE),
        (INBOX, DagsterRunStatus.SUCCESS),
        (NIGHTLY, DagsterRunStatus.CANCELED),
    ):
        instance.add_run(DagsterRun(job_name=name, status=status))
    records = ended_since(instance, before)
    assert [record.dagster_run.job_name for record in records] == [NIGHTLY, INBOX]
    assert ended_since(instance, datetime.now(UTC) + timedelta(days=1)) == []


def test_a_run_that_failed_without_a_message_has_a_reason_too(instance: DagsterInstance) -> None:
    run = instance.add_run(DagsterRun(job_name=NIGHTLY, status=DagsterRunStatus.FAILURE))
    assert failure_of(instance, run) == RunFailure(None, "no reason is known.")


def test_a_check_that_finds_rows_is_returned_with_its_description(instance: DagsterInstance) -> None:
    @asset_check(asset=table)
    def is_known() -> AssetCheckResult:
        return AssetCheckResult(passed=False, severity=AssetCheckSeverity.WARN, description="A type that is new.")

    @asset_check(asset=table)
    def is_rare() -> AssetCheckResult:
        return AssetCheckResult(passed=True)

    run = materialize([table, is_known, is_rare], instance=instance).dagster_run
    assert failed_checks(instance, run) == [FailedCheck("is_known", "table", "A type that is new.")]


def test_only_a_nightly_run_that_failed_after_the_time_counts(
    instance: DagsterInstance,
) -> None:
    before, later = (datetime.now(UTC) + timedelta(days=days) for days in (-1, 1))
    instance.add_run(DagsterRun(job_name=INBOX, status=DagsterRunStatus.FAILURE))
    instance.add_run(DagsterRun(job_name=NIGHTLY, status=DagsterRunStatus.SUCCESS))
    assert not failed_since(instance, before)
    instance.add_run(DagsterRun(job_name=NIGHTLY, status=DagsterRunStatus.FAILURE))
    assert failed_since(instance, before)
    assert not failed_since(instance, later)
