"""Frames as rows for a template."""

from pandas import NA, DataFrame, NaT, Timestamp

from cce_etl.analysis import Published
from cce_etl.analysis.report.queries import read_rows, rows_of


def test_every_kind_of_missing_value_is_none() -> None:
    frame = DataFrame({"a": [1.5, float("nan")], "b": [Timestamp("2026-01-01"), NaT], "c": ["x", NA]})
    first, second = rows_of(frame)
    assert (first.a, first.b, first.c) == (1.5, Timestamp("2026-01-01"), "x")
    assert tuple(second) == (None, None, None)


def test_lists_stay_lists_whatever_they_hold(opened: Published) -> None:
    (row,) = read_rows(opened, "SELECT ['a', NULL] AS some, []::VARCHAR[] AS nothing, $1::BIGINT AS number", [7])
    assert (list(row.some), list(row.nothing), row.number) == (["a", None], [], 7)
