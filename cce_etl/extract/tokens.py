"""Providers of credentials: IAM gives a token for a name and password, a server's metadata service a temporary key."""

from collections.abc import Callable
from typing import Annotated

import httpx
import msgspec

from cce_etl.errors import AuthError, RetryableError
from cce_etl.extract.auth import Credential, sign
from cce_etl.extract.error_responses import describe, parse_error_body
from cce_etl.extract.signing import AccessKey
from cce_etl.extract.untrusted_json import decode_or_none
from cce_etl.timestamps import timestamp_or_none

_NonEmpty = Annotated[str, msgspec.Meta(min_length=1)]


class _Token(msgspec.Struct, frozen=True):
    expires_at: str


class _TokenBody(msgspec.Struct, frozen=True):
    token: _Token


class _TemporaryKey(msgspec.Struct, frozen=True):
    access: _NonEmpty
    secret: _NonEmpty
    securitytoken: _NonEmpty
    expires_at: str


class _KeyBody(msgspec.Struct, frozen=True):
    credential: _TemporaryKey


class IamTokenProvider:
    """Tokens of IAM for one project and an IAM user of an account (domain).

    Source: IAM API page "Obtaining a User Token", password method.
    """

    def __init__(self, iam_endpoint: str, project_id: str, username: str, password: str, domain: str) -> None:
        self._url = f"{iam_endpoint}/v3/auth/tokens?nocatalog=true"
        user = {"name": username, "password": password, "domain": {"name": domain}}
        identity = {"methods": ["password"], "password": {"user": user}}
        self._body = {"auth": {"identity": identity, "scope": {"project": {"id": project_id}}}}

    def build_request(self) -> httpx.Request:
        """Return the request for a token; its body holds the password."""
        return httpx.Request("POST", self._url, json=self._body)

    def parse_response(self, response: httpx.Response) -> Credential:
        """Return the token; raise AuthError when IAM refuses, RetryableError when it fails."""
        token = response.headers.get("X-Subject-Token")
        if response.status_code != 201 or not token:
            raise _refusal("IAM", response, "Check CCE_USERNAME, CCE_PASSWORD, CCE_DOMAIN and CCE_PROJECT_ID.")
        body = decode_or_none(response.content, _TokenBody)
        expires_at = timestamp_or_none(body.token.expires_at) if body else None
        if expires_at is None:
            raise RetryableError("IAM sent a token without its time of expiry", status=response.status_code)

        def add_token(request: httpx.Request) -> None:
            request.headers["X-Auth-Token"] = token

        return Credential(add_token, expires_at)


class AgencyKeyProvider:
    """Temporary keys of the agency of the server that this runs on.

    Source: ECS page "Obtaining a temporary access key", /openstack/latest/securitykey.
    """

    def __init__(self, project_id: str, clock: Callable[[], int], endpoint: str) -> None:
        self._project_id = project_id
        self._clock = clock
        self._endpoint = endpoint

    def build_request(self) -> httpx.Request:
        """Return the request for a temporary key."""
        return httpx.Request("GET", f"{self._endpoint}/openstack/latest/securitykey")

    def parse_response(self, response: httpx.Response) -> Credential:
        """Return the key; raise AuthError when the server has no agency, RetryableError when the service fails."""
        body = decode_or_none(response.content, _KeyBody)
        expires_at = timestamp_or_none(body.credential.expires_at) if body else None
        if response.status_code != 200 or body is None or expires_at is None:
            raise _refusal("The metadata service", response, "Give the server an agency with permissions on CCE.")
        key = AccessKey(body.credential.access, body.credential.secret, body.credential.securitytoken)
        return Credential(lambda request: sign(request, key, self._project_id, self._clock()), expires_at)


def _refusal(who: str, response: httpx.Response, advice: str) -> AuthError | RetryableError:
    status = response.status_code
    # Only code and message are quoted, because the rest of a broken response might hold a token.
    described = describe(status, parse_error_body(response.content), response.headers.get("x-request-id"))
    if status >= 500 or status in (408, 429):
        return RetryableError(f"{who} failed: {described}", status=status)
    return AuthError(f"{who} refused the sign-in: {described}. {advice}", status=status)
