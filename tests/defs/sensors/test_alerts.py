"""Telling from within a sensor: a log line each, and messages that wait for a webhook that is down."""

import logging

import pytest

from cce_etl.defs.sensors.alert_state import UNSENT_MESSAGES, Cause, Ledger
from cce_etl.defs.sensors.alerts import tell
from tests.defs.chat import Chat

LOG = logging.getLogger("tests.alerting")
CAUSE = Cause("a", "a is wrong", "a is well")


def test_each_line_is_logged_once_with_and_without_a_webhook(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    for webhook in (None, chat.url):
        caplog.clear()
        ledger = tell(LOG.warning, Ledger(), [CAUSE], webhook)
        assert tell(LOG.warning, ledger, [CAUSE], webhook) == ledger == Ledger({"a": "a is well"})
        assert caplog.messages == ["a is wrong"]
    assert chat.told() == ["a is wrong"]


def test_what_was_not_taken_waits_and_all_of_it_goes_out_in_its_order(chat: Chat) -> None:
    chat.status = 500
    ledger = tell(LOG.warning, Ledger(), [CAUSE], chat.url)
    ledger = tell(LOG.warning, ledger, [], chat.url)
    assert ledger == Ledger({}, ["cce-etl: a is wrong", "cce-etl: a is well"])
    chat.status = 200
    assert tell(LOG.warning, ledger, [], chat.url) == Ledger()
    assert chat.told() == ["a is wrong", "a is well"]


def test_only_the_latest_messages_wait(chat: Chat) -> None:
    chat.status = 500
    waiting = [str(number) for number in range(UNSENT_MESSAGES)]
    ledger = tell(LOG.warning, Ledger({}, waiting), [CAUSE], chat.url)
    assert ledger.unsent == [*waiting[1:], "cce-etl: a is wrong"]
