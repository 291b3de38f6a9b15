"""Whole columns of texts give what each text gives alone."""

from collections.abc import Sequence

import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cce_etl.timestamps import planned_time, timestamp_or_none
from cce_etl.transform.timestamp_columns import parse_timestamps, planned_times

MIN_NS, MAX_NS = -(2**63) + 2, 2**63 - 2
UID = "fd474fab-9606-11e8-baa9-0255ac10215d"
DIGITS = st.text("0123456789", min_size=1, max_size=10)
# Texts of Go's form with any digits in it: months of 0 and 19, days of 31 where there are 30, hours of 25.
GO_LIKE = st.builds(
    "{}-{:02d}-{:02d} {:02d}:{:02d}:{:02d}{}{}".format,
    st.sampled_from(["1677", "1678", "1900", "2000", "2023", "2024", "2261", "2262", "0001", "9999"]),
    st.integers(0, 13),
    st.integers(0, 32),
    st.integers(0, 24),
    st.integers(0, 60),
    st.integers(0, 60),
    st.just("") | DIGITS.map(lambda digits: f".{digits}") | st.sampled_from([".", ",5", ".12a"]),
    st.sampled_from([" +0000 UTC", " +0000 UTC", " +0800 CST", " -0000 UTC", " +0000 utc", "Z", ""]),
)


def instants(texts: Sequence[str | None]) -> list[int | None]:
    found: list[int | None] = parse_timestamps(pa.array(texts, pa.string())).cast(pa.int64()).to_pylist()
    return found


def planned(uids: Sequence[str | None]) -> list[int | None]:
    found: list[int | None] = planned_times(pa.array(uids, pa.string())).cast(pa.int64()).to_pylist()
    return found


@settings(deadline=None, max_examples=60)
@given(st.lists(st.none() | GO_LIKE | st.text("0123456789-:. +UTC\u00e4", max_size=40), max_size=10))
@example(["2018-08-02 08:12:40.672772389 +0000 UTC", None, "", "2018-08-02 08:12:40 +0000 UTC"])
@example(["0001-01-01 00:00:00 +0000 UTC", "\u0662018-08-02 08:12:40 +0000 UTC", "2018-08-02 08:12:40. +0000 UTC"])
def test_each_text_is_the_instant_it_is_alone(texts: list[str | None]) -> None:
    assert instants(texts) == [timestamp_or_none(text) for text in texts]


def test_the_documented_clocks_are_read_by_position() -> None:
    # 2018-08-02 08:12:40 UTC is 17,745 days and 29,560 s after the epoch
    texts = [f"2018-08-02 08:12:40{fraction} +0000 UTC" for fraction in ("", ".5", ".000001", ".672772389")]
    assert instants(texts) == [
        1_533_197_560_000_000_000,
        1_533_197_560_500_000_000,
        1_533_197_560_000_001_000,
        1_533_197_560_672_772_389,
    ]


def test_a_part_of_a_column_is_read_as_a_column() -> None:
    texts = pa.array(["x", "1970-01-01 00:00:01 +0000 UTC", UID, "y"], pa.string()).slice(1, 2)
    assert parse_timestamps(texts).cast(pa.int64()).to_pylist() == [10**9, None]
    assert planned_times(texts).cast(pa.int64()).to_pylist() == [None, 1_533_181_739_807_940_300]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.none()
        | st.uuids(version=1).map(str)
        | st.uuids().map(str)
        | st.builds(
            "{}-{}-{}".format,
            st.just(UID[:13]),
            st.text("0189abAFgU-\u00e4", min_size=9, max_size=9),
            st.just(UID[24:]),
        ),
        max_size=10,
    )
)
@example(
    [UID, UID.upper(), f"{UID} ", UID[:-1] + "\n", UID.replace("-11e8-", "-41e8-"), "354331b2c-229a-11e8-9c75-0255"]
)
@example(["ffffffff-ffff-1fff-bfff-ffffffffffff", "00000000-0000-1000-8000-000000000000"])
def test_each_uid_was_planned_when_it_says_alone(uids: list[str | None]) -> None:
    assert planned(uids) == [planned_time(uid) if uid else None for uid in uids]


def test_the_ends_of_what_fits_are_kept_to() -> None:
    ticks = [bound // 100 + 0x01B21DD213814000 + step for bound in (MIN_NS, MAX_NS) for step in (-1, 0, 1, 2)]
    hexadecimal = [f"{tick:015x}" for tick in ticks]
    uids = [f"{digits[7:]}-{digits[3:7]}-1{digits[:3]}-8000-000000000000" for digits in hexadecimal]
    assert planned(uids) == [planned_time(uid) for uid in uids]
    assert [one is None for one in planned(uids)] == [True, True, False, False, False, False, True, True]
