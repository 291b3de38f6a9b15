"""One job over real HTTP: the request, the retries, the outcome, and no secret in any of them."""

import gzip
import socket
from typing import TYPE_CHECKING

import pytest

from cce_etl.errors import AuthError, ConfigError
from cce_etl.extract.client import Failed, Fetched, Gone

if TYPE_CHECKING:
    from tests.extract.conftest import ScriptedApi

JOB_ID = "354331b2c-229a-11e8-9c75-0255ac100ceb"
FETCHED_AT = 1_772_323_200_000_000_123
GONE = b'{"errorCode": "CCE.01404001", "errorMessage": "Resource not found"}'


def raw_answer(status_line: bytes, body: bytes = b"{}", headers: bytes = b"") -> bytes:
    length = b"Content-Length: %d\r\n" % len(body)
    return b"HTTP/1.1 " + status_line + b"\r\nConnection: close\r\n" + length + headers + b"\r\n" + body


def test_a_job_is_requested_by_its_url_alone(api: "ScriptedApi") -> None:
    api.script(JOB_ID)
    api.fetch(JOB_ID)
    (request,) = api.requests
    assert (request.method, request.raw_path) == ("GET", f"/api/v3/projects/project/jobs/{JOB_ID}")
    assert request.headers["X-Auth-Token"] == api.token


@pytest.mark.parametrize("body", [b' {"a":\t1.10}\n', b"", b"\xef\xbb\xbf{}", b"<html>", b"\x00\xff"])
def test_the_bytes_of_a_200_are_kept_exactly(api: "ScriptedApi", body: bytes) -> None:
    api.script("a", body=body)
    assert api.fetch_one() == Fetched("a", body, FETCHED_AT, attempts=1)
    assert api.statistics.received_bytes == len(body)


def test_a_compressed_body_is_decompressed(api: "ScriptedApi") -> None:
    api.script("a", body=gzip.compress(b'{"kind": "Job"}'), content_encoding="gzip")
    assert api.fetch_one().body == b'{"kind": "Job"}'
    assert api.requests[0].headers["Accept-Encoding"] == "gzip"


def test_a_job_that_the_api_no_longer_knows_is_gone_after_one_try(api: "ScriptedApi") -> None:
    api.script("a", 404, GONE)
    assert api.fetch_one() == Gone("a", FETCHED_AT, attempts=1)


def test_a_url_that_the_gateway_does_not_know_is_a_wrong_setting(api: "ScriptedApi") -> None:
    api.script("a", 404, b'{"error_code": "APIGW.0101", "error_msg": "The API does not exist", "request_id": "r7"}')
    with pytest.raises(ConfigError, match=r"APIGW\.0101.*r7.*CCE_ENDPOINT.*CCE_PROJECT_ID"):
        api.fetch_one()


@pytest.mark.parametrize("code", ["CCE.01401001", "APIGW.0301", "APIGW.0307"])
def test_refused_credentials_are_an_error_after_a_single_request(api: "ScriptedApi", code: str) -> None:
    api.script("a", 401, b'{"error_code": "%s", "error_msg": "decrypt token fail"}' % code.encode())
    with pytest.raises(AuthError, match="CCE_AUTH_TOKEN") as caught:
        api.fetch_one(max_attempts=6)
    assert (caught.value.status, caught.value.error_code, api.asked) == (401, code, ["a"])


def test_a_403_is_the_failure_of_its_id_and_is_not_tried_again(api: "ScriptedApi") -> None:
    api.script("a", 403, b'{"errorCode": "CCE.01403001", "errorMessage": "Forbidden"}')
    failed = api.fetch_one()
    assert (failed.kind, failed.http_status, failed.error_code) == ("forbidden", 403, "CCE.01403001")
    assert (failed.is_retryable, failed.attempts, api.asked) == (False, 1, ["a"])


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_server_fault_is_retried_until_the_tries_are_used_up(api: "ScriptedApi", status: int) -> None:
    api.script("a", status, b"<html>Bad Gateway</html>", retry_after="0")
    failed = api.fetch_one(max_attempts=3)
    assert (failed.kind, failed.http_status, failed.is_retryable) == ("unavailable", status, True)
    assert (failed.attempts, len(api.asked), failed.body_excerpt) == (3, 3, "<html>Bad Gateway</html>")


def test_a_fault_that_ends_costs_one_retry(api: "ScriptedApi") -> None:
    api.script("a", 503, retry_after="0")
    api.script("a", body=b'{"spec": {}}')
    assert api.fetch_one() == Fetched("a", b'{"spec": {}}', FETCHED_AT, attempts=2)
    counts = api.statistics
    assert (counts.request_count, counts.retry_count, counts.throttled_count) == (2, 1, 0)


