"""Text as an SQL expression: printable, and nothing but the text."""

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cce_etl.analysis.explain.literals import literal


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_a_literal_is_printable_and_means_its_text(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    shown = literal(text)
    assert shown.isprintable()
    assert connection.execute(f"SELECT {shown}").fetchall() == [(text,)]


def test_a_quote_does_not_end_a_literal() -> None:
    assert literal("a' OR 'b'='b") == "'a'' OR ''b''=''b'"
    assert literal("a\x1bb") == "('a' || chr(27) || 'b')"
