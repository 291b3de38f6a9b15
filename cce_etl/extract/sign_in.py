"""How a source is signed in to: the first of the ways that a user has set up.

Lives here: the order of the ways, what each needs, and the reason why one was taken.
Does not: signing (`extract/auth`), the values themselves (`settings`).
"""

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec

from cce_etl.errors import ConfigError
from cce_etl.extract.auth import Auth, KeyAuth, RenewingAuth, TokenAuth
from cce_etl.extract.signing import AccessKey
from cce_etl.extract.tokens import AgencyKeyProvider, IamTokenProvider, PasswordLogin
from cce_etl.settings.endpoints import normalize_endpoint
from cce_etl.settings.profile import Profile
from cce_etl.settings.settings import METADATA_ENDPOINT, Settings, Source, endpoint_of, profile_in_use

_WAYS: Final = (
    "CCE_AUTH_TOKEN; HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK; CCE_USERNAME, CCE_PASSWORD and CCE_DOMAIN; "
    "the profile file ~/.huaweicloud/credentials; or CCE_AUTH=agency on a server with an agency"
)
_KEY_NAMES: Final = "HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK"
_Clock = Callable[[], int]


class SignIn(msgspec.Struct, frozen=True):
    """Say how requests are signed and why so; `auth` signs them."""

    method: str
    auth: Auth

    def __repr__(self) -> str:
        return f"SignIn({self.method})"


def choose_sign_in(
    settings: Settings, source: Source, clock: _Clock, environment: Mapping[str, str] | None = None
) -> SignIn:
    """Return the first way to sign in that is set up: token, access key, password, profile file, agency.

    Raises ConfigError when none is, or one is set up by half.
    """
    if settings.auth_token is not None:
        return SignIn("the token in CCE_AUTH_TOKEN", TokenAuth(_sound(settings.auth_token, "CCE_AUTH_TOKEN")))
    key = _key_of(settings.access_key, settings.secret_key, settings.security_token, _KEY_NAMES)
    if key is not None:
        return SignIn("the access key in the environment", KeyAuth(key, source.project_id, clock))
    if settings.username is not None or settings.password is not None:
        lender = IamTokenProvider(_login_of(settings), source.project_id)
        return SignIn(f"the IAM user {settings.username}", RenewingAuth(lender, clock))
    profile = profile_in_use(settings, environment)
    key = _profile_key(profile) if profile else None
    if profile and key:
        return SignIn(f"the profile file {profile.path}", KeyAuth(key, source.project_id, clock))
    if settings.auth == "agency":
        lent = AgencyKeyProvider(source.project_id, clock, metadata_endpoint_of(settings))
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


def _profile_key(profile: Profile) -> AccessKey | None:
    place = f"ak and sk in {profile.path}"
    return _key_of(profile.access_key, profile.secret_key, profile.security_token, place)


def iam_endpoint_of(settings: Settings) -> str:
    """Return where IAM gives tokens: CCE_IAM_ENDPOINT, else beside the API's own address (cce.* becomes iam.*).

    Raises ConfigError when it cannot be told.
    """
    if settings.iam_endpoint is not None:
        return normalize_endpoint(settings.iam_endpoint, "CCE_IAM_ENDPOINT")
    parts = urlsplit(endpoint_of(settings))
    if not parts.netloc.startswith("cce."):
        raise ConfigError("CCE_IAM_ENDPOINT is not set, and cannot be told from CCE_ENDPOINT.")
    return f"{parts.scheme}://iam.{parts.netloc.removeprefix('cce.')}"


def metadata_endpoint_of(settings: Settings) -> str:
    """Return where a server's metadata service answers: its fixed address, or one on this machine."""
    url = settings.metadata_endpoint.rstrip("/")
    return url if url == METADATA_ENDPOINT else normalize_endpoint(url, "CCE_METADATA_ENDPOINT")
