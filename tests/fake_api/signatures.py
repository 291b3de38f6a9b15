"""The gateway's check of an SDK-HMAC-SHA256 signature, written from the published description.

It shares no code with the signer in `cce_etl.extract`: it would share that code's errors.
"""

import hashlib
import hmac
import re
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl, quote, unquote

from aiohttp import web

from cce_etl.timestamps import NANOSECONDS

SKEW_SECONDS: Final = 15 * 60
_DATE_FORMAT: Final = "%Y%m%dT%H%M%SZ"
_AUTHORIZATION: Final = re.compile(
    r"SDK-HMAC-SHA256 Access=(?P<access>[^,\s]+), SignedHeaders=(?P<names>[a-z0-9;-]+), Signature=(?P<digits>[0-9a-f]+)"
)


def access_key_of(request: web.Request) -> str | None:
    """Return the access key that a request names as its signer's; None when the request is not signed."""
    found = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    return found["access"] if found else None


async def signature_error(request: web.Request, secret_key: str, now_ns: int) -> str | None:
    """Return what is wrong with a signed request at an instant, in the gateway's words; None when it is valid.

    Source: API page "Authentication", AK/SK-based; messages as users of the official SDKs report them.
    """
    found = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    date = request.headers.get("X-Sdk-Date", "")
    names = found["names"].split(";") if found else []
    signed_at = _sdk_date(date)
    if found is None or signed_at is None or not {"host", "x-sdk-date"} <= set(names):
        return "verify aksk signature fail"
    server_date = datetime.fromtimestamp(now_ns // NANOSECONDS, UTC)
    if abs((server_date - signed_at).total_seconds()) > SKEW_SECONDS:
        times = f"signature time:{date},server time:{server_date.strftime(_DATE_FORMAT)}"
        return f"calc aksk signature fail:signature expired, {times}"
    canonical = _canonical_request(request, names, await request.read())
    signed_text = f"SDK-HMAC-SHA256\n{date}\n{hashlib.sha256(canonical).hexdigest()}"
    expected = hmac.digest(secret_key.encode(), signed_text.encode(), "sha256").hex()
    return None if hmac.compare_digest(expected, found["digits"]) else "verify aksk signature fail"


def _sdk_date(date: str) -> datetime | None:
    try:
        return datetime.strptime(date, _DATE_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None


def _canonical_request(request: web.Request, names: list[str], body: bytes) -> bytes:
    segments = (quote(unquote(segment), safe="-_.~") for segment in request.rel_url.raw_path.split("/"))
    path = "/".join(segments)
    query = sorted(parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True))
    lines = [
        request.method,
        path if path.endswith("/") else path + "/",
        "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in query),
        # Each header ends its own line, so an empty line follows the last.
        "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in names),
        ";".join(names),
        hashlib.sha256(body).hexdigest(),
    ]
    return "\n".join(lines).encode()
