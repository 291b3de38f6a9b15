"""Signatures equal those of the official package for many requests, with and without a security token."""

from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer
from hypothesis import given
from hypothesis import strategies as st

from cce_etl.extract.signing import AccessKey, signed_headers

TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=["Cs"]), max_size=20)
PARTS = st.lists(TEXT.filter(lambda part: "/" not in part and part not in (".", "..")), min_size=1, max_size=5)
QUERIES = st.lists(st.tuples(TEXT.filter(bool), TEXT), max_size=4)
MOMENTS = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1))  # noqa: DTZ001  naive on purpose
SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60)


@given(PARTS, QUERIES, MOMENTS, SECRETS, st.none() | SECRETS, st.binary(max_size=40), st.sampled_from(["GET", "POST"]))
def test_it_equals_the_official_signer(
    parts: list[str],
    query: list[tuple[str, str]],
    moment: datetime,
    secret: str,
    token: str | None,
    body: bytes,
    method: str,
) -> None:
    path = "/" + "/".join(quote(part, safe="") for part in parts)
    stated = {"Host": "cce.example:443", "X-Project-Id": "p"}
    ours = signed_headers(
        AccessKey("AK", secret, token),
        method,
        path,
        urlencode(query, quote_via=quote),
        stated,
        body,
        moment.replace(tzinfo=UTC),
    )
    theirs = SdkRequest(
        method=method,
        schema="https",
        host="cce.example:443",
        resource_path=path,
        query_params=list(query),
        header_params=stated
        | {"X-Sdk-Date": moment.strftime("%Y%m%dT%H%M%SZ")}
        | ({"X-Security-Token": token} if token else {}),
        body=body,
    )
    signed = Signer(BasicCredentials("AK", secret, "p")).sign(theirs)
    assert ours["Authorization"] == signed.header_params["Authorization"]


def test_a_key_shows_no_secret() -> None:
    assert "hidden" not in repr(AccessKey("ACCESSKEY", "hidden-secret", "hidden-token"))


@pytest.mark.parametrize("path", ["/a", "/a/"])
def test_a_slash_at_the_end_of_the_path_changes_no_signature(path: str) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    headers = [
        signed_headers(AccessKey("AK", "SK"), "GET", one, "", {"Host": "h"}, b"", moment) for one in (path, "/a")
    ]
    assert headers[0] == headers[1]
