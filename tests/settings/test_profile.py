"""The profile file of the official SDK: where it is, what is read from it, and how a broken one is reported."""

from pathlib import Path

import pytest

from cce_etl.errors import ConfigError
from cce_etl.settings.profile import read_profile


def write_profile(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_profile_file_is_in_the_home_folder_or_where_the_environment_says(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    assert read_profile(home) is None
    path = write_profile(tmp_path / ".huaweicloud" / "credentials", "[basic]\nak = at home\n")
    found = read_profile(home)
    assert found
    assert (found.path, found.access_key) == (path, "at home")
    elsewhere = write_profile(tmp_path / "elsewhere.ini", "[basic]\nak = elsewhere\n")
    found = read_profile(home | {"HUAWEICLOUD_SDK_CREDENTIALS_FILE": str(elsewhere)})
    assert found
    assert (found.path, found.access_key) == (elsewhere, "elsewhere")


def test_missing_and_empty_keys_are_none_and_a_percent_sign_is_kept(tmp_path: Path) -> None:
    write_profile(
        tmp_path / ".huaweicloud" / "credentials", "[basic]\nak = a\nsk = b%c\nproject_id =\n[global]\nak = g\n"
    )
    found = read_profile({"HOME": str(tmp_path)})
    assert found
    assert (found.access_key, found.secret_key, found.security_token, found.project_id) == ("a", "b%c", None, None)


def test_the_text_of_a_profile_shows_no_secret(tmp_path: Path) -> None:
    path = write_profile(tmp_path / ".huaweicloud" / "credentials", "[basic]\nak = canary\nsk = canary\n")
    assert repr(read_profile({"HOME": str(tmp_path)})) == f"Profile({path})"


def test_a_profile_file_without_the_section_basic_is_none(tmp_path: Path) -> None:
    write_profile(tmp_path / ".huaweicloud" / "credentials", "[global]\nak = a\nsk = b\n")
    assert read_profile({"HOME": str(tmp_path)}) is None


@pytest.mark.parametrize("text", ["no section\n", "[basic]\nak=secret-ak\nak=secret-ak\n", "[basic\nak=secret-ak"])
def test_a_profile_file_that_is_not_ini_is_an_error_that_quotes_nothing_of_it(tmp_path: Path, text: str) -> None:
    write_profile(tmp_path / ".huaweicloud" / "credentials", text)
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        read_profile({"HOME": str(tmp_path)})
    assert "secret-ak" not in str(caught.value)