@pytest.mark.parametrize("code", ["APIGW.0308", "CCE.02429001", "CCE.01429002", "CCE.01429003"])
def test_a_throttled_job_is_fetched_after_a_wait(api: "ScriptedApi", code: str) -> None:
    api.script("a", 429, b'{"error_code": "%s"}' % code.encode(), retry_after="0.01")
    api.script("a")
    assert api.fetch_one(max_attempts=1) == Fetched("a", b"{}", FETCHED_AT, attempts=2)
    assert api.statistics.throttled_count == 1
    assert api.waited_seconds > 0


def test_a_job_throttled_for_ever_fails_after_three_times_the_tries(api: "ScriptedApi") -> None:
    api.script("a", 429, retry_after="0.01")
    failed = api.fetch_one(max_attempts=1)
    assert (failed.kind, failed.is_retryable, failed.attempts, len(api.asked)) == ("throttled", True, 3, 3)


def test_an_unpaid_balance_stops_the_run_and_is_not_throttling(api: "ScriptedApi") -> None:
    api.script("a", 429, b'{"errorCode": "CCE.01429004", "errorMessage": "account is frozen"}')
    with pytest.raises(AuthError, match="unpaid"):
        api.fetch_one()
    assert api.asked == ["a"]


@pytest.mark.parametrize(
    "retry_after", ["Wed, 21 Oct 99999999999999999999 07:28:00 GMT", "nan", "inf", "soon", "", "-1", "1e999"]
)
def test_an_unreadable_retry_after_is_ignored(api: "ScriptedApi", retry_after: str) -> None:
    api.script("a", 503, retry_after=retry_after)
    assert api.fetch_one(max_attempts=1).kind == "unavailable"


@pytest.mark.parametrize("status", [204, 206, 400, 405, 409, 410, 418])
def test_any_other_status_is_a_failure_without_retry(api: "ScriptedApi", status: int) -> None:
    api.script("a", status, b"" if status == 204 else b'{"code": "CCE.01400001", "message": "no"}')
    failed = api.fetch_one()
    assert (failed.kind, failed.http_status, failed.is_retryable, failed.attempts) == (
        "unexpected_status",
        status,
        False,
        1,
    )


def test_a_404_without_the_code_of_a_missing_job_does_not_mean_gone(api: "ScriptedApi") -> None:
    api.script("a", 404, b"<html>nginx</html>")
    failed = api.fetch_one()
    assert (failed.kind, failed.http_status, failed.body_excerpt) == ("not_found", 404, "<html>nginx</html>")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(api: "ScriptedApi", status: int) -> None:
    api.script("a", status, location="/api/v3/projects/project/jobs/elsewhere")
    api.script("elsewhere")
    assert api.fetch_one().kind == "unexpected_status"
    assert api.asked == ["a"]


@pytest.mark.parametrize("compressed", [False, True])
def test_a_body_as_large_as_the_limit_is_accepted_and_one_byte_more_is_not(
    api: "ScriptedApi", compressed: bool
) -> None:
    pack, encoding = (gzip.compress, "gzip") if compressed else (bytes, "identity")
    api.script("a", body=pack(b"x" * 1_000), content_encoding=encoding)
    api.script("b", body=pack(b"x" * 1_001), content_encoding=encoding)
    outcomes = {outcome.job_id: outcome for outcome in api.fetch("a", "b", max_body_bytes=1_000)}
    assert outcomes["a"] == Fetched("a", b"x" * 1_000, FETCHED_AT, attempts=1)
    failed = outcomes["b"]
    assert isinstance(failed, Failed)
    assert (failed.kind, failed.is_retryable, failed.attempts) == ("body_too_large", False, 1)
    assert "CCE_MAX_BODY_BYTES (1000 bytes)" in failed.message


def test_a_gzip_bomb_is_refused(api: "ScriptedApi") -> None:
    bomb = gzip.compress(b"0" * 30_000_000)
    assert len(bomb) < 100_000
    api.script("a", body=bomb, content_encoding="gzip")
    assert api.fetch_one().kind == "body_too_large"
    assert api.statistics.received_bytes == 0


def test_an_endless_body_is_abandoned_as_soon_as_it_is_too_large(api: "ScriptedApi") -> None:
    api.script("a", body=[b"x" * 60_000, b"x" * 60_000, *[b"x"] * 1_000], pause_seconds=0.1)
    assert api.fetch_one().kind == "body_too_large"


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress"])
def test_an_encoding_that_was_not_asked_for_is_a_failure_of_its_own_kind(api: "ScriptedApi", encoding: str) -> None:
    api.script("a", body=b"...", content_encoding=encoding)
    failed = api.fetch_one()
    assert (failed.kind, failed.is_retryable) == ("unsupported_encoding", False)
    assert repr(encoding) in failed.message


