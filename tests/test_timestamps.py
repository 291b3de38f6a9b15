"""Both clocks to the nanosecond: hand-computed instants, Go's text for any zone, text that is none."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cce_etl.timestamps import parse_timestamp, planned_time

EXAMPLE_NS = 1_533_197_560_672_772_389  # 2018-08-02 08:12:40 UTC is 17,745 days and 29,560 s after the epoch
MIN_NS, MAX_NS = -(2**63) + 2, 2**63 - 2
INSTANTS = st.integers(MIN_NS, MAX_NS)
OFFSET_MINUTES = st.integers(-(23 * 60 + 59), 23 * 60 + 59)


def wall_clock(instant_ns: int, offset_minutes: int) -> tuple[str, str, int]:
    """Return date, time of day and nanoseconds as a clock shows them that is ahead of UTC by some minutes."""
    seconds, nanoseconds = divmod(instant_ns, 10**9)
    days, second_of_day = divmod(seconds + offset_minutes * 60, 86_400)
    minutes, second = divmod(second_of_day, 60)
    day = date(1970, 1, 1) + timedelta(days=days)
    return day.isoformat(), f"{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}", nanoseconds


def offset_text(offset_minutes: int, separator: str) -> str:
    hours, minutes = divmod(abs(offset_minutes), 60)
    return f"{'-' if offset_minutes < 0 else '+'}{hours:02d}{separator}{minutes:02d}"


@pytest.mark.parametrize(
    "text",
    [
        "2018-08-02 08:12:40.672772389 +0000 UTC",
        "2018-08-02 16:12:40.672772389 +0800 CST",
        "2018-08-02 16:12:40.672772389 +0800 +0800",
        "2018-08-02 16:12:40.672772389 +0800",
        "2018-08-02 04:42:40.672772389 -0330 NST",
        "2018-08-01 20:12:40.672772389 -1200 -12",
        "2018-08-02 08:12:40.672772389 +0000 UTC m=+0.123456789",
        "2018-08-02 08:12:40.672772389 +0000 UTC m=-12",
        "  2018-08-02 08:12:40.672772389 +0000 UTC\n",
        "2018-08-02T08:12:40.672772389Z",
        "2018-08-02t08:12:40.672772389z",
        "2018-08-02 08:12:40.672772389Z",
        "2018-08-02T16:12:40.672772389+08:00",
        "2018-08-02T08:12:40.672772389-00:00",
        "2018-08-02T08:12:40.672772389000Z",
    ],
)
def test_the_documented_instant_reads_the_same_in_every_form(text: str) -> None:
    assert parse_timestamp(text) == EXAMPLE_NS


def test_the_name_of_a_zone_does_not_count() -> None:
    assert parse_timestamp("1970-01-01 08:00:00 +0800 UTC") == 0


@pytest.mark.parametrize(
    ("fraction", "nanoseconds"),
    [
        ("", 0),
        (".5", 500_000_000),
        (".05", 50_000_000),
        (".000001", 1_000),
        (".000000001", 1),
        (".999999999", 999_999_999),
    ],
)
def test_a_fraction_of_any_length_is_exact(fraction: str, nanoseconds: int) -> None:
    assert parse_timestamp(f"1970-01-01 00:00:01{fraction} +0000 UTC") == 10**9 + nanoseconds
    assert parse_timestamp(f"1969-12-31 23:59:59{fraction} +0000 UTC") == -(10**9) + nanoseconds


@settings(deadline=None)
@given(INSTANTS, OFFSET_MINUTES, st.sampled_from(["", " UTC", " CST", " +08", " m=+1.5", " CET m=-0.000000001"]))
@example(MIN_NS, 0, "")
@example(MAX_NS, -1, "")
@example(-1, 0, " UTC")
def test_what_go_prints_is_read_back_to_the_nanosecond(instant_ns: int, offset_minutes: int, suffix: str) -> None:
    day, time_of_day, nanoseconds = wall_clock(instant_ns, offset_minutes)
    fraction = f".{nanoseconds:09d}".rstrip("0") if nanoseconds else ""
    text = f"{day} {time_of_day}{fraction} {offset_text(offset_minutes, '')}{suffix}"
    assert parse_timestamp(text) == instant_ns


@settings(deadline=None)
@given(INSTANTS, OFFSET_MINUTES, st.integers(0, 9))
def test_rfc_3339_is_read_with_any_number_of_digits(instant_ns: int, offset_minutes: int, digits: int) -> None:
    day, time_of_day, nanoseconds = wall_clock(instant_ns, offset_minutes)
    fraction = f".{nanoseconds:09d}"[: digits + 1] if digits else ""
    kept = nanoseconds // 10 ** (9 - digits) * 10 ** (9 - digits)
    expected = instant_ns - nanoseconds + kept
    if expected >= MIN_NS:
        assert parse_timestamp(f"{day}T{time_of_day}{fraction}{offset_text(offset_minutes, ':')}") == expected


@settings(deadline=None)
@given(st.datetimes(datetime(1678, 1, 1), datetime(2262, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_python_agrees_to_the_microsecond(moment: datetime) -> None:
    expected = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1_000
    assert parse_timestamp(moment.isoformat()) == expected


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01 00:00:00 +0000 UTC",
        "0001-01-01T00:00:00Z",
        "0001-01-01 08:05:43 +0805 LMT",
        "0000-12-31 19:03:58 -0456 LMT",
    ],
)
def test_the_zero_time_means_none_wherever_it_is_seen_from(text: str) -> None:
    assert parse_timestamp(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "1533197560",
        "2018-08-02",
        "2018-08-02 08:12:40",
        "2018-08-02T08:12:40",
        "2018-08-02 08:12:40 UTC",
        "2018-08-02T08:12:40+0800",
        "2018-08-02 08:12:40 +00:00 UTC",
        "2018-08-02  08:12:40 +0000 UTC",
        "2018-08-02 08:12:40. +0000 UTC",
        "2018-08-02 08:12:40,5 +0000 UTC",
        "2018-8-2 08:12:40 +0000 UTC",
        "2018-02-30 08:12:40 +0000 UTC",
        "2019-02-29 08:12:40 +0000 UTC",
        "2018-13-01 08:12:40 +0000 UTC",
        "2018-08-02 24:00:00 +0000 UTC",
        "2018-08-02 08:60:00 +0000 UTC",
        "2016-12-31T23:59:60Z",
        "2018-08-02 08:12:40 +2400 UTC",
        "2018-08-02 08:12:40 +0060 UTC",
        "2018-08-02 08:12:40.0000000001 +0000 UTC",
        "1677-09-21 00:12:43 +0000 UTC",
        "2262-04-11 23:47:17 +0000 UTC",
        "12018-08-02 08:12:40 +0000 UTC",
        "-2018-08-02 08:12:40 +0000 UTC",
        "0000-12-30 00:00:00 +0000 UTC",
        "\u0662\u0660\u0661\u0668-08-02 08:12:40 +0000 UTC",
        "2018-08-02 08:12:40 +0000 UTC m=",
        "2018-08-02 08:12:40 +0000 UTC and more",
    ],
)
def test_what_is_not_understood_is_never_guessed(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_timestamp(text)


@settings(deadline=None)
@given(st.text() | st.text("0123456789-:. +TZUCm=", max_size=50))
def test_no_text_does_more_than_raise_a_value_error(text: str) -> None:
    try:
        instant = parse_timestamp(text)
    except ValueError:
        return
    assert instant is None or MIN_NS <= instant <= MAX_NS


def test_a_uuid_of_version_1_says_when_it_was_planned() -> None:
    # InstallMaster of the documented example: 0x1e89606fd474fab ticks of 100 ns since 1582-10-15, 3.6 minutes
    # before it started
    assert planned_time("fd474fab-9606-11e8-baa9-0255ac10215d") == 1_533_181_739_807_940_300
    assert planned_time("FD474FAB-9606-11E8-BAA9-0255AC10215D") == 1_533_181_739_807_940_300
    assert planned_time("13814000-1dd2-11b2-8000-000000000000") == 0


@settings(deadline=None)
@given(st.integers(0, 2**60 - 1), st.integers(0, 2**14 - 1), st.integers(0, 2**48 - 1))
def test_the_planned_time_is_what_python_finds_in_the_uuid(ticks: int, sequence: int, node: int) -> None:
    fields = (ticks & 0xFFFFFFFF, ticks >> 32 & 0xFFFF, ticks >> 48 | 0x1000, sequence >> 8 | 0x80, sequence & 0xFF)
    uid = uuid.UUID(fields=(*fields, node))
    expected = (uid.time - 0x01B21DD213814000) * 100
    assert planned_time(str(uid)) == (expected if MIN_NS <= expected <= MAX_NS else None)


@pytest.mark.parametrize(
    "uid",
    [
        "354331b2c-229a-11e8-9c75-0255ac100ceb",
        "fd474fab-9606-41e8-baa9-0255ac10215d",
        "fd474fab-9606-11e8-0aa9-0255ac10215d",
        "fd474fab960611e8baa90255ac10215d",
        "{fd474fab-9606-11e8-baa9-0255ac10215d}",
        " fd474fab-9606-11e8-baa9-0255ac10215d",
        "",
    ],
)
def test_any_other_uid_says_nothing_of_its_plan(uid: str) -> None:
    assert planned_time(uid) is None


@settings(deadline=None)
@given(st.text())
def test_no_uid_makes_reading_it_fail(uid: str) -> None:
    planned = planned_time(uid)
    assert planned is None or MIN_NS <= planned <= MAX_NS
