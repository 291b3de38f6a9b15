"""The profile file of the official SDK: an access key and its project.

Source: the SDK's README, "Use Configuration File"; the section [basic] is that of one project.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from cce_etl.errors import ConfigError
from cce_etl.settings.settings import Settings

# With any of these settings, another way to sign in is used, and the profile file is not read.
_BEFORE_PROFILE: Final = ("auth_token", "access_key", "secret_key", "username", "password")


class Profile(msgspec.Struct, frozen=True):
    """The section [basic] of a profile file; a key that it lacks is None."""

    path: Path
    access_key: str | None
    secret_key: str | None
    security_token: str | None
    project_id: str | None

    def __repr__(self) -> str:
        return f"Profile({self.path})"


def profile_in_use(settings: Settings, environment: Mapping[str, str] | None = None) -> Profile | None:
    """Return the profile file when its key signs requests; None when it has no key or another way is set up.

    Raises:
        ConfigError: It cannot be read.
    """
    if any(getattr(settings, name) for name in _BEFORE_PROFILE):
        return None
    profile = read_profile(os.environ if environment is None else environment)
    return profile if profile and (profile.access_key or profile.secret_key) else None


def read_profile(environment: Mapping[str, str]) -> Profile | None:
    """Return the section [basic] of the profile file; None when there is no such file or section.

    Raises:
        ConfigError: It cannot be read; the message quotes nothing of the file.
    """
    import configparser  # commands that do not sign in start without it

    named = environment.get("HUAWEICLOUD_SDK_CREDENTIALS_FILE")
    path = Path(named) if named else Path(environment.get("HOME") or Path.home(), ".huaweicloud", "credentials")
    parser = configparser.ConfigParser(interpolation=None)
    try:
        if not parser.read(path, encoding="utf-8") or not parser.has_section("basic"):
            return None
    except (configparser.Error, UnicodeDecodeError, OSError):
        # The parser's own message quotes the line that it could not read, which may be a key.
        raise ConfigError(
            f"The profile file {path} cannot be read: it is not an INI file with a section [basic]."
        ) from None
    basic = parser["basic"]
    return Profile(path, *(basic.get(name) or None for name in ("ak", "sk", "security_token", "project_id")))
