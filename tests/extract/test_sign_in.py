"""Which auth method is chosen, and what is reported when one lacks a part."""

from pathlib import Path
from typing import Any

import pytest

from cce_etl.errors import ConfigError
from cce_etl.extract.auth import KeyAuth, RenewingAuth, TokenAuth
from cce_etl.extract.sign_in import choose_sign_in
from cce_etl.settings.settings import read_settings
from cce_etl.settings.sources import Source

SOURCE = Source(name="s", endpoint="https://cce.eu-west-101.myhuaweicloud.eu", project_id="p")
TOKEN = {"CCE_AUTH_TOKEN": "token"}
KEY = {"HUAWEICLOUD_SDK_AK": "ak", "HUAWEICLOUD_SDK_SK": "sk"}
PASSWORD = {"CCE_USERNAME": "u", "CCE_PASSWORD": "secret-word", "CCE_DOMAIN": "d", "CCE_REGION": "eu-west-101"}
AGENCY = {"CCE_AUTH": "agency"}


def chosen(folder: Path, environment: dict[str, str]) -> Any:
    """Return the auth method chosen with an environment; HOME is the test's own folder."""
    settings = read_settings({}, environment, folder)
    return choose_sign_in(settings, SOURCE, lambda: 0, {"HOME": str(folder)} | environment)


def write_profile(folder: Path, text: str) -> Path:
    path = folder / ".huaweicloud" / "credentials"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_order_is_token_key_password_profile_agency(tmp_path: Path) -> None:
    write_profile(tmp_path, "[basic]\nak = a\nsk = b%c\n")
    everything = TOKEN | KEY | PASSWORD | AGENCY
    chosen_in_order = []
    for removed in ({}, TOKEN, KEY, PASSWORD):
        everything = {name: value for name, value in everything.items() if name not in removed}
        sign_in = chosen(tmp_path, everything)
        chosen_in_order.append((type(sign_in.auth), sign_in.method.split()[1]))
    assert chosen_in_order == [(TokenAuth, "token"), (KeyAuth, "access"), (RenewingAuth, "IAM"), (KeyAuth, "profile")]
    (tmp_path / ".huaweicloud" / "credentials").unlink()
    assert chosen(tmp_path, AGENCY).method == "the agency of this server"


def test_an_agency_is_used_only_with_cce_auth(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no way to sign in"):
        chosen(tmp_path, {})
    with pytest.raises(ConfigError, match="CCE_AUTH is wrong"):
        chosen(tmp_path, {"CCE_AUTH": "metadata"})


@pytest.mark.parametrize("half", [{"HUAWEICLOUD_SDK_AK": "ak"}, {"CLOUD_SDK_SK": "sk"}, {"CCE_USERNAME": "u"}])
def test_a_method_that_lacks_a_part_is_named_and_not_skipped(tmp_path: Path, half: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"belong together|must be set too"):
        chosen(tmp_path, half)


def test_the_parts_of_two_keys_are_never_mixed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="belong together"):
        chosen(tmp_path, {"HUAWEICLOUD_SDK_AK": "ak", "CLOUD_SDK_SK": "sk"})
    both = {"HUAWEICLOUD_SDK_AK": "a1", "HUAWEICLOUD_SDK_SK": "s1", "CLOUD_SDK_AK": "a2", "CLOUD_SDK_SK": "s2"}
    settings = read_settings({}, both | {"CLOUD_SDK_SECURITY_TOKEN": "t2"}, tmp_path)
    assert (settings.access_key, settings.secret_key, settings.security_token) == ("a1", "s1", None)


def test_a_profile_file_without_the_section_basic_is_skipped(tmp_path: Path) -> None:
    write_profile(tmp_path, "[global]\nak=a\nsk=b\n")
    with pytest.raises(ConfigError, match="no way to sign in"):
        chosen(tmp_path, {})


def test_no_auth_method_shows_its_secret(tmp_path: Path) -> None:
    for environment in (TOKEN, KEY, PASSWORD):
        shown = repr(chosen(tmp_path, environment)) + repr(chosen(tmp_path, environment).auth)
        shown += repr(read_settings({}, environment, tmp_path))
        assert not {"'token'", "'sk'", "secret-word"} & set(shown.replace(",", " ").replace("}", " ").split())
        assert "secret-word" not in shown
