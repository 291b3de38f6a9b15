"""PostgreSQL, Redis, the sources, and the rows of a run in one process to compare with."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from typing import Any

import pytest

from tests.integration.ops.postgres import Postgres, find_programs, running_postgres
from tests.integration.scale.deployment import Deployment, deployment, single_process_run
from tests.integration.scale.redis import find_redis, running_redis
from tests.integration.scale.sources import Sources, served_sources
from tests.integration.scale.tables import rows_of

Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="package")
def postgres() -> Iterator[Postgres]:
    """Serve PostgreSQL for Dagster's records and the catalogs of the lakes."""
    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL's initdb, pg_ctl and pg_dump are needed: apt-get install postgresql")
    with running_postgres(programs) as server:
        yield server


@pytest.fixture(scope="package")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve Redis, and yield its address with the password."""
    program = find_redis()
    if program is None:
        pytest.skip("redis-server is needed: apt-get install redis-server")
    with running_redis(program, tmp_path_factory.mktemp("redis")) as address:
        yield address


@pytest.fixture(scope="package")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sources]:
    """Serve twenty sources."""
    with served_sources(tmp_path_factory.mktemp("sources")) as served:
        yield served


@pytest.fixture(scope="package")
def expected(tmp_path_factory: pytest.TempPathFactory, sources: Sources) -> Rows:
    """Return the rows that a run in one process writes to a DuckDB file."""
    return rows_of(single_process_run(tmp_path_factory.mktemp("alone"), sources))


@pytest.fixture
def new_deployment(
    tmp_path_factory: pytest.TempPathFactory, sources: Sources, postgres: Postgres, broker: str
) -> Iterator[Callable[[], Deployment]]:
    """Return a function that creates a deployment with a new lake."""
    numbers = count(1)
    with ExitStack() as stack:

        def make() -> Deployment:
            sources.clear()
            folder = tmp_path_factory.mktemp(f"deployment-{next(numbers)}")
            return stack.enter_context(deployment(folder, sources, postgres, broker))

        yield make
