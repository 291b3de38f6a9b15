"""Queries with their parameters written in: harmless as text, right as statistics."""

from itertools import accumulate
from math import comb
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cce_etl.analysis.explain.periods import Period
from cce_etl.analysis.explain.queries import CHANGES, DATA_END, FINDINGS, all_queries, filled, instant, literal
from cce_etl.analysis.scope import Scope
from tests.analysis.explained import steps, write_published

WHOLE = Period(0, 4_000_000_000 * 10**9)


def test_a_dollar_in_a_name_is_no_parameter() -> None:
    assert "job_type = '$until'" in filled(CHANGES, Scope("$until"), until=instant(0))


def test_all_sources_are_asked_unless_one_is_named() -> None:
    assert "WHERE true" in filled(DATA_END, Scope("A"))
    assert "WHERE source = 's'" in filled(DATA_END, Scope("A", "s"))
    assert "source" not in filled(FINDINGS, Scope("A"), until=instant(0))


def test_the_root_type_narrows_steps_and_nothing_else() -> None:
    asked = all_queries(Scope("A", root_type="R"), WHOLE)
    narrowed = {part for part, sql in asked.items() if "root_job_type = 'R'" in sql}
    assert narrowed == {"now", "before", "failure_rate", "failure_rate_before", "slowest", "shapes"}


@pytest.mark.parametrize("root_count", [5, 6, 9, 12, 50, 401])
def test_the_interval_is_between_the_ranks_of_the_binomial_distribution(tmp_path: Path, root_count: int) -> None:
    path = write_published(tmp_path / "p.duckdb")
    with duckdb.connect(path) as connection:
        connection.execute(
            "INSERT INTO marts.steps (root_job_id, created_at, duration_seconds) "
            f"SELECT number, TIMESTAMP_NS '2026-06-01', number FROM range(1, {root_count + 1}) AS numbers(number)"
        )
        ((middle, _, low, high, n, counted, _, _),) = connection.execute(
            all_queries(Scope("InstallMaster"), WHOLE)["now"]
        ).fetchall()
    tails = accumulate(comb(root_count, successes) for successes in range(root_count))
    # P(Binomial(n, 1/2) <= rank - 1) <= 1/40, in whole numbers
    rank = sum(40 * tail <= 2**root_count for tail in tails)
    assert (low, high) == ((rank, root_count + 1 - rank) if rank else (None, None))
    assert (n, counted, middle) == (root_count, root_count, (root_count + 1) / 2)


def test_a_root_with_many_steps_counts_once_in_the_median_and_its_interval(tmp_path: Path) -> None:
    many = [row | {"root_job_id": "one"} for row in steps([1_000.0] * 50, "2026-06-01")]
    path = write_published(tmp_path / "p.duckdb", steps=[*many, *steps([1, 2, 3, 4, 5], "2026-06-02")])
    with duckdb.connect(path) as connection:
        found = connection.execute(all_queries(Scope("InstallMaster"), WHOLE)["now"]).fetchall()
    # six roots: from the least to the greatest of their medians; the median of all 55 steps is another figure
    assert found == [(3.5, 1_000.0, 1.0, 1_000.0, 55, 6, 1_000.0, 0)]


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
