"""Who lends what signs requests for a time: IAM for a name and password, the metadata service of a server.

Lives here: how each is asked and what its answer means. Pure but for the clock.
Does not: keeping and renewing it (`auth`), which way a user has set up (`access`).
"""

from collections.abc import Callable
from typing import Any

import httpx
import msgspec

from cce_etl.errors import AuthError, RetryableError
from cce_etl.extract.auth import Credential, sign
from cce_etl.extract.error_responses import describe, parse_error_body
from cce_etl.extract.signing import AccessKey
from cce_etl.timestamps import parse_timestamp

_Clock = Callable[[], int]


class PasswordLogin(msgspec.Struct, frozen=True):
    """Hold an IAM user's name, password and account (domain), and where IAM answers."""

    username: str
    password: str
    domain: str
    iam_endpoint: str

    def __repr__(self) -> str:
        return f"PasswordLogin({self.username}, {self.domain}, {self.iam_endpoint})"


class IamTokenProvider:
    """Ask IAM for a token of a project. Source: IAM API page "Obtaining a User Token", password method."""

    def __init__(self, login: PasswordLogin, project_id: str) -> None:
        self._login = login
        self._project_id = project_id

    def ask(self) -> httpx.Request:
        """Return the request for a token; its body holds the password, so it goes nowhere but to IAM."""
        user = {
            "name": self._login.username,
            "password": self._login.password,
            "domain": {"name": self._login.domain},
        }
        identity = {"methods": ["password"], "password": {"user": user}}
        body = {"auth": {"identity": identity, "scope": {"project": {"id": self._project_id}}}}
        url = f"{self._login.iam_endpoint}/v3/auth/tokens?nocatalog=true"
        return httpx.Request("POST", url, json=body)

    def read(self, response: httpx.Response) -> Credential:
        """Return the token and its end; raise AuthError when IAM refuses, RetryableError when it fails."""
        token = response.headers.get("X-Subject-Token")
        if response.status_code != 201 or not token:
            raise _refusal("IAM", response, "Check CCE_USERNAME, CCE_PASSWORD, CCE_DOMAIN and CCE_PROJECT_ID.")
        ends_at = _instant(_at(_document(response), "token", "expires_at"))
        if ends_at is None:
            raise RetryableError("IAM gave a token without its end", status=response.status_code)

        def put(request: httpx.Request) -> None:
            request.headers["X-Auth-Token"] = token

        return Credential(put, ends_at)


class AgencyKeyProvider:
    """Ask the metadata service of the server this runs on for its agency's temporary key.

    Source: ECS page "Obtaining a temporary access key", /openstack/latest/securitykey.
    """

    def __init__(self, project_id: str, clock: _Clock, endpoint: str) -> None:
        self._project_id = project_id
        self._clock = clock
        self._endpoint = endpoint

    def ask(self) -> httpx.Request:
        """Return the request for a temporary key."""
        return httpx.Request("GET", f"{self._endpoint}/openstack/latest/securitykey")

    def read(self, response: httpx.Response) -> Credential:
        """Return the key and its end; raise AuthError when the server has no agency, RetryableError when it fails."""
        credential = _at(_document(response), "credential")
        names = ("access", "secret", "securitytoken")
        parts = [_at(credential, name) for name in names]
        ends_at = _instant(_at(credential, "expires_at"))
        if response.status_code != 200 or not all(isinstance(part, str) and part for part in parts) or ends_at is None:
            raise _refusal("The metadata service", response, "Give the server an agency with rights on CCE.")
        key = AccessKey(*parts)
        return Credential(lambda request: sign(request, key, self._project_id, self._clock()), ends_at)


def _refusal(who: str, response: httpx.Response, hint: str) -> AuthError | RetryableError:
    status = response.status_code
    # Only code and message of the answer are told: a broken one might hold what it should have put elsewhere.
    said = describe(status, parse_error_body(response.content), response.headers.get("x-request-id"))
    if status >= 500 or status in (408, 429):
        return RetryableError(f"{who} failed: {said}", status=status)
    return AuthError(f"{who} refused to sign us in: {said}. {hint}", status=status)


def _document(response: httpx.Response) -> Any:
    try:
        return msgspec.json.decode(response.content)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None


def _at(document: Any, *names: str) -> Any:
    for name in names:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _instant(text: Any) -> int | None:
    try:
        return parse_timestamp(text) if isinstance(text, str) else None
    except ValueError:
        return None
