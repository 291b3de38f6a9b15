"""Failed runs, checks that warn, an old file: told once a cause, and once when all is well; dead runs are ended."""

import subprocess
import sys
import time
from typing import Any

import pytest
from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetsDefinition,
    AssetSelection,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    Definitions,
    Failure,
    SensorResult,
    asset,
    asset_check,
    build_sensor_context,
    define_asset_job,
    job,
    op,
)
from dagster._core.definitions.freshness import FreshnessState, FreshnessStateChange
from dagster._core.events import DagsterEvent, DagsterEventType, EngineEventData
from dagster._core.storage.tags import GRPC_INFO_TAG

from cce_etl.defs.assets.published import PUBLISHED
from cce_etl.defs.jobs import NIGHTLY
from cce_etl.defs.resources import Warehouse
from cce_etl.defs.sensors.health import health_sensor
from tests.defs.chat import Chat

HOUR = 3_600 * 10**9


class Watch:
    """The sensor with the cursor of its last look."""

    def __init__(self, instance: DagsterInstance, url: str) -> None:
        self.instance = instance
        self.cursor: str | None = None
        self.environment = {"CCE_ALERT_WEBHOOK": url}
        self.now = 0

    def tick(self) -> None:
        """Look once."""
        context = build_sensor_context(instance=self.instance, cursor=self.cursor)
        result: Any = health_sensor()(context, warehouse=Warehouse(lambda: self.now, self.environment))
        assert isinstance(result, SensorResult)
        self.cursor = result.cursor


@pytest.fixture
def watch(instance: DagsterInstance, chat: Chat) -> Watch:
    return Watch(instance, chat.url)


def _night(instance: DagsterInstance, error: Exception | None = None, name: str = NIGHTLY) -> str:
    @op
    def fetch() -> None:
        if error is not None:
            raise error

    @job(name=name)
    def run() -> None:
        fetch()

    return run.execute_in_process(instance=instance, raise_on_error=False).run_id


def _checked_night(instance: DagsterInstance, table: AssetsDefinition, finds: bool) -> None:
    @asset_check(asset=table)
    def is_known() -> AssetCheckResult:
        return AssetCheckResult(passed=not finds, severity=AssetCheckSeverity.WARN, description="A type that is new.")

    run = define_asset_job(NIGHTLY, AssetSelection.all())
    definitions = Definitions(assets=[table], asset_checks=[is_known], jobs=[run])
    assert definitions.resolve_job_def(NIGHTLY).execute_in_process(instance=instance).success


def test_a_failure_is_told_once_over_all_nights_and_its_end_once(
    watch: Watch, instance: DagsterInstance, chat: Chat
) -> None:
    run_id = _night(instance, Failure("The token was refused: 401 for 12 jobs."))
    watch.tick()
    assert chat.told() == [f"The nightly run failed at fetch: The token was refused: 401 for 12 jobs. (run {run_id})"]
    _night(instance, Failure("The token was refused: 401 for 15 jobs."))
    watch.tick()
    watch.tick()
    assert chat.told() == []
    _night(instance)
    watch.tick()
    ended = "The nightly run goes well again. It had failed at fetch: The token was refused: 401 for 12 jobs."
    assert chat.told() == [ended]
    watch.tick()
    assert chat.told() == []


def test_another_cause_is_told_too_and_one_good_night_ends_both(
    watch: Watch, instance: DagsterInstance, chat: Chat
) -> None:
    _night(instance, Failure("first"))
    watch.tick()
    _night(instance, Failure("second"))
    watch.tick()
    assert [line.partition(":")[2].split()[0] for line in chat.told()] == ["first", "second"]
    _night(instance)
    _night(instance, Failure("first"))
    watch.tick()
    # Well in between, and ill again: the second is over, and the first is a cause that was told and is still there.
    assert [line.partition(":")[2].strip() for line in chat.told()] == ["second"]


def test_words_of_an_error_that_is_not_ours_are_not_passed_on(
    watch: Watch, instance: DagsterInstance, chat: Chat
) -> None:
    _night(instance, ValueError("canary-token-8f1d0c"))
    watch.tick()
    (line,) = chat.told()
    assert "The nightly run failed at fetch: an unexpected error." in line
    assert "canary" not in line


def test_runs_of_others_on_the_same_instance_are_not_ours_to_tell(
    watch: Watch, instance: DagsterInstance, chat: Chat
) -> None:
    _night(instance, Failure("theirs"), name="of_someone_else")
    watch.tick()
    assert chat.told() == []


