"""The shapes of responses and errors."""

import json

from aiohttp import web

from cce_etl.demo.responses import REQUEST_ID_HEADER, gateway_error, json_response, not_found, unauthorized


def document(response: web.Response) -> object:
    assert response.headers["Content-Type"] == "application/json"
    assert isinstance(response.body, bytes)
    return json.loads(response.body)


def test_an_error_of_the_gateway_has_its_request_id_in_header_and_body() -> None:
    response = gateway_error(404, "APIGW.0101", "no such API")
    assert response.status == 404
    assert document(response) == {
        "error_msg": "no such API",
        "error_code": "APIGW.0101",
        "request_id": response.headers[REQUEST_ID_HEADER],
    }


def test_the_other_shapes_are_those_of_cce() -> None:
    assert (not_found().status, unauthorized("decrypt token fail").status) == (404, 401)
    assert document(not_found()) == {
        "errorCode": "CCE.01404001",
        "errorMessage": "Resource not found",
        "reason": "job not found",
    }
    assert (json_response(b"{}").status, json_response(b"{}").body) == (200, b"{}")
