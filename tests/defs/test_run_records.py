"""What Dagster remembers of our runs: reasons, and which old ones may go."""

from datetime import UTC, datetime, timedelta

from dagster import AssetKey, DagsterInstance, DagsterRun, DagsterRunStatus, asset, materialize

from cce_etl.defs.nightly import INBOX, NIGHTLY
from cce_etl.defs.run_records import cause_of, delete_old_runs, ended_since


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
