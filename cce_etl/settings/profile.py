"""The profile file of the official SDK: an access key and its project, as that package writes and reads them.

Lives here: where it is, and reading it. Does not: whether it is used (`access`, `settings`).
Source: the SDK's README, "Use Configuration File"; its section [basic] is that of one project.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from cce_etl.errors import ConfigError

_PROFILE: Final = Path(".huaweicloud") / "credentials"


class Profile(msgspec.Struct, frozen=True):
    """Hold what the section [basic] of a profile file says, None for what it does not."""

    path: Path
    access_key: str | None
    secret_key: str | None
    security_token: str | None
    project_id: str | None

    def __repr__(self) -> str:
        return f"Profile({self.path})"


def read_profile(environment: Mapping[str, str]) -> Profile | None:
    """Return the profile file's [basic]; None when there is no such file or section.

    Raises ConfigError, which quotes none of the file, when it cannot be read.
    """
    import configparser  # not on the way to commands that sign in nowhere

    path = _path(environment)
    parser = configparser.ConfigParser(interpolation=None)
    try:
        if not parser.read(path, encoding="utf-8") or not parser.has_section("basic"):
            return None
    except (configparser.Error, UnicodeDecodeError, OSError):
        # The parser's own words quote the line it stumbled over, which may be a key.
        raise ConfigError(
            f"The profile file {path} cannot be read: it is no INI file with a section [basic]."
        ) from None
    basic = parser["basic"]
    return Profile(path, *(basic.get(name) or None for name in ("ak", "sk", "security_token", "project_id")))


def _path(environment: Mapping[str, str]) -> Path:
    named = environment.get("HUAWEICLOUD_SDK_CREDENTIALS_FILE")
    home = environment.get("HOME") or str(Path.home())
    return Path(named) if named else Path(home) / _PROFILE
