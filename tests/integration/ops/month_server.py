"""The API of the changing fleet over real HTTP, as a process, with the fault that it is told to have."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from cce_etl.demo.api import DEMO_PROJECT_ID, DEMO_TOKEN
from cce_etl.demo.responses import json_response, not_found, unauthorized
from tests.integration.ops.month_fleet import NightJob, jobs_of, json_body


@dataclass
class Api:
    """The jobs listed so far, the instant at which they are seen, and the requests of this night."""

    jobs: dict[str, NightJob] = field(default_factory=dict)
    seen_ns: int = 0
    is_voided: bool = False
    latency_seconds: float = 0.0
    asked: Counter[str] = field(default_factory=Counter)
    last_phase: dict[str, str] = field(default_factory=dict)

    async def show_job(self, request: web.Request) -> web.Response:
        """Answer GET /api/v3/projects/{project_id}/jobs/{job_id}."""
        if self.is_voided or request.headers.get("X-Auth-Token") != DEMO_TOKEN:
            return unauthorized("decrypt token fail")
        job_id = request.match_info["job_id"]
        self.asked[job_id] += 1
        await asyncio.sleep(self.latency_seconds)
        job = self.jobs.get(job_id)
        document = None if job is None else job.body(self.seen_ns)
        if job is None or document is None:
            return not_found()
        self.last_phase[job_id] = job.phase(self.seen_ns)
        return json_response(json_body(document))

    def begin(self, new: Sequence[NightJob], seen_ns: int, *, is_voided: bool, latency_seconds: float) -> None:
        """Start a night."""
        self.jobs |= {job.job_id: job for job in new}
        self.seen_ns, self.is_voided, self.latency_seconds = seen_ns, is_voided, latency_seconds
        self.asked.clear()


async def serve() -> None:
    """Serve on a free port until standard input ends; each answer has the port."""
    api = Api()
    application = web.Application()
    application.router.add_get(f"/api/v3/projects/{DEMO_PROJECT_ID}/jobs/{{job_id}}", api.show_job)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site: web.TCPSite | None = web.TCPSite(runner, "127.0.0.1", 0)
    assert site is not None
    await site.start()
    port = runner.addresses[0][1]
    while line := await asyncio.to_thread(sys.stdin.readline):
        question: dict[str, Any] = json.loads(line)
        if "night" in question:
            new = jobs_of(question["night"], may_vanish=question["may_vanish"])
            voided, latency = question["fault"] == "voided", question["latency_seconds"]
            api.begin(new, question["seen_ns"], is_voided=voided, latency_seconds=latency)
            if question["fault"] == "outage" and site is not None:
                await site.stop()
                site = None
            elif question["fault"] != "outage" and site is None:
                site = web.TCPSite(runner, "127.0.0.1", port)
                await site.start()
        account = {"port": port, "asked": dict(api.asked), "last_phase": api.last_phase if "all" in question else {}}
        sys.stdout.write(json.dumps(account) + "\n")
        sys.stdout.flush()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve())
