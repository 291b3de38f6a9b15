"""The profile file of the official SDK: where it is, what is read of it, what is said of one that is broken."""

from pathlib import Path

import pytest

from cce_etl.errors import ConfigError
from cce_etl.settings.profile import read_profile


def write_profile(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_it_is_in_the_home_folder_or_where_the_official_package_is_told(tmp_path: Path) -> None:
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


def test_what_it_does_not_say_or_leaves_empty_is_none_and_a_percent_sign_is_one(tmp_path: Path) -> None:
    write_profile(
        tmp_path / ".huaweicloud" / "credentials", "[basic]\nak = a\nsk = b%c\nproject_id =\n[global]\nak = g\n"
    )
    found = read_profile({"HOME": str(tmp_path)})
    assert found
    assert (found.access_key, found.secret_key, found.security_token, found.project_id) == ("a", "b%c", None, None)


def test_its_secrets_are_not_shown(tmp_path: Path) -> None:
    path = write_profile(tmp_path / ".huaweicloud" / "credentials", "[basic]\nak = canary\nsk = canary\n")
    assert repr(read_profile({"HOME": str(tmp_path)})) == f"Profile({path})"


def test_one_without_the_section_basic_is_passed_over(tmp_path: Path) -> None:
    write_profile(tmp_path / ".huaweicloud" / "credentials", "[global]\nak = a\nsk = b\n")
    assert read_profile({"HOME": str(tmp_path)}) is None


@pytest.mark.parametrize("text", ["no section\n", "[basic]\nak=secret-ak\nak=secret-ak\n", "[basic\nak=secret-ak"])
def test_one_that_is_no_ini_file_is_an_error_that_quotes_none_of_it(tmp_path: Path, text: str) -> None:
    write_profile(tmp_path / ".huaweicloud" / "credentials", text)
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        read_profile({"HOME": str(tmp_path)})
    assert "secret-ak" not in str(caught.value)
