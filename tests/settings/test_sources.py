"""Sources: the project to ask, the tables [[sources]] of cce-etl.toml, and what is refused."""

from pathlib import Path

import pytest

from cce_etl.errors import ConfigError
from cce_etl.settings.endpoints import endpoint_of
from cce_etl.settings.settings import Settings, read_settings
from cce_etl.settings.sources import read_sources, require_source

EAST = '[[sources]]\nname = "east"\nregion = "eu-west-101"\nproject_id = "p1"\nauth_token_env = "EAST"\n'
WEST = '[[sources]]\nname = "west"\nendpoint = "https://w"\nproject_id = "p2"\nrate_limit = 5\njob_ids = "w.txt"\n'
ENVIRONMENT = {"EAST": "east-token", "HUAWEICLOUD_SDK_AK": "ak", "HUAWEICLOUD_SDK_SK": "sk", "CCE_REGION": "ap"}


def sources(folder: Path, text: str, **options: str) -> list[Settings]:
    (folder / "cce-etl.toml").write_text(text, encoding="utf-8")
    return read_sources(read_settings(options, ENVIRONMENT, folder), ENVIRONMENT, folder)


def test_without_tables_the_settings_are_the_only_source(tmp_path: Path) -> None:
    [only] = sources(tmp_path, "concurrency = 3\n")
    assert (only.region, only.concurrency, only.access_key) == ("ap", 3, "ak")


def test_where_to_ask_is_never_shared_between_sources(tmp_path: Path) -> None:
    east, west = sources(tmp_path, "concurrency = 3\n" + EAST + WEST)
    assert (east.source, east.region, east.endpoint, east.project_id) == ("east", "eu-west-101", None, "p1")
    assert (west.source, west.region, west.endpoint, west.project_id) == ("west", None, "https://w", "p2")
    assert (east.rate_limit, west.rate_limit, west.job_ids) == (50.0, 5.0, "w.txt")
    assert east.concurrency == west.concurrency == 3


def test_the_sign_in_of_a_source_replaces_the_common_one_as_a_whole(tmp_path: Path) -> None:
    east, west = sources(tmp_path, EAST + WEST)
    assert (east.auth_token, east.access_key) == ("east-token", None)
    assert (west.auth_token, west.access_key) == (None, "ak")


def test_the_option_source_selects_one_source(tmp_path: Path) -> None:
    assert [one.source for one in sources(tmp_path, EAST + WEST, source="west")] == ["west"]
    with pytest.raises(ConfigError, match="east, west"):
        sources(tmp_path, EAST + WEST, source="north")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[sources]]\nregion = "r"\n', "no name"),
        (EAST + EAST, "twice"),
        (EAST.replace('"EAST"', '"NOWHERE"'), "NOWHERE, which is not set"),
        (EAST.replace("auth_token_env", "auth_token"), "holds a secret"),
        (EAST + 'colour = "red"\n', "colour .* is unknown"),
        (WEST.replace("5", '"fast"'), "rate_limit"),
        ('sources = "east"\n', r"\[\[sources\]\]"),
    ],
)
def test_a_wrong_table_is_reported_without_any_secret(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        sources(tmp_path, text)
    assert "east-token" not in str(caught.value)


def test_a_source_without_a_name_is_called_after_its_project() -> None:
    settings = Settings(project_id="p1", region="eu-west-101")
    source = require_source(settings)
    assert (source.name, source.project_id, source.endpoint) == ("p1", "p1", endpoint_of(settings))
    assert require_source(Settings(project_id="p1", region="eu-west-101", source="production")).name == "production"


def write_profile(folder: Path, text: str) -> dict[str, str]:
    """Write a profile file; return the environment in which it is found."""
    path = folder / "profile.ini"
    path.write_text(text, encoding="utf-8")
    return {"HUAWEICLOUD_SDK_CREDENTIALS_FILE": str(path)}


def test_the_project_in_the_profile_file_is_used_when_no_other_is_set(tmp_path: Path) -> None:
    environment = write_profile(tmp_path, "[basic]\nak = a\nsk = b\nproject_id = beside\n")
    assert require_source(Settings(region="eu"), environment).project_id == "beside"
    assert require_source(Settings(region="eu", project_id="own"), environment).project_id == "own"


@pytest.mark.parametrize(
    "settings", [Settings(auth_token="t"), Settings(access_key="a", secret_key="s"), Settings(username="u")]
)
def test_the_project_in_a_profile_file_that_does_not_sign_requests_is_not_used(
    tmp_path: Path, settings: Settings
) -> None:
    environment = write_profile(tmp_path, "[basic]\nak = a\nsk = b\nproject_id = beside\n")
    with pytest.raises(ConfigError, match="CCE_PROJECT_ID is not set"):
        require_source(settings, environment)
    without_key = write_profile(tmp_path, "[basic]\nproject_id = beside\n")
    with pytest.raises(ConfigError, match="CCE_PROJECT_ID is not set"):
        require_source(Settings(auth="agency"), without_key)


def test_a_malformed_project_in_the_profile_file_is_reported_with_its_place(tmp_path: Path) -> None:
    environment = write_profile(tmp_path, "[basic]\nak = a\nsk = b\nproject_id = a/b\n")
    with pytest.raises(ConfigError, match=r"project_id in .*profile\.ini is wrong: 'a/b'"):
        require_source(Settings(region="eu"), environment)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (Settings(region="eu-west-101"), "CCE_PROJECT_ID is not set"),
        (Settings(project_id="p"), "Neither CCE_ENDPOINT nor CCE_REGION is set"),
        *((Settings(project_id=text, region="eu"), "CCE_PROJECT_ID is wrong") for text in ("a/b", "..", "a b", "p\n")),
    ],
)
def test_a_missing_or_wrong_setting_of_a_source_is_reported(settings: Settings, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        require_source(settings, {"HOME": "/nowhere"})
