"""Text as DuckDB reads it back from a literal."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.quoting import literal


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    """Yield one connection for all examples: opening one takes twenty times as long as asking."""
    with duckdb.connect() as opened:
        yield opened


# DuckDB takes no NUL in a statement, and a lone surrogate is no UTF-8.
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_duckdb_reads_the_same_text_back(connection: Connection, text: str) -> None:
    assert connection.execute(f"SELECT {literal(text)}").fetchall() == [(text,)]


def test_a_path_is_its_text() -> None:
    assert literal(Path("it's/here")) == "'it''s/here'"
