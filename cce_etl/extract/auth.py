"""Ways to sign a request, each an `httpx.Auth` whose flow is a pure generator.

Lives here: headers that prove who asks.
Does not: reading secrets from the environment (`settings`); nothing here prints or keeps one.
"""

from collections.abc import Generator

import httpx


class TokenAuth(httpx.Auth):
    """Sign requests with a ready IAM token in the header X-Auth-Token.

    Source: API page "Authentication", token-based.
    """

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the token to the request."""
        request.headers["X-Auth-Token"] = self._token
        yield request

    def __repr__(self) -> str:
        return "TokenAuth(...)"
