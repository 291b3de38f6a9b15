"""Requests and answers, as signing in and fetching see them; aiohttp takes and gives their parts as they are.

Lives here: the types. Does not: sending (`connections`), reading bodies (`bodies`).
"""

import aiohttp
import msgspec
from multidict import CIMultiDict
from yarl import URL


class Request(msgspec.Struct, frozen=True):
    """Hold what is asked; `url` is sent as it stands, percent-encoded, and headers are added by what signs it."""

    # aiohttp's own types, since those of httpx cost as much CPU a request as sending it (benchmarks/fetch.py).
    method: str
    url: URL
    headers: CIMultiDict[str] = msgspec.field(default_factory=CIMultiDict)
    content: bytes = b""


class Response(msgspec.Struct, frozen=True):
    """Hold an answer read whole; without its body where that is not for the reader."""

    status: int
    headers: CIMultiDict[str] = msgspec.field(default_factory=CIMultiDict)
    content: bytes = b""


class Answer(msgspec.Struct, frozen=True):
    """Hold an answer whose body is still to be read, and the request as it was signed; the reader releases it."""

    response: aiohttp.ClientResponse
    request: Request


def plain_url(text: str) -> URL:
    """Return a URL that is sent as written."""
    return URL(text, encoded=True)
