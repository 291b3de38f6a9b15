"""The synthetic API's responses: JSON bodies, and the error bodies of the gateway and of CCE."""

from typing import Final
from uuid import uuid4

from aiohttp import web

from cce_etl.demo.body import json_bytes

REQUEST_ID_HEADER: Final = "X-Request-Id"


def json_response(body: bytes, *, status: int = 200) -> web.Response:
    """Return a response with a JSON body that is encoded already."""
    # With `content_type=` aiohttp would build the header anew for every response.
    return web.Response(body=body, status=status, headers={"Content-Type": "application/json"})


def gateway_error(status: int, error_code: str, message: str) -> web.Response:
    """Return an error of the API gateway: error_msg, error_code, request_id."""
    request_id = uuid4().hex
    error = {"error_msg": message, "error_code": error_code, "request_id": request_id}
    response = json_response(json_bytes(error), status=status)
    response.headers[REQUEST_ID_HEADER] = request_id
    return response


def unauthorized(reason: str) -> web.Response:
    """Return the gateway's error for missing or invalid credentials."""
    return gateway_error(401, "APIGW.0301", f"Incorrect IAM authentication information: {reason}")


def not_found() -> web.Response:
    """Return CCE's error for a job or cluster that it does not know, or no longer knows."""
    error = {"errorCode": "CCE.01404001", "errorMessage": "Resource not found", "reason": "job not found"}
    return json_response(json_bytes(error), status=404)
