"""An empty warehouse to write into, and an analyst to ask a server.

Lives here: fixtures. Does not: expectations.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cce_etl.warehouse.connection import Connection, open_warehouse
from tests.publish.analyst import Analyst


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """Return where the warehouse of `connection` is."""
    return tmp_path / "warehouse.duckdb"


@pytest.fixture
def connection(warehouse: Path) -> Iterator[Connection]:
    """Return a fresh warehouse, open for writing."""
    with open_warehouse(warehouse) as opened:
        yield opened


@pytest.fixture(scope="module")
def analyst() -> Iterator[Analyst]:
    """Return an analyst who has attached nothing."""
    made = Analyst()
    yield made
    made.close()
