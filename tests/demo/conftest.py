"""Synthetic fleets for the tests of this folder: one large enough to measure rates, and a small one that is served."""

from collections.abc import Iterator

import httpx
import pytest

from cce_etl.demo.api import DEMO_TOKEN, build_application
from cce_etl.demo.fleet import Fleet, build_fleet
from cce_etl.demo.server import serve_in_thread
from cce_etl.timestamps import NANOSECONDS
from cce_etl.transform.flatten import JobRow, job_rows, parse_payload

# 2026-03-01 00:00:00 UTC
ENDS_AT_NS = 1_772_323_200 * NANOSECONDS


@pytest.fixture(scope="session")
def fleet() -> Fleet:
    """Return 2,000 jobs: some 450 InstallNode steps in the failing cohort, 80 InstallMaster in the slow one."""
    return build_fleet(seed=11, job_count=2_000, ends_at_ns=ENDS_AT_NS)


@pytest.fixture(scope="session")
def trees(fleet: Fleet) -> dict[str, list[JobRow]]:
    """Return the rows of each synthetic tree by root id, the documented example left out."""
    return {job_id: job_rows(parse_payload(fleet.v3_body(job_id), job_id)) for job_id in fleet.job_ids[1:]}


@pytest.fixture(scope="session")
def rows(trees: dict[str, list[JobRow]]) -> list[JobRow]:
    """Return the rows of all synthetic trees, roots included."""
    return [row for tree in trees.values() for row in tree]


@pytest.fixture(scope="session")
def endpoint(small_fleet: Fleet) -> Iterator[str]:
    """Serve the small fleet over real HTTP and yield the endpoint."""
    with serve_in_thread(build_application(small_fleet)) as url:
        yield url


@pytest.fixture
def client(endpoint: str) -> Iterator[httpx.Client]:
    """Yield a client that sends the demo token."""
    with httpx.Client(base_url=endpoint, headers={"X-Auth-Token": DEMO_TOKEN}, trust_env=False) as connected:
        yield connected
