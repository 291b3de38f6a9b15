"""What all tests here share: PostgreSQL, Redis, the sources, and the night of one process to compare with.

Lives here: fixtures. Does not: expectations.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from typing import Any

import pytest

from tests.integration.ops.postgres import Postgres, find_programs, running_postgres
from tests.integration.scale.farm import Farm, farm, single_process_run
from tests.integration.scale.fleet import Sources, served_sources
from tests.integration.scale.redis import find_redis, running_redis
from tests.integration.scale.tables import rows_of

Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="package")
def postgres() -> Iterator[Postgres]:
    """Serve PostgreSQL for Dagster's records and the lakes' catalogs."""
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
    """Return the rows that one process leaves in one DuckDB file."""
    return rows_of(single_process_run(tmp_path_factory.mktemp("alone"), sources))


@pytest.fixture
def new_farm(
    tmp_path_factory: pytest.TempPathFactory, sources: Sources, postgres: Postgres, broker: str
) -> Iterator[Callable[[], Farm]]:
    """Return what makes a lake of its own, with Redis counting from nothing."""
    numbers = count(1)
    with ExitStack() as stack:

        def make() -> Farm:
            sources.forget()
            folder = tmp_path_factory.mktemp(f"farm-{next(numbers)}")
            return stack.enter_context(farm(folder, sources, postgres, broker))

        yield make
