"""The synthetic API over real HTTP, with every way to sign in."""

from collections.abc import Iterator

import pytest

from cce_etl.demo.fleet import Fleet
from tests.fake_api.server import fake_api


@pytest.fixture(scope="session")
def endpoint(small_fleet: Fleet) -> Iterator[str]:
    """Serve the small fleet and yield the endpoint."""
    with fake_api(small_fleet) as url:
        yield url
