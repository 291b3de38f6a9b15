"""Each fault as a plain socket or a plain client sees it."""

import gzip
import socket
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from cce_etl.demo.api import DEMO_PROJECT_ID, DEMO_TOKEN
from cce_etl.demo.example import EXAMPLE_BODY, EXAMPLE_JOB_ID
from cce_etl.demo.fleet import Fleet
from tests.fake_api.faults import (
    HTML_PAGE,
    delay,
    gzip_bomb,
    html_page,
    length_too_long,
    length_too_short,
    redirect_to,
    reset_within_body,
    server_fault,
    throttle_for,
    throttle_until,
    throttle_with_stated_limit,
    throttle_without_retry_after,
    trickle,
    truncated_body,
)
from tests.fake_api.server import fake_api

PATH = f"/api/v3/projects/{DEMO_PROJECT_ID}/jobs/{EXAMPLE_JOB_ID}"
HEADERS = {"X-Auth-Token": DEMO_TOKEN}


def answer_of(fleet: Fleet, *faults: Middleware) -> httpx.Response:
    with fake_api(fleet, middlewares=faults) as endpoint:
        return httpx.get(endpoint + PATH, headers=HEADERS, trust_env=False)


def bytes_of(fleet: Fleet, *faults: Middleware) -> tuple[bytes, bytes]:
    """Return head and body as they come over the wire until the server hangs up."""
    with fake_api(fleet, middlewares=faults) as endpoint:
        host, port = endpoint.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(f"GET {PATH} HTTP/1.1\r\nHost: {host}\r\nX-Auth-Token: {DEMO_TOKEN}\r\n\r\n".encode())
            received = b""
            while chunk := connection.recv(65_536):
                received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    return head, body


def test_server_faults_come_in_turn(small_fleet: Fleet) -> None:
    with fake_api(small_fleet, middlewares=[server_fault(500, 502)]) as endpoint:
        statuses = [httpx.get(endpoint + PATH, trust_env=False).status_code for _ in range(3)]
    assert statuses == [500, 502, 500]


@pytest.mark.parametrize(
    ("fault", "retry_after", "words"),
    [
        (throttle_for(2), "2", "Too many requests"),
        (throttle_for(0.25), "0.25", "Too many requests"),
        (throttle_without_retry_after(), None, "Too many requests"),
        (throttle_with_stated_limit(10, "1 minute"), None, "policy user over ratelimit,limit:10,time:1 minute"),
    ],
)
def test_each_kind_of_throttling_says_how_long_to_wait(
    small_fleet: Fleet, fault: Middleware, retry_after: str | None, words: str
) -> None:
    answer = answer_of(small_fleet, fault)
    assert (answer.status_code, answer.json()["error_code"]) == (429, "APIGW.0308")
    assert answer.headers.get("Retry-After") == retry_after
    assert answer.json()["error_msg"].endswith(words)


def test_throttling_may_give_a_date(small_fleet: Fleet) -> None:
    stated = answer_of(small_fleet, throttle_until(3_600)).headers["Retry-After"]
    assert stated.endswith(" GMT")
    assert 3_000 < (parsedate_to_datetime(stated) - datetime.now(UTC)).total_seconds() < 3_601


def test_a_reset_comes_in_the_middle_of_the_body(small_fleet: Fleet) -> None:
    with pytest.raises(ConnectionResetError):
        bytes_of(small_fleet, reset_within_body)


@pytest.mark.parametrize(("fault", "error"), [(length_too_long, 10), (length_too_short, -10)])
def test_the_true_body_has_a_wrong_content_length(small_fleet: Fleet, fault: Middleware, error: int) -> None:
    head, body = bytes_of(small_fleet, fault)
    assert f"\r\nContent-Length: {len(EXAMPLE_BODY) + error}".encode() in head
    assert body == EXAMPLE_BODY


def test_a_cut_body_has_the_length_of_what_is_left(small_fleet: Fleet) -> None:
    answer = answer_of(small_fleet, truncated_body)
    assert (answer.status_code, answer.content) == (200, EXAMPLE_BODY[:-10])


def test_a_delay_and_a_trickle_send_the_true_body(small_fleet: Fleet) -> None:
    for fault in (delay(0.01), trickle(0.0)):
        assert answer_of(small_fleet, fault).content == EXAMPLE_BODY


def test_a_gzip_bomb_is_small_on_the_wire(small_fleet: Fleet) -> None:
    with (
        fake_api(small_fleet, middlewares=[gzip_bomb(1_000_000)]) as endpoint,
        httpx.stream("GET", endpoint + PATH, trust_env=False) as answer,
    ):
        packed = b"".join(answer.iter_raw())
    assert len(packed) < 2_000
    assert gzip.decompress(packed) == b" " * 1_000_000


def test_a_page_of_html_comes_with_200(small_fleet: Fleet) -> None:
    answer = answer_of(small_fleet, html_page())
    assert (answer.status_code, answer.content) == (200, HTML_PAGE)
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_redirect_keeps_the_path(small_fleet: Fleet) -> None:
    answer = answer_of(small_fleet, redirect_to("http://127.0.0.1:9"))
    assert (answer.status_code, answer.headers["Location"]) == (302, f"http://127.0.0.1:9{PATH}")


@pytest.mark.parametrize("fault", [reset_within_body, length_too_long, length_too_short, truncated_body, trickle(60.0)])
def test_faults_of_bodies_let_errors_and_broken_responses_pass(small_fleet: Fleet, fault: Middleware) -> None:
    assert answer_of(small_fleet, fault, server_fault(503)).status_code == 503


def test_a_body_is_corrupted_by_one_fault_only(small_fleet: Fleet) -> None:
    _, body = bytes_of(small_fleet, trickle(60.0), length_too_long)
    assert body == EXAMPLE_BODY

    async def streamed(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"streamed")
        return response

    assert answer_of(small_fleet, truncated_body, streamed).content == b"streamed"
