"""Addresses are normalized; what is not an address, or not encrypted, is a wrong setting."""

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from cce_etl.errors import ConfigError
from cce_etl.settings.endpoints import endpoint_of, iam_endpoint_of, metadata_endpoint_of
from cce_etl.settings.settings import Settings

CANARY = "canary-0123456789"


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("https://cce.eu-west-101.myhuaweicloud.eu", "https://cce.eu-west-101.myhuaweicloud.eu"),
        ("cce.eu-de.otc.t-systems.com", "https://cce.eu-de.otc.t-systems.com"),
        ("https://cce.example//", "https://cce.example"),
        ("HTTPS://cce.example:8443/gateway/", "https://cce.example:8443/gateway"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("localhost:8080", "https://localhost:8080"),
    ],
)
def test_an_endpoint_is_brought_into_one_form(text: str, endpoint: str) -> None:
    assert endpoint_of(Settings(endpoint=text)) == endpoint


@pytest.mark.parametrize(
    "text",
    [
        *("https://", "ftp://cce.example", "https://[::1", "https://cce.example:99999", "https://cce.example:x"),
        *("https://cce.example?a=b", "https://cce.example/?", "https://cce.example#", "https://\u2100.example"),
        *("https://cce .example", "https://cce\t.example", "https://cce.example/a b", "//cce.example"),
    ],
)
def test_an_endpoint_that_is_not_an_address_is_a_wrong_setting(text: str) -> None:
    with pytest.raises(ConfigError, match="CCE_ENDPOINT is wrong"):
        endpoint_of(Settings(endpoint=text))


@pytest.mark.parametrize(
    "text", [f"https://user:{CANARY}@cce.example", f"https://:{CANARY}@cce.example", f"{CANARY}@h"]
)
def test_a_password_in_an_endpoint_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(ConfigError, match="CCE_ENDPOINT is wrong") as caught:
        endpoint_of(Settings(endpoint=text))
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("host", ["cce.example", "10.0.0.1", "localhost.example", "127.0.0.1.example", "0.0.0.0"])  # noqa: S104
def test_plain_http_to_another_machine_is_refused(host: str) -> None:
    with pytest.raises(ConfigError, match="unencrypted"):
        endpoint_of(Settings(endpoint=f"http://{host}"))


@examples(deadline=None)
@given(st.text())
def test_any_endpoint_is_normalized_or_raises_a_configuration_error(text: str) -> None:
    try:
        endpoint = endpoint_of(Settings(endpoint=text))
    except ConfigError:
        return
    assert endpoint.startswith(("https://", "http://"))
    assert not endpoint.endswith("/")


@pytest.mark.parametrize(
    ("region", "endpoint"),
    [
        ("ap-southeast-3", "https://cce.ap-southeast-3.myhuaweicloud.com"),
        ("eu-west-101", "https://cce.eu-west-101.myhuaweicloud.eu"),
    ],
)
def test_a_region_has_its_usual_endpoint(region: str, endpoint: str) -> None:
    assert endpoint_of(Settings(region=region)) == endpoint
    assert endpoint_of(Settings(region=region, endpoint="https://cce.example")) == "https://cce.example"


@pytest.mark.parametrize("region", ["EU-WEST-101", "a/b", "a.evil.example", "x", "eu west", "eu-de\n"])
def test_a_malformed_region_is_a_wrong_setting(region: str) -> None:
    with pytest.raises(ConfigError, match="CCE_REGION is wrong"):
        endpoint_of(Settings(region=region))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (Settings(region="eu-west-101"), "https://iam.eu-west-101.myhuaweicloud.eu"),
        (Settings(endpoint="cce.eu-de.otc.t-systems.com"), "https://iam.eu-de.otc.t-systems.com"),
        (Settings(endpoint="http://127.0.0.1:1", iam_endpoint="http://127.0.0.1:2"), "http://127.0.0.1:2"),
    ],
)
def test_the_address_of_iam_is_derived_from_that_of_the_api(settings: Settings, expected: str) -> None:
    assert iam_endpoint_of(settings) == expected


@pytest.mark.parametrize("iam", [None, "http://iam.example"])
def test_an_address_of_iam_that_cannot_be_derived_or_is_not_encrypted_is_an_error(iam: str | None) -> None:
    with pytest.raises(ConfigError, match="CCE_IAM_ENDPOINT"):
        iam_endpoint_of(Settings(endpoint="https://api.example", iam_endpoint=iam))


def test_the_metadata_service_is_at_its_fixed_address_or_on_this_machine() -> None:
    assert metadata_endpoint_of(Settings()) == "http://169.254.169.254"
    assert metadata_endpoint_of(Settings(metadata_endpoint="http://127.0.0.1:9/")) == "http://127.0.0.1:9"
    with pytest.raises(ConfigError, match="CCE_METADATA_ENDPOINT is wrong"):
        metadata_endpoint_of(Settings(metadata_endpoint="http://169.254.169.253"))
