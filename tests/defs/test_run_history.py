"""What Dagster remembers of our runs: reasons, and which old ones may go."""

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
from cce_etl.defs.run_history import cause_of, delete_old_runs, ended_since, failed_after, warnings_of
from cce_etl.defs.sensors.alert_state import Cause


@asset
def table() -> None:
    """Stand for any."""


def test_old_runs_are_deleted_but_the_one_that_made_what_is_shown_now(instance: DagsterInstance) -> None:
    old = [materialize([table], instance=instance).run_id for _ in range(3)]
    later = datetime.now(UTC) + timedelta(days=1)
    assert delete_old_runs(instance, datetime.now(UTC) - timedelta(days=1)) == 0
    assert delete_old_runs(instance, later) == 2
    assert [instance.has_run(run_id) for run_id in old] == [False, False, True]
    assert instance.get_latest_materialization_event(AssetKey("table")) is not None
    assert delete_old_runs(instance, later) == 0


def test_deleted_runs_leave_no_file_and_no_results_of_checks(tmp_path: Path) -> None:
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


def test_runs_that_are_under_way_are_never_deleted(instance: DagsterInstance) -> None:
    run = instance.add_run(DagsterRun(job_name=NIGHTLY, status=DagsterRunStatus.STARTED))
    assert delete_old_runs(instance, datetime.now(UTC) + timedelta(days=1)) == 0
    assert instance.has_run(run.run_id)


def test_ended_runs_of_ours_come_in_the_order_of_their_end_and_only_later_ones(instance: DagsterInstance) -> None:
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


def test_a_run_that_left_no_word_is_a_cause_too(instance: DagsterInstance) -> None:
    run = instance.add_run(DagsterRun(job_name=NIGHTLY, status=DagsterRunStatus.FAILURE))
    assert cause_of(instance, run).text == f"The nightly run failed: no reason is known. (run {run.run_id})"


def test_a_check_that_finds_rows_is_a_cause_by_its_name_and_says_what_it_looks_for(instance: DagsterInstance) -> None:
    @asset_check(asset=table)
    def is_known() -> AssetCheckResult:
        return AssetCheckResult(passed=False, severity=AssetCheckSeverity.WARN, description="A type that is new.")

    @asset_check(asset=table)
    def is_rare() -> AssetCheckResult:
        return AssetCheckResult(passed=True)

    run = materialize([table, is_known, is_rare], instance=instance).dagster_run
    (cause,) = warnings_of(instance, run).values()
    assert cause == Cause(
        key="check is_known on table",
        text="The check is_known on table warns: A type that is new. Its page shows the first rows. "
        f"(run {run.run_id})",
        recovery="The check is_known on table finds nothing any more.",
    )


def test_a_night_that_failed_counts_after_a_moment_before_its_end_and_no_other_run_does(
    instance: DagsterInstance,
) -> None:
    before, later = (datetime.now(UTC) + timedelta(days=days) for days in (-1, 1))
    instance.add_run(DagsterRun(job_name=INBOX, status=DagsterRunStatus.FAILURE))
    instance.add_run(DagsterRun(job_name=NIGHTLY, status=DagsterRunStatus.SUCCESS))
    assert not failed_after(instance, before)
    instance.add_run(DagsterRun(job_name=NIGHTLY, status=DagsterRunStatus.FAILURE))
    assert failed_after(instance, before)
    assert not failed_after(instance, later)
