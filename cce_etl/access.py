"""How a source is signed in to: the first of the ways that a user has set up.

Lives here: the order of the ways, what each needs, and the reason why one was taken.
Does not: signing (`extract/auth`), the values themselves (`settings`).
"""

import configparser
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from cce_etl.errors import ConfigError
from cce_etl.extract.auth import Auth, KeyAuth, RenewingAuth, TokenAuth
from cce_etl.extract.lenders import AgencyLender, PasswordLender, PasswordLogin
from cce_etl.extract.signing import AccessKey
from cce_etl.settings import Settings, Source, iam_endpoint_of, metadata_endpoint_of

_PROFILE: Final = Path(".huaweicloud") / "credentials"
_WAYS: Final = (
    "CCE_AUTH_TOKEN; HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK; CCE_USERNAME, CCE_PASSWORD and CCE_DOMAIN; "
    "the profile file ~/.huaweicloud/credentials; or CCE_AUTH=agency on a server with an agency"
)
_KEY_NAMES: Final = "HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK"
_Clock = Callable[[], int]


class SignIn(msgspec.Struct, frozen=True):
    """Say how requests are signed and why so; `auth` signs them."""

    way: str
    auth: Auth

    def __repr__(self) -> str:
        return f"SignIn({self.way})"


def choose_sign_in(
    settings: Settings, source: Source, clock: _Clock, environment: Mapping[str, str] | None = None
) -> SignIn:
    """Return the first way to sign in that is set up: token, access key, password, profile file, agency.

    Raises ConfigError when none is, or one is set up by half.
    """
    environment = os.environ if environment is None else environment
    if settings.auth_token is not None:
        return SignIn("the token in CCE_AUTH_TOKEN", TokenAuth(_sound(settings.auth_token, "CCE_AUTH_TOKEN")))
    key = _key_of(settings.access_key, settings.secret_key, settings.security_token, _KEY_NAMES)
    if key is not None:
        return SignIn("the access key in the environment", KeyAuth(key, source.project_id, clock))
    if settings.username is not None or settings.password is not None:
        lender = PasswordLender(_login_of(settings), source.project_id)
        return SignIn(f"the IAM user {settings.username}", RenewingAuth(lender, clock))
    key = _profile_key(environment)
    if key is not None:
        return SignIn(f"the profile file {_profile_path(environment)}", KeyAuth(key, source.project_id, clock))
    if settings.auth == "agency":
        lent = AgencyLender(source.project_id, clock, metadata_endpoint_of(settings))
        return SignIn("the agency of this server", RenewingAuth(lent, clock))
    raise ConfigError(f"There is no way to sign in. Set one of: {_WAYS}.")


def _sound(secret: str, name: str) -> str:
    """Return a secret that can stand in a header; raise ConfigError naming the setting, never the secret."""
    if not secret.isascii() or not secret.isprintable():
        raise ConfigError(f"{name} is wrong: it holds characters that none has. Was it copied whole?")
    return secret


def _key_of(access: str | None, secret: str | None, token: str | None, place: str) -> AccessKey | None:
    if access is None and secret is None:
        return None
    if access is None or secret is None:
        raise ConfigError(f"{place} belong together, and only one of the two is set.")
    parts = [_sound(part, place) for part in (access, secret, token) if part is not None]
    return AccessKey(*parts)


def _login_of(settings: Settings) -> PasswordLogin:
    values = {name: getattr(settings, name) for name in ("username", "password", "domain")}
    missing = [f"CCE_{name.upper()}" for name, value in values.items() if value is None]
    if missing:
        raise ConfigError(f"{' and '.join(missing)} must be set too, to sign in with a name and password.")
    return PasswordLogin(**values, iam_endpoint=iam_endpoint_of(settings))


def _profile_path(environment: Mapping[str, str]) -> Path:
    named = environment.get("HUAWEICLOUD_SDK_CREDENTIALS_FILE")
    home = environment.get("HOME") or str(Path.home())
    return Path(named) if named else Path(home) / _PROFILE


def _profile_key(environment: Mapping[str, str]) -> AccessKey | None:
    path = _profile_path(environment)
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
    return _key_of(basic.get("ak"), basic.get("sk"), basic.get("security_token"), f"ak and sk in {path}")
