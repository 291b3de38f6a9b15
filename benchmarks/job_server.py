"""A server that answers with synthetic jobs made beforehand, as fast as aiohttp.web can.

It does not check who asks: that would cost all contenders the same.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Final

PROJECT_ID: Final = "0123456789abcdef0123456789abcdef"
ENDS_AT_NS: Final = 1_772_323_200_000_000_000
SEED: Final = 20_260_301
_HEADERS: Final = {"Content-Type": "application/json"}


def job_ids(job_count: int) -> list[str]:
    """Return the ids that a server of so many jobs knows; `job_count` of them."""
    return [f"{number:08x}-0000-1000-8000-0123456789ab" for number in range(job_count)]


def small_body(job_id: str) -> bytes:
    """Return a job of about 3 KB: a root with seven steps."""
    steps = [_job(f"{job_id[:8]}-{step:04x}-1000-8000-0123456789ab", "InstallMaster", []) for step in range(1, 8)]
    return json.dumps(_job(job_id, "CreateCluster", steps), separators=(",", ":")).encode()


def _job(job_id: str, job_type: str, steps: list[dict[str, object]]) -> dict[str, object]:
    return {
        "kind": "Job",
        "apiVersion": "v3",
        "metadata": {
            "uid": job_id,
            "creationTimestamp": "2026-02-02 08:12:40.672772389 +0000 UTC",
            "updateTimestamp": "2026-02-02 08:16:01.201557233 +0000 UTC",
        },
        "spec": {
            "type": job_type,
            "clusterUID": "4d1ecb2c-229a-11e8-9c75-0255ac100ceb",
            "resourceID": "6f4dcb2c-229a-11e8-9c75-0255ac100ceb",
            "resourceName": "benchmark-cluster",
            "extendParam": {},
            "subJobs": steps,
        },
        "status": {"phase": "Success", "reason": ""},
    }


def serve_small(announce: Callable[[str], None], *, job_count: int, latency_seconds: float) -> None:
    """Serve `job_count` jobs of 3 KB; the endpoint is announced."""
    _serve(announce, {job_id: small_body(job_id) for job_id in job_ids(job_count)}, latency_seconds)


def serve_fleet(announce: Callable[[str], None], *, job_count: int, latency_seconds: float) -> None:
    """Serve a synthetic fleet of `job_count` jobs, some 13 nodes each."""
    from cce_etl.demo.fleet import build_fleet

    bodies = dict(build_fleet(SEED, job_count, ENDS_AT_NS).v3_bodies())
    _serve(announce, bodies, latency_seconds)


def fleet_ids(job_count: int) -> list[str]:
    """Return the ids that `serve_fleet` knows."""
    from cce_etl.demo.fleet import build_fleet

    return list(build_fleet(SEED, job_count, ENDS_AT_NS).job_ids)


def _serve(announce: Callable[[str], None], bodies: dict[str, bytes], latency_seconds: float) -> None:
    asyncio.run(_run(announce, bodies, latency_seconds))


async def _run(announce: Callable[[str], None], bodies: dict[str, bytes], latency_seconds: float) -> None:
    from aiohttp import web

    async def answer(request: web.BaseRequest) -> web.Response:
        await asyncio.sleep(latency_seconds)
        # The official client puts a slash at the end of a path, to which its signature belongs.
        return web.Response(body=bodies[request.path.rstrip("/").rpartition("/")[2]], headers=_HEADERS)

    logging.getLogger("aiohttp").setLevel(logging.ERROR)
    runner = web.ServerRunner(web.Server(answer, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    announce(f"http://127.0.0.1:{runner.addresses[0][1]}")
    await asyncio.Event().wait()
