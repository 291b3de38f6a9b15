"""The webhook over real HTTP: what is sent, and the reason returned when it is not accepted."""

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from cce_etl.defs.sensors.webhook import post_text

SECRET = "hook-canary-51c2"


class Chat:
    """A chat that keeps what it is sent and answers with a status."""

    def __init__(self) -> None:
        self.received: list[Any] = []
        self.status = 200
        self.url = ""


@pytest.fixture
def chat() -> Iterator[Chat]:
    chat = Chat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            chat.received.append((self.path, json.loads(body)))
            self.send_response(chat.status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Write nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        chat.url = f"http://127.0.0.1:{server.server_port}/services/{SECRET}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield chat
        server.shutdown()
        thread.join()


def test_a_text_is_sent_in_the_form_that_slack_accepts(chat: Chat) -> None:
    assert post_text(chat.url, "InstallMaster is stuck: é") is None
    assert chat.received == [(f"/services/{SECRET}", {"text": "InstallMaster is stuck: é"})]


def test_the_reason_of_a_refusal_has_its_status_and_not_the_address(chat: Chat) -> None:
    chat.status = 404
    assert post_text(chat.url, "x") == "it answered 404"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (f"http://127.0.0.1:9/{SECRET}", "it cannot be reached (ConnectError)"),
        (f"http://chat.example/{SECRET}", "CCE_ALERT_WEBHOOK is not an https address"),
        (f"{SECRET}", "CCE_ALERT_WEBHOOK is not an https address"),
        (f"https://chat.example:port/{SECRET}", "it cannot be reached (InvalidURL)"),
    ],
)
def test_a_chat_that_cannot_be_reached_is_no_error_and_its_address_stays_secret(url: str, reason: str) -> None:
    assert post_text(url, "x") == reason


def test_the_address_is_not_logged(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        post_text(chat.url, "x")
    assert len(chat.received) == 1
    assert SECRET not in caplog.text
