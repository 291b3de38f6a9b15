"""Twenty sources on loopback, each with its own jobs, latency and rate limit, and a record of the requests to each."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from cce_etl.demo.api import DEMO_PROJECT_ID
from cce_etl.demo.fleet import build_fleet
from tests.fake_api.faults import delay
from tests.fake_api.server import fake_api

# 2026-03-01 00:00:00.000000123 UTC: the time of every process here, so that two runs give the same rows.
NOW = 1_772_323_200_000_000_123
JOBS = 30
JOBS_OF_THE_LONGEST = 240
RATE_PER_SECOND = 20.0
LATENCY_SECONDS = 0.05
NAMES = [f"region-{number:02}" for number in range(1, 21)]
# It starts first and takes longer than it takes to find and kill its worker.
LONGEST = NAMES[0]


@dataclass
class Record:
    """The requests to one source: time (seconds) and job id."""

    requests: list[tuple[float, str]] = field(default_factory=list)

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Record a request when it arrives."""
        self.requests.append((time.monotonic(), request.path.rpartition("/")[2]))
        return await handler(request)

    def most_within(self, seconds: float) -> int:
        """Return the maximum number of requests in a sliding window of some seconds."""
        times = sorted(seconds for seconds, _ in self.requests)
        first = most = 0
        for last, time_of_last in enumerate(times):
            while times[first] <= time_of_last - seconds:
                first += 1
            most = max(most, last - first + 1)
        return most

    def requested(self) -> Counter[str]:
        """Return how often each job was requested."""
        return Counter(job_id for _, job_id in self.requests)


@dataclass
class Sources:
    """The served sources: their tables of cce-etl.toml, and the requests to each."""

    tables: str
    records: Mapping[str, Record]

    def clear(self) -> None:
        """Delete the records of all requests."""
        for record in self.records.values():
            record.requests.clear()


@contextmanager
def served_sources(folder: Path) -> Iterator[Sources]:
    """Serve every source until the end of the block; their id lists are in the folder."""
    records = {name: Record() for name in NAMES}
    tables = []
    with ExitStack() as stack:
        for seed, name in enumerate(NAMES, start=1):
            fleet = build_fleet(seed, JOBS_OF_THE_LONGEST if name == LONGEST else JOBS, NOW)
            served = fake_api(fleet, middlewares=[records[name], delay(LATENCY_SECONDS)])
            endpoint = stack.enter_context(served)
            ids = folder / f"{name}.txt"
            ids.write_text("\n".join(fleet.job_ids), encoding="utf-8")
            tables.append(
                f'[[sources]]\nname = "{name}"\nendpoint = "{endpoint}"\nproject_id = "{DEMO_PROJECT_ID}"\n'
                f'auth_token_env = "FLEET_TOKEN"\nrate_limit = {RATE_PER_SECOND}\njob_ids = "{ids}"\n'
            )
        yield Sources("\n".join(tables), records)
