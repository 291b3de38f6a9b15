"""The shapes of refusals."""

import json

from aiohttp import web

from cce_etl.demo.answers import REQUEST_ID_HEADER, identity_refusal, json_answer, not_found, refusal, unauthorized


def document(answer: web.Response) -> object:
    assert answer.headers["Content-Type"] == "application/json"
    assert isinstance(answer.body, bytes)
    return json.loads(answer.body)


def test_a_refusal_of_the_gateway_names_its_request_in_header_and_body() -> None:
    answer = refusal(404, "APIGW.0101", "no such API")
    assert answer.status == 404
    assert document(answer) == {
        "error_msg": "no such API",
        "error_code": "APIGW.0101",
        "request_id": answer.headers[REQUEST_ID_HEADER],
    }


def test_the_other_shapes_are_those_of_cce_and_iam() -> None:
    assert (not_found().status, unauthorized("decrypt token fail").status) == (404, 401)
    assert document(not_found()) == {
        "errorCode": "CCE.01404001",
        "errorMessage": "Resource not found",
        "reason": "job not found",
    }
    assert document(identity_refusal(401, "Unauthorized", "no")) == {
        "error": {"code": 401, "message": "no", "title": "Unauthorized"}
    }
    assert (json_answer(b"{}").status, json_answer(b"{}").body) == (200, b"{}")
