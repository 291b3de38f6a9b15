"""Dates, times and spans as people type them, and the window before a window."""

from datetime import UTC, date, datetime

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cce_etl.analysis.explain.periods import Instant, Period, read_instant
from cce_etl.errors import ConfigError
from cce_etl.timestamps import iso_text, parse_timestamp, utc_text

DAY_NS = 86_400 * 10**9
# 2026-05-22 00:00:00 UTC
MAY_22_NS = 1_779_408_000 * 10**9


@pytest.mark.parametrize(
    ("value", "after_midnight_ns"),
    [
        ("2026-05-22", 0),
        (" 2026-05-22 ", 0),
        ("2026-05-22Z", 0),
        ("2026-05-22T10:30", 37_800 * 10**9),
        ("2026-05-22 10:30:00.000000001", 37_800 * 10**9 + 1),
        ("2026-05-22T10:30:00+02:00", 30_600 * 10**9),
        ("2026-05-22 10:30:00.5 +0000 UTC", 37_800 * 10**9 + 5 * 10**8),
        (date(2026, 5, 22), 0),
        (datetime(2026, 5, 22, 10, 30, tzinfo=UTC), 37_800 * 10**9),
        (pandas.Timestamp("2026-05-22 00:00:00.000000007"), 7),
    ],
)
def test_dates_and_times_are_read_to_the_nanosecond_and_are_utc_without_a_zone(
    value: Instant, after_midnight_ns: int
) -> None:
    assert read_instant("since", value, 0) == MAY_22_NS + after_midnight_ns


@pytest.mark.parametrize(("span", "nanoseconds"), [("7d", 7 * DAY_NS), ("4w", 28 * DAY_NS), ("12 h", DAY_NS // 2)])
def test_a_span_counts_back_from_the_end_of_the_data(span: str, nanoseconds: int) -> None:
    assert read_instant("since", span, MAY_22_NS) == MAY_22_NS - nanoseconds


@pytest.mark.parametrize(
    "text",
    ["", "x", "7", "d", "-7d", "2026-13-01", "2026-05-22T25:00", "22.05.2026", "0001-01-01", "9999-01-01", "999999w"],
)
def test_anything_else_is_a_wrong_setting_that_is_named(text: str) -> None:
    with pytest.raises(ConfigError, match="since is wrong"):
        read_instant("since", text, MAY_22_NS)


def test_the_window_before_is_equally_long_and_ends_where_the_window_begins() -> None:
    assert Period(10, 14).before() == Period(6, 10)


def test_the_window_before_a_very_long_one_begins_with_time_itself() -> None:
    window = Period(-(2**62), 2**63 - 2)
    assert window.before() == Period(-(2**63) + 2, -(2**62))


@given(st.integers(-(2**63) + 2 * 10**9, 2**63 - 2 * 10**9))
def test_an_instant_written_for_sql_and_for_json_reads_back_the_same(instant_ns: int) -> None:
    assert parse_timestamp(iso_text(utc_text(instant_ns))) == instant_ns


def test_a_fraction_is_written_only_where_there_is_one() -> None:
    assert utc_text(MAY_22_NS) == "2026-05-22 00:00:00"
    assert utc_text(MAY_22_NS - 1) == "2026-05-21 23:59:59.999999999"
    assert iso_text("2026-05-22 00:00:00.5") == "2026-05-22T00:00:00.5Z"
