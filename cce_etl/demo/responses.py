"""Answers of the synthetic API: JSON as it sends it, and the bodies of its refusals.

Lives here: shapes of bodies. Does not: who is refused, and when (`api`, `identity`, `faults`).
"""

from typing import Final
from uuid import uuid4

from aiohttp import web

from cce_etl.demo.body import json_bytes

REQUEST_ID_HEADER: Final = "X-Request-Id"


def json_answer(body: bytes, *, status: int = 200) -> web.Response:
    """Return an answer with a JSON body made before."""
    # The header is given ready-made: `content_type=` makes aiohttp build it anew for every answer.
    return web.Response(body=body, status=status, headers={"Content-Type": "application/json"})


def refusal(status: int, error_code: str, message: str) -> web.Response:
    """Return a refusal of the gateway: error_msg, error_code, request_id."""
    request_id = uuid4().hex
    error = {"error_msg": message, "error_code": error_code, "request_id": request_id}
    response = json_answer(json_bytes(error), status=status)
    response.headers[REQUEST_ID_HEADER] = request_id
    return response


def unauthorized(reason: str) -> web.Response:
    """Return the gateway's answer to credentials that prove nothing."""
    return refusal(401, "APIGW.0301", f"Incorrect IAM authentication information: {reason}")


def not_found() -> web.Response:
    """Return the answer for a job that CCE does not know, or knows no longer."""
    error = {"errorCode": "CCE.01404001", "errorMessage": "Resource not found", "reason": "job not found"}
    return json_answer(json_bytes(error), status=404)


def identity_refusal(status: int, title: str, message: str) -> web.Response:
    """Return a refusal of IAM: an error with code, message and title."""
    return json_answer(json_bytes({"error": {"code": status, "message": message, "title": title}}), status=status)
