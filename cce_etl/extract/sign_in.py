"""How requests to a source are signed: the first auth method that the user has set up."""

from collections.abc import Callable, Mapping

import msgspec

from cce_etl.errors import ConfigError
from cce_etl.extract.auth import Auth, KeyAuth, RenewingAuth, TokenAuth
from cce_etl.extract.signing import AccessKey
from cce_etl.extract.tokens import AgencyKeyProvider, IamTokenProvider
from cce_etl.settings.endpoints import iam_endpoint_of, metadata_endpoint_of
from cce_etl.settings.profile import profile_in_use
from cce_etl.settings.settings import Settings
from cce_etl.settings.sources import Source


class SignIn(msgspec.Struct, frozen=True):
    """An auth method that is set up: its name in words, and what signs the requests."""

    method: str
    auth: Auth

    def __repr__(self) -> str:
        return f"SignIn({self.method})"


def choose_sign_in(
    settings: Settings, source: Source, clock: Callable[[], int], environment: Mapping[str, str] | None = None
) -> SignIn:
    """Return the first auth method that is set up: token, access key, password, profile file, agency.

    Raises:
        ConfigError: None is set up, or one lacks a part.
    """
    if settings.auth_token is not None:
        return SignIn("the token in CCE_AUTH_TOKEN", TokenAuth(_check_secret(settings.auth_token, "CCE_AUTH_TOKEN")))
    names = "HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK"
    key = _access_key(settings.access_key, settings.secret_key, settings.security_token, names)
    if key is not None:
        return SignIn("the access key in the environment", KeyAuth(key, source.project_id, clock))
    if settings.username is not None or settings.password is not None:
        login = {name: getattr(settings, name) for name in ("username", "password", "domain")}
        missing = [f"CCE_{name.upper()}" for name, value in login.items() if value is None]
        if missing:
            raise ConfigError(f"{' and '.join(missing)} must be set too, to sign in with a name and password.")
        provider = IamTokenProvider(iam_endpoint_of(settings), source.project_id, **login)
        return SignIn(f"the IAM user {settings.username}", RenewingAuth(provider, clock))
    profile = profile_in_use(settings, environment)
    if profile is not None:
        names = f"ak and sk in {profile.path}"
        key = _access_key(profile.access_key, profile.secret_key, profile.security_token, names)
        if key is not None:
            return SignIn(f"the profile file {profile.path}", KeyAuth(key, source.project_id, clock))
    if settings.auth == "agency":
        agency = AgencyKeyProvider(source.project_id, clock, metadata_endpoint_of(settings))
        return SignIn("the agency of this server", RenewingAuth(agency, clock))
    raise ConfigError(
        "There is no way to sign in. Set one of: CCE_AUTH_TOKEN; HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK; "
        "CCE_USERNAME, CCE_PASSWORD and CCE_DOMAIN; the profile file ~/.huaweicloud/credentials; or CCE_AUTH=agency "
        "on a server with an agency."
    )


def _check_secret(secret: str, name: str) -> str:
    """Return a secret that a header can hold, else raise ConfigError, which names the setting and not the secret."""
    if not secret.isascii() or not secret.isprintable():
        raise ConfigError(f"{name} is wrong: it holds characters that no token or key has. Was it copied whole?")
    return secret


def _access_key(access: str | None, secret: str | None, token: str | None, names: str) -> AccessKey | None:
    if access is None and secret is None:
        return None
    if access is None or secret is None:
        raise ConfigError(f"{names} belong together, and only one of the two is set.")
    return AccessKey(*(_check_secret(part, names) for part in (access, secret, token) if part is not None))
