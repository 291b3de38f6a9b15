"""The runs: what they select, when the night's is skipped."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import (
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    DefaultScheduleStatus,
    RunRequest,
    SkipReason,
    build_schedule_context,
)

from cce_etl.defs.assembly import build_definitions
from cce_etl.defs.jobs import INBOX, NIGHTLY, nightly_schedule
from cce_etl.defs.metadata import JOB_IDS


def test_the_night_begins_at_two_utc_by_itself() -> None:
    schedule = build_definitions().resolve_schedule_def("nightly_schedule")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 2 * * *", "UTC")
    assert schedule.default_status == DefaultScheduleStatus.RUNNING


def test_the_inbox_builds_and_checks_all_that_the_night_does_but_the_list_of_ids() -> None:
    nightly, inbox = (build_definitions().resolve_job_def(name).asset_layer for name in (NIGHTLY, INBOX))
    assert set(nightly.executable_asset_keys) - set(inbox.executable_asset_keys) == {JOB_IDS}
    assert nightly.asset_graph.asset_check_keys == inbox.asset_graph.asset_check_keys


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[DagsterInstance]:
    """Yield an instance on disk: a schedule opens it anew."""
    with DagsterInstance.local_temp(str(tmp_path)) as opened:
        yield opened


def _tick(instance: DagsterInstance) -> RunRequest | SkipReason:
    result = nightly_schedule()(build_schedule_context(instance=instance))
    assert isinstance(result, RunRequest | SkipReason)
    return result


def test_a_night_is_skipped_with_a_reason_while_another_is_under_way_and_for_no_other_run(
    instance: DagsterInstance,
) -> None:
    for name, status in (
        (NIGHTLY, DagsterRunStatus.SUCCESS),
        (NIGHTLY, DagsterRunStatus.FAILURE),
        (NIGHTLY, DagsterRunStatus.CANCELED),
        (INBOX, DagsterRunStatus.STARTED),
    ):
        instance.add_run(DagsterRun(job_name=name, status=status))
    assert isinstance(_tick(instance), RunRequest)
    run = instance.add_run(DagsterRun(job_name=NIGHTLY, status=DagsterRunStatus.STARTED))
    result = _tick(instance)
    assert isinstance(result, SkipReason)
    assert result.skip_message == f"The run {run.run_id} of nightly is still started."


def test_with_several_sources_the_night_is_one_run_of_all_their_partitions(instance: DagsterInstance) -> None:
    request = nightly_schedule(["east", "north", "west"])(build_schedule_context(instance=instance))
    assert isinstance(request, RunRequest)
    assert request.tags == {
        "dagster/asset_partition_range_start": "east",
        "dagster/asset_partition_range_end": "west",
    }
    alone = _tick(instance)
    assert isinstance(alone, RunRequest) and alone.tags == {}
