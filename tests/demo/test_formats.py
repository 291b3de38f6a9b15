"""Times as the API writes them, compared with hand-written text and with the project's own parser."""

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cce_etl.demo.formats import GO_ZERO_TIME, go_time, uuid1
from cce_etl.timestamps import parse_timestamp, planned_time

# Years 1970 to 2200.
INSTANTS = st.integers(min_value=0, max_value=7_258_118_400_000_000_000)


@pytest.mark.parametrize(
    ("instant_ns", "text"),
    [
        (0, "1970-01-01 00:00:00 +0000 UTC"),
        (1_533_197_560_672_772_389, "2018-08-02 08:12:40.672772389 +0000 UTC"),
        (1_533_197_560_672_772_000, "2018-08-02 08:12:40.672772 +0000 UTC"),
        (1_533_197_560_600_000_000, "2018-08-02 08:12:40.6 +0000 UTC"),
        (1_533_197_560_000_000_010, "2018-08-02 08:12:40.00000001 +0000 UTC"),
        (951_868_799_999_999_999, "2000-02-29 23:59:59.999999999 +0000 UTC"),
    ],
)
def test_an_instant_is_printed_as_go_does_without_trailing_zeros(instant_ns: int, text: str) -> None:
    assert go_time(instant_ns) == text


@settings(deadline=None)
@given(INSTANTS)
def test_what_is_printed_parses_back_to_the_nanosecond(instant_ns: int) -> None:
    assert parse_timestamp(go_time(instant_ns)) == instant_ns


def test_the_zero_time_means_no_time() -> None:
    assert parse_timestamp(GO_ZERO_TIME) is None


@settings(deadline=None)
@given(INSTANTS, st.integers(min_value=0, max_value=2**14 - 1))
def test_a_uid_is_a_version_1_uuid_with_the_planned_time_inside(instant_ns: int, clock_sequence: int) -> None:
    uid = uuid1(instant_ns, clock_sequence, "0255ac10d001")
    parsed = UUID(uid)
    assert (parsed.version, parsed.clock_seq, parsed.node) == (1, clock_sequence, 0x0255AC10D001)
    assert planned_time(uid) == instant_ns // 100 * 100
