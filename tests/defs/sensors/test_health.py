"""Alerts to failed runs, checks that warn and an old file: one for each cause and one for its end."""

import subprocess
import sys
import time
from typing import Any

import pytest
from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetMaterialization,
    AssetsDefinition,
    AssetSelection,
    DagsterEvent,
    DagsterEventType,
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
from dagster._core.events import EngineEventData
from dagster._core.storage.tags import GRPC_INFO_TAG

from cce_etl.defs.assets.published import PUBLISHED
from cce_etl.defs.jobs import NIGHTLY
from cce_etl.defs.resources import Warehouse
from cce_etl.defs.sensors.health import health as health_sensor
from tests.defs.chat import Chat

HOUR = 3_600 * 10**9


class Watch:
    """The sensor with the cursor of its last tick."""

    def __init__(self, instance: DagsterInstance, url: str) -> None:
        self.instance = instance
        self.cursor: str | None = None
        self.environment = {"CCE_ALERT_WEBHOOK": url}
        self.now = 0

    def tick(self) -> None:
        """Run the sensor once."""
        context = build_sensor_context(instance=self.instance, cursor=self.cursor)
        result: Any = health_sensor(context, warehouse=Warehouse(lambda: self.now, self.environment))
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


def test_a_failure_of_several_nights_gives_one_alert_and_one_recovery(
    watch: Watch, instance: DagsterInstance, chat: Chat
) -> None:
    run_id = _night(instance, Failure("The token was refused: 401 for 12 jobs."))
    watch.tick()
    assert chat.received() == [
        f"The nightly run failed at fetch: The token was refused: 401 for 12 jobs. (run {run_id})"
    ]
    _night(instance, Failure("The token was refused: 401 for 15 jobs."))
    watch.tick()
    watch.tick()
    assert chat.received() == []
    _night(instance)
    watch.tick()
    ended = "The nightly run succeeds again. It had failed at fetch: The token was refused: 401 for 12 jobs."
    assert chat.received() == [ended]
    watch.tick()
    assert chat.received() == []


def test_another_cause_gives_another_alert_and_one_good_night_closes_both(
    watch: Watch, instance: DagsterInstance, chat: Chat
) -> None:
    _night(instance, Failure("first"))
    watch.tick()
    _night(instance, Failure("second"))
    watch.tick()
    assert [line.partition(":")[2].split()[0] for line in chat.received()] == ["first", "second"]
    _night(instance)
    _night(instance, Failure("first"))
    watch.tick()
    # A good run in between closed both. The first failed again, with the same key, so it stays open.
    assert [line.partition(":")[2].strip() for line in chat.received()] == ["second"]


def test_the_message_of_an_unexpected_error_is_not_sent(watch: Watch, instance: DagsterInstance, chat: Chat) -> None:
    _night(instance, ValueError("canary-token-8f1d0c"))
    watch.tick()
    (line,) = chat.received()
    assert "The nightly run failed at fetch: an unexpected error." in line
    assert "canary" not in line


def test_runs_of_other_projects_on_the_same_instance_give_no_alert(
    watch: Watch, instance: DagsterInstance, chat: Chat
) -> None:
    _night(instance, Failure("theirs"), name="of_someone_else")
    watch.tick()
    assert chat.received() == []


def _publish(instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch, hours_ago: float) -> None:
    at = time.time() - hours_ago * 3_600
    with monkeypatch.context() as patch:
        patch.setattr("time.time", lambda: at)
        instance.report_runless_asset_event(AssetMaterialization(PUBLISHED))


def test_a_file_never_published_gives_no_alert(watch: Watch, chat: Chat) -> None:
    watch.now = time.time_ns()
    watch.tick()
    assert chat.received() == []


def test_an_old_file_gives_one_alert_and_a_fresh_one_its_recovery(
    watch: Watch, instance: DagsterInstance, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch.now = time.time_ns()
    for hours_ago in (25.9, None, 26.1, None, 0, None):
        if hours_ago is not None:
            _publish(instance, monkeypatch, hours_ago)
        watch.tick()
    old, fresh = chat.received()
    assert "nothing was published for 26 hours" in old
    assert fresh == "The published file is fresh again."


def test_a_file_that_is_old_because_a_night_failed_gives_no_second_alert_until_the_nights_stop(
    watch: Watch, instance: DagsterInstance, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    _publish(instance, monkeypatch, 3)
    _night(instance, Failure("first"))
    watch.tick()
    assert len(chat.received()) == 1
    watch.now = time.time_ns() + 25 * HOUR
    watch.tick()
    assert chat.received() == []
    watch.now = time.time_ns() + 27 * HOUR
    watch.tick()
    # The alert stays open while the file is old, even when another night fails.
    watch.now = time.time_ns() + 25 * HOUR
    watch.tick()
    (old,) = chat.received()
    assert "nothing was published for 26 hours" in old


def test_a_check_that_warns_gives_one_alert_and_one_recovery_and_a_failed_night_changes_neither(
    watch: Watch, instance: DagsterInstance, chat: Chat
) -> None:
    @asset
    def table() -> None:
        """An asset."""

    for finds in (True, True, None, False, False):
        if finds is None:
            _night(instance, Failure("first"))
        else:
            _checked_night(instance, table, finds)
        watch.tick()
    warned, failed, *ended = chat.received()
    assert warned.startswith("The check is_known on table warns: A type that is new.")
    assert failed.startswith("The nightly run failed")
    assert ended == [
        "The check is_known on table no longer finds any rows.",
        "The nightly run succeeds again. It had failed at fetch: first",
    ]


def test_without_a_webhook_the_sensor_keeps_its_state(instance: DagsterInstance, chat: Chat) -> None:
    watch = Watch(instance, "")
    _night(instance, Failure("first"))
    watch.tick()
    watch.environment = {"CCE_ALERT_WEBHOOK": chat.url}
    watch.tick()
    assert chat.received() == []


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


def test_a_run_whose_process_was_killed_fails_with_an_alert_and_a_live_one_continues(
    watch: Watch, instance: DagsterInstance, chat: Chat
) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        launched = {GRPC_INFO_TAG: "{}"}
        run_id, elsewhere = _started(instance, process.pid, launched), _started(instance, process.pid, {})
        watch.tick()
        assert chat.received() == []
        process.kill()
        process.wait()
    watch.tick()
    (line,) = chat.received()
    assert "The nightly run failed: The process of this run is gone" in line
    statuses = [instance.get_run_by_id(one).status for one in (run_id, elsewhere)]  # type: ignore[union-attr]
    assert statuses == [DagsterRunStatus.FAILURE, DagsterRunStatus.STARTED]


def test_the_address_of_a_webhook_that_is_down_is_in_no_cursor_and_no_log(
    watch: Watch, instance: DagsterInstance, chat: Chat, capfd: pytest.CaptureFixture[str]
) -> None:
    chat.status = 500
    _night(instance, Failure("first"))
    watch.tick()
    shown = capfd.readouterr()
    assert "did not accept an alert: it answered 500" in shown.err + shown.out
    assert "hook-canary-51c2" not in f"{shown.err}{shown.out}{watch.cursor}"
    chat.status = 200
    watch.tick()
    assert len(chat.received()) == 1
