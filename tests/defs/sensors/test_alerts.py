"""Alerts are sent once, recoveries once, and messages wait for a webhook that is down."""

import logging
from collections.abc import Iterator

import msgspec
import pytest
from dagster import DagsterInstance, SensorEvaluationContext, build_sensor_context
from hypothesis import given
from hypothesis import strategies as st

from cce_etl.defs.sensors.alerts import (
    MESSAGE_LINES,
    UNSENT_MESSAGES,
    Alert,
    AlertState,
    diff,
    fingerprint,
    message,
    notify,
)
from cce_etl.defs.sensors.health import HealthCursor
from cce_etl.defs.sensors.inbox import InboxCursor, InboxFile
from cce_etl.defs.sensors.stuck import StuckCursor
from tests.defs.chat import Chat

ALERT = Alert("a", "a is wrong", "a is well")


@pytest.fixture
def context(instance: DagsterInstance) -> Iterator[SensorEvaluationContext]:
    with build_sensor_context(instance=instance) as made:
        yield made


def _alerts(keys: str) -> list[Alert]:
    return [Alert(key, f"{key} is wrong", f"{key} is well") for key in keys]


@given(st.lists(st.sets(st.sampled_from("abcd")), max_size=12))
def test_alerts_and_recoveries_of_each_key_alternate(ticks: list[set[str]]) -> None:
    open_alerts: dict[str, str] = {}
    lines: list[str] = []
    for keys in ticks:
        present = _alerts("".join(sorted(keys)))
        lines += diff(open_alerts, present)
        open_alerts = {alert.key: alert.recovery for alert in present}
    for key in "abcd":
        own = [line for line in lines if line.startswith(key)]
        assert own == [f"{key} is wrong", f"{key} is well"] * (len(own) // 2) + [f"{key} is wrong"] * (len(own) % 2)
        assert (key in open_alerts) == (len(own) % 2 == 1)


def test_new_alerts_come_before_recoveries_and_open_ones_are_not_repeated() -> None:
    assert diff({"a": "a is well", "b": "b is well"}, _alerts("bcc")) == ["c is wrong", "a is well"]


def test_a_message_has_the_first_lines_and_the_number_of_the_others() -> None:
    assert message(["one", "two"]) == "cce-etl: one\ncce-etl: two"
    many = message([str(number) for number in range(MESSAGE_LINES + 3)]).splitlines()
    assert (len(many), many[-1]) == (MESSAGE_LINES + 1, "cce-etl: and 3 more")


def test_the_fingerprint_of_an_error_is_the_same_on_another_night() -> None:
    tonight = fingerprint("3 of 12 jobs failed in run 0f3a9c51de77, PID 4711")
    assert tonight == fingerprint("120 of 400 jobs failed in run 77bb01aac9d2, PID 1")
    assert tonight != fingerprint("The token was refused.")


def test_each_line_is_logged_once_with_and_without_a_webhook(
    context: SensorEvaluationContext, chat: Chat, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = logging.getLogger("tests.alerts")
    monkeypatch.setattr(SensorEvaluationContext, "log", log)
    for webhook in (None, chat.url):
        caplog.clear()
        state = notify(context, AlertState(), [ALERT], webhook)
        assert notify(context, state, [ALERT], webhook) == state == AlertState({"a": "a is well"})
        assert caplog.messages == ["a is wrong"]
    assert chat.received() == ["a is wrong"]


def test_refused_messages_wait_and_are_sent_in_order(context: SensorEvaluationContext, chat: Chat) -> None:
    chat.status = 500
    state = notify(context, AlertState(), [ALERT], chat.url)
    state = notify(context, state, [], chat.url)
    assert state == AlertState({}, ["cce-etl: a is wrong", "cce-etl: a is well"])
    chat.status = 200
    assert notify(context, state, [], chat.url) == AlertState()
    assert chat.received() == ["a is wrong", "a is well"]


def test_only_the_latest_messages_wait(context: SensorEvaluationContext, chat: Chat) -> None:
    chat.status = 500
    waiting = [str(number) for number in range(UNSENT_MESSAGES)]
    state = notify(context, AlertState({}, waiting), [ALERT], chat.url)
    assert state.unsent == [*waiting[1:], "cce-etl: a is wrong"]


def test_the_cursors_that_earlier_versions_wrote_are_read_and_written_in_the_same_form() -> None:
    ledger = '"ledger":{"told":{"a":"a is well"},"unsent":["cce-etl: a is wrong"]}'
    state = AlertState({"a": "a is well"}, ["cce-etl: a is wrong"])
    files = '"files":{"x.txt":{"size":3,"changed_ns":5,"state":"taken","reason":""}}'
    for text, cursor in (
        (f'{{{ledger},"runs_until":12.5}}', HealthCursor(state, 12.5)),
        (f'{{{ledger},"version":[7,9]}}', StuckCursor(state, (7, 9))),
        (f"{{{ledger},{files}}}", InboxCursor(state, {"x.txt": InboxFile(3, 5, "taken")})),
    ):
        assert msgspec.json.decode(text, type=type(cursor)) == cursor
        assert msgspec.json.encode(cursor).decode() == text