@pytest.mark.parametrize(("encoding", "body"), [("identity", b"x" * 200_000), ("br", b"..."), ("gzip", b"no gzip")])
def test_an_unreadable_error_body_does_not_hide_the_status(api: "ScriptedApi", encoding: str, body: bytes) -> None:
    api.script("a", 503, body, content_encoding=encoding, retry_after="0")
    api.script("a")
    assert isinstance(api.fetch_one(), Fetched)
    api.script("b", 401, body, content_encoding=encoding)
    with pytest.raises(AuthError, match="HTTP 401"):
        api.fetch("b")


def test_a_stalled_response_ends_at_the_time_limit_of_a_try(api: "ScriptedApi") -> None:
    api.script("a", pause_seconds=60.0)
    failed = api.fetch_one(timeout_seconds=0.05)
    assert (failed.kind, failed.attempts, failed.is_retryable) == ("unreachable", 2, True)
    assert failed.message == "no complete answer within 0.05 seconds"


def test_a_trickled_body_ends_at_the_time_limit_of_a_try_though_each_read_is_quick(api: "ScriptedApi") -> None:
    api.script("a", body=[b" "] * 1_000, pause_seconds=0.02)
    failed = api.fetch_one(max_attempts=1, timeout_seconds=0.2)
    assert (failed.kind, failed.http_status, failed.body_excerpt) == ("incomplete_body", 200, " ")


def test_a_connection_that_is_cut_within_a_body_is_retried(api: "ScriptedApi") -> None:
    api.script("a", body=[b'{"spec":', b" "], is_cut=True)
    api.script("a", body=b'{"spec": {}}')
    assert api.fetch_one() == Fetched("a", b'{"spec": {}}', FETCHED_AT, attempts=2)


def test_a_body_that_is_not_compressed_as_its_header_says_is_retried(api: "ScriptedApi") -> None:
    api.script("a", body=b"no gzip", content_encoding="gzip")
    api.script("a")
    assert api.fetch_one().attempts == 2


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\x01 no HTTP\r\n\r\n",
        raw_answer(b"200 OK", headers=b"Content-Length: 5\r\n"),
        raw_answer(b"200 OK", headers=b"X: " + b"y" * 100_000 + b"\r\n"),
        raw_answer(b"503 N\xe3o dispon\xedvel"),
    ],
    ids=["nothing", "no HTTP", "two lengths", "endless header", "reason in Latin-1"],
)
def test_a_response_that_is_not_http_is_a_failure_of_the_connection(api: "ScriptedApi", raw: bytes) -> None:
    api.raw = raw
    failed = api.fetch_one(max_attempts=1)
    assert (failed.kind, failed.is_retryable, failed.http_status) == ("unreachable", True, None)


def test_headers_may_hold_bytes_outside_ascii(api: "ScriptedApi") -> None:
    api.raw = raw_answer(b"200 OK", headers=b"X-Request-Id: \xff\xfe\r\nSet-Cookie: a=\xff; expires=never\r\n")
    assert api.fetch_one().body == b"{}"


@pytest.mark.parametrize("host", ["a..b", "a" * 300, "\N{SNOWMAN}.example"])
def test_a_host_that_cannot_exist_is_a_failure_of_the_connection(api: "ScriptedApi", host: str) -> None:
    (failed,) = api.fetch("a", endpoint=f"http://{host}", max_attempts=1)
    assert isinstance(failed, Failed)
    assert (failed.kind, failed.is_retryable) == ("unreachable", True)


def test_a_port_where_nobody_listens_is_a_failure_of_the_connection(api: "ScriptedApi") -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{unused.getsockname()[1]}"
        (failed,) = api.fetch("a", endpoint=endpoint)
    assert isinstance(failed, Failed)
    assert (failed.kind, failed.attempts) == ("unreachable", 2)


def test_a_token_that_the_server_sends_back_is_not_shown(api: "ScriptedApi") -> None:
    echoed = b'{"errorCode": "X", "errorMessage": "bad token %s"}' % api.token.encode()
    api.script("a", 400, echoed)
    api.script("b", 503, echoed, retry_after="0")
    api.script("c", 401, echoed)
    seen = repr(api.fetch("a", "b"))
    with pytest.raises(AuthError) as caught:
        api.fetch("c")
    assert "bad token ***" in seen
    assert "bad token ***" in str(caught.value)
    assert api.token not in seen + repr(caught.value) + repr(vars(caught.value)) + api.client_repr


def test_proxies_of_the_environment_do_not_get_the_token(api: "ScriptedApi", monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    api.script("a")
    assert isinstance(api.fetch_one(), Fetched)
