"""An API that shows only some levels of a tree's sub-jobs, as the real one may: deeper ones have to be asked for."""

import json

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from cce_etl.demo.body import Document, json_bytes
from cce_etl.demo.responses import json_response


def shallow(levels: int) -> Middleware:
    """Cut off the sub-jobs of every v3 job below this many levels."""

    async def cut_body(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        is_v3_job = "/v3/" in request.path and "job_id" in request.match_info
        if response.status != 200 or not is_v3_job or not isinstance(response, web.Response):
            return response
        return json_response(json_bytes(cut(json.loads(response.text or ""), levels)))

    return cut_body


def cut(document: Document, levels: int) -> Document:
    """Return a v3 document with sub-jobs down to this many levels below it; at 0 there are none."""
    spec = {key: value for key, value in document["spec"].items() if key != "subJobs"}
    sub_jobs = document["spec"].get("subJobs")
    if sub_jobs and levels > 0:
        spec["subJobs"] = [cut(sub_job, levels - 1) for sub_job in sub_jobs]
    return document | {"spec": spec}
