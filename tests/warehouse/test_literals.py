"""Text as DuckDB reads it back from a literal."""

from pathlib import Path

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from cce_etl.warehouse.literals import literal


# DuckDB takes no NUL in a statement, and a lone surrogate is no UTF-8.
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_duckdb_reads_the_same_text_back(text: str) -> None:
    with duckdb.connect() as connection:
        assert connection.execute(f"SELECT {literal(text)}").fetchall() == [(text,)]


def test_a_path_is_its_text() -> None:
    assert literal(Path("it's/here")) == "'it''s/here'"
