"""Requests are sent as they are written."""

from cce_etl.extract.messages import Request, plain_url


def test_a_url_keeps_its_encoding_letter_by_letter() -> None:
    assert plain_url("https://cce.example/jobs/a%2fb%7E?x=%20").raw_path_qs == "/jobs/a%2fb%7E?x=%20"


def test_requests_share_no_headers_and_find_them_in_any_case() -> None:
    one, other = (Request("GET", plain_url("https://cce.example/")) for _ in range(2))
    one.headers["X-Auth-Token"] = "canary"
    assert one.headers["x-auth-token"] == "canary"
    assert not other.headers
