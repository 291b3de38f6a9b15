"""Responses other than 200: every shape of error body, every code, every way to ask for a wait."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cce_etl.errors import ApiError, AuthError, CceEtlError, ConfigError, JobGone, RetryableError
from cce_etl.extract.error_responses import ErrorBody, excerpt, parse_error_body, to_error, wait_seconds

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
URL = "https://cce.example/api/v3/projects/p/jobs/j"
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["error", "code", "message"]), inner),
    max_leaves=10,
)


def error_of(status: int, body: bytes = b"", **headers: str) -> CceEtlError:
    dashed = {name.replace("_", "-"): value for name, value in headers.items()}
    return to_error(status, dashed, body, URL)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"errorCode": "CCE.01404001", "errorMessage": "not found"}', ErrorBody("CCE.01404001", "not found")),
        (
            '{"error_code": "APIGW.0308", "error_msg": "slow down", "request_id": "r1"}',
            ErrorBody("APIGW.0308", "slow down", "r1"),
        ),
        ('{"code": "X.1", "message": "m"}', ErrorBody("X.1", "m")),
        ('{"code": 404, "message": "m"}', ErrorBody("404", "m")),
        ('{"error": {"code": 401, "message": "The token expired"}}', ErrorBody("401", "The token expired")),
        ('{"error": {"message": "m"}, "error_code": "X.2", "request_id": "r"}', ErrorBody("X.2", "m", "r")),
        ('{"error": {"code": "inner"}, "code": "outer"}', ErrorBody("outer")),
        ('{"error": "flat", "message": "m"}', ErrorBody(None, "m")),
        ('{"errorCode": "", "error_code": null, "code": "X.3"}', ErrorBody("X.3")),
        ('{"errorCode": ["X"], "errorMessage": {"a": 1}}', ErrorBody()),
        ('{"errorCode": true}', ErrorBody()),
        ("<html><body>502 Bad Gateway</body></html>", ErrorBody()),
        ("", ErrorBody()),
        ("null", ErrorBody()),
        ('["CCE.01404001"]', ErrorBody()),
        ('{"errorCode": "CCE.0140', ErrorBody()),
        ("[" * 100_000, ErrorBody()),
    ],
)
def test_an_error_body_of_any_shape_is_read(body: str, expected: ErrorBody) -> None:
    assert parse_error_body(body.encode()) == expected


@settings(deadline=None)
@given(st.binary() | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_body_can_be_parsed(body: bytes) -> None:
    assert isinstance(parse_error_body(body), ErrorBody)
    assert len(excerpt(body)) <= 10 * 500


@settings(deadline=None)
@given(st.integers(100, 599), st.binary(), st.text(st.characters(max_codepoint=255)))
def test_every_response_becomes_an_error_of_this_project(status: int, body: bytes, header: str) -> None:
    error = error_of(status, body, retry_after=header, x_request_id=header)
    assert isinstance(error, ApiError | ConfigError)
    assert "\n" not in str(error)


@pytest.mark.parametrize("code", ["CCE.01401001", "APIGW.0301", "APIGW.0305", "", "CCE.01404001"])
def test_a_401_means_refused_credentials_whatever_its_code(code: str) -> None:
    error = error_of(401, b'{"errorCode": "%s"}' % code.encode())
    assert isinstance(error, AuthError)
    assert error.exit_code == 3
    assert "CCE_AUTH_TOKEN" in str(error)


def test_status_code_request_id_and_url_are_attributes_of_the_error() -> None:
    error = error_of(400, b'{"error_code": "X.1", "error_msg": "bad", "request_id": "r1"}')
    assert isinstance(error, ApiError)
    assert (error.status, error.error_code, error.request_id, error.url) == (400, "X.1", "r1", URL)
    assert str(error) == "HTTP 400 X.1 bad (request id r1)"


def test_the_request_id_comes_from_the_header_when_the_body_has_none() -> None:
    error = error_of(500, b"<html>", x_request_id="r2")
    assert isinstance(error, RetryableError)
    assert error.request_id == "r2"


def test_a_404_of_a_job_and_a_404_of_a_url_are_different_errors() -> None:
    assert isinstance(error_of(404, b'{"errorCode": "CCE.01404001"}'), JobGone)
    assert isinstance(error_of(404, b'{"error_code": "APIGW.0101"}'), ConfigError)
    for body in (b"", b"<html>", b'{"code": 404}'):
        assert type(error_of(404, body)) is ApiError


@pytest.mark.parametrize(
    ("status", "code"),
    [(429, "APIGW.0308"), (429, "CCE.02429001"), (429, ""), (429, "CCE.01429002"), (400, "CCE.01429003")],
)
def test_throttling_and_busy_are_retryable(status: int, code: str) -> None:
    error = error_of(status, b'{"errorCode": "%s"}' % code.encode())
    assert isinstance(error, RetryableError)
    assert (error.is_throttle, error.retry_after_seconds) == (True, None)


def test_an_unpaid_balance_is_not_throttling() -> None:
    error = error_of(429, b'{"errorCode": "CCE.01429004"}', retry_after="1")
    assert isinstance(error, AuthError)
    assert "unpaid" in str(error)


@pytest.mark.parametrize("status", [408, 500, 501, 502, 503, 504, 599])
def test_a_server_fault_is_retryable_but_not_throttling(status: int) -> None:
    error = error_of(status, b"<html>", retry_after="7")
    assert isinstance(error, RetryableError)
    assert (error.is_throttle, error.retry_after_seconds) == (False, 7.0)


def test_a_403_alone_does_not_mean_refused_credentials() -> None:
    assert type(error_of(403, b'{"errorCode": "CCE.01403001"}')) is ApiError


def test_control_characters_of_a_server_are_made_visible() -> None:
    error = error_of(400, json.dumps({"code": "X\x1b[2J", "message": "a\x1b]0;b\r\n\tc\x00"}).encode())
    assert str(error) == r"HTTP 400 X\x1b[2J a\x1b]0;b c\x00"


def test_a_long_message_is_cut() -> None:
    assert len(str(error_of(400, json.dumps({"message": "m" * 10_000}).encode()))) < 600


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("2", 2.0),
        (" 2.5 ", 2.5),
        ("-3", 0.0),
        ("86400", 300.0),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 13:00:30 +0100", 30.0),
        ("Sun, 01 Mar 2026 12:00:30", 30.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("Tue, 01 Mar 2050 12:00:00 GMT", 300.0),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("", None),
        ("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str, seconds: float | None) -> None:
    assert wait_seconds({"retry-after": header}, "", NOW) == seconds


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("The throttling threshold has been reached: policy user over ratelimit,limit:10,time:1 minute", 60.0),
        ("over ratelimit,limit:10,time:2 second", 2.0),
        ("over ratelimit, limit: 10, time: 1 Minutes", 60.0),
        ("limit:5,time:1 day", 300.0),
        ("limit:5,time:" + "9" * 400 + " second", 300.0),
        ("over the limit", None),
        ("", None),
    ],
)
def test_the_limit_in_the_text_of_the_gateway_is_read(message: str, seconds: float | None) -> None:
    assert wait_seconds({}, message, NOW) == seconds


def test_retry_after_counts_before_the_text() -> None:
    assert wait_seconds({"retry-after": "3"}, "limit:10,time:1 minute", NOW) == 3.0
    assert wait_seconds({"retry-after": "soon"}, "limit:10,time:1 minute", NOW) == 60.0


@settings(deadline=None)
@given(st.text(), st.text())
def test_every_wait_is_between_0_and_300_seconds(header: str, message: str) -> None:
    seconds = wait_seconds({"retry-after": header}, message, NOW)
    assert seconds is None or 0 <= seconds <= 300


def test_an_excerpt_is_short_and_shows_control_characters() -> None:
    assert excerpt(b"a\x00b\nc\x1b") == "a\\x00b\nc\\x1b"
    assert excerpt(b"\xff" * 10_000) == "\ufffd" * 500
    assert excerpt("\u20ac".encode() * 10_000) == "\u20ac" * 500