def _judge(instance: DagsterInstance, state: FreshnessState) -> None:
    """Do what Dagster's daemon does."""
    change = FreshnessStateChange(
        key=PUBLISHED, new_state=state, previous_state=FreshnessState.UNKNOWN, state_change_timestamp=1.0
    )
    instance._report_runless_asset_event(change)


def test_an_old_file_is_told_once_and_a_fresh_one_once(watch: Watch, instance: DagsterInstance, chat: Chat) -> None:
    for state in (FreshnessState.FAIL, FreshnessState.FAIL, FreshnessState.PASS, FreshnessState.PASS):
        _judge(instance, state)
        watch.tick()
    old, fresh = chat.told()
    assert "nothing was published for 26 hours" in old
    assert fresh == "The published file is fresh again."


def test_a_file_that_is_old_since_a_night_failed_is_no_second_alert_until_no_night_comes_at_all(
    watch: Watch, instance: DagsterInstance, chat: Chat
) -> None:
    _night(instance, Failure("first"))
    watch.tick()
    assert len(chat.told()) == 1
    _judge(instance, FreshnessState.FAIL)
    watch.now = time.time_ns() + 25 * HOUR
    watch.tick()
    assert chat.told() == []
    watch.now = time.time_ns() + 27 * HOUR
    watch.tick()
    watch.now = time.time_ns()
    watch.tick()
    (old,) = chat.told()
    assert "nothing was published for 26 hours" in old


def test_what_a_check_warns_of_is_told_once_and_its_end_once_and_a_failed_night_changes_nothing(
    watch: Watch, instance: DagsterInstance, chat: Chat
) -> None:
    @asset
    def table() -> None:
        """Stand for any."""

    for finds in (True, True, None, False, False):
        if finds is None:
            _night(instance, Failure("first"))
        else:
            _checked_night(instance, table, finds)
        watch.tick()
    warned, failed, *ended = chat.told()
    assert warned.startswith("The check is_known on table warns: A type that is new.")
    assert failed.startswith("The nightly run failed")
    assert ended == [
        "The check is_known on table finds nothing any more.",
        "The nightly run goes well again. It had failed at fetch: first",
    ]


def test_without_a_webhook_the_sensor_remembers_all_the_same(instance: DagsterInstance, chat: Chat) -> None:
    watch = Watch(instance, "")
    _night(instance, Failure("first"))
    watch.tick()
    watch.environment = {"CCE_ALERT_WEBHOOK": chat.url}
    watch.tick()
    assert chat.told() == []


def _started(instance: DagsterInstance, process_id: int, tags: dict[str, str]) -> str:
    run = DagsterRun(job_name=NIGHTLY, status=DagsterRunStatus.STARTED, tags=tags)
    instance.add_run(run)
    event = DagsterEvent(
        DagsterEventType.ENGINE_EVENT.value,
        NIGHTLY,
        message="Started process.",
        event_specific_data=EngineEventData.in_process(process_id),
    )
    instance.report_dagster_event(event, run.run_id)
    return run.run_id


def test_a_run_whose_process_was_killed_is_ended_and_told_and_a_living_one_goes_on(
    watch: Watch, instance: DagsterInstance, chat: Chat
) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        launched = {GRPC_INFO_TAG: "{}"}
        run_id, elsewhere = _started(instance, process.pid, launched), _started(instance, process.pid, {})
        watch.tick()
        assert chat.told() == []
        process.kill()
        process.wait()
    watch.tick()
    (line,) = chat.told()
    assert "The nightly run failed: The process of this run has ended without a word" in line
    statuses = [instance.get_run_by_id(one).status for one in (run_id, elsewhere)]  # type: ignore[union-attr]
    assert statuses == [DagsterRunStatus.FAILURE, DagsterRunStatus.STARTED]


def test_the_address_of_a_webhook_that_is_down_stands_in_no_cursor_and_no_log(
    watch: Watch, instance: DagsterInstance, chat: Chat, capfd: pytest.CaptureFixture[str]
) -> None:
    chat.status = 500
    _night(instance, Failure("first"))
    watch.tick()
    shown = capfd.readouterr()
    assert "did not take an alert: it answered 500" in shown.err + shown.out
    assert "hook-canary-51c2" not in f"{shown.err}{shown.out}{watch.cursor}"
    chat.status = 200
    watch.tick()
    assert len(chat.told()) == 1
