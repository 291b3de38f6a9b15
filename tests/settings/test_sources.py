"""[[sources]] of cce-etl.toml: each source's own settings, and what is refused."""

from pathlib import Path

import pytest

from cce_etl.errors import ConfigError
from cce_etl.settings.settings import Settings, read_settings
from cce_etl.settings.sources import read_sources

EAST = '[[sources]]\nname = "east"\nregion = "eu-west-101"\nproject_id = "p1"\nauth_token_env = "EAST"\n'
WEST = '[[sources]]\nname = "west"\nendpoint = "https://w"\nproject_id = "p2"\nrate_limit = 5\njob_ids = "w.txt"\n'
ENVIRONMENT = {"EAST": "east-token", "HUAWEICLOUD_SDK_AK": "ak", "HUAWEICLOUD_SDK_SK": "sk", "CCE_REGION": "ap"}


def sources(folder: Path, text: str, **options: str) -> list[Settings]:
    (folder / "cce-etl.toml").write_text(text, encoding="utf-8")
    return read_sources(read_settings(options, ENVIRONMENT, folder), ENVIRONMENT, folder)


def test_without_tables_the_settings_are_the_only_source(tmp_path: Path) -> None:
    [only] = sources(tmp_path, "concurrency = 3\n")
    assert (only.region, only.concurrency, only.access_key) == ("ap", 3, "ak")


def test_a_place_is_never_mixed_with_that_of_another_source(tmp_path: Path) -> None:
    east, west = sources(tmp_path, "concurrency = 3\n" + EAST + WEST)
    assert (east.source, east.region, east.endpoint, east.project_id) == ("east", "eu-west-101", None, "p1")
    assert (west.source, west.region, west.endpoint, west.project_id) == ("west", None, "https://w", "p2")
    assert (east.rate_limit, west.rate_limit, west.job_ids) == (50.0, 5.0, "w.txt")
    assert east.concurrency == west.concurrency == 3


def test_an_own_way_to_sign_in_replaces_the_common_one_wholly(tmp_path: Path) -> None:
    east, west = sources(tmp_path, EAST + WEST)
    assert (east.auth_token, east.access_key) == ("east-token", None)
    assert (west.auth_token, west.access_key) == (None, "ak")


def test_an_option_picks_one_source(tmp_path: Path) -> None:
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
def test_a_table_that_is_wrong_is_named_without_any_secret(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        sources(tmp_path, text)
    assert "east-token" not in str(caught.value)
