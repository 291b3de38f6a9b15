"""Figures and names as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from pandas import Timestamp

from cce_etl.analysis.report import format as formats


def plain(text: str) -> str:
    """Return text with ordinary spaces between figures and units."""
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, formats.NO_VALUE),
        (0.0, "0 s"),
        (0.004567, "4.57 ms"),
        (0.4567, "0.457 s"),
        (59.94, "59.9 s"),
        (59.96, "1 m"),
        (250.0, "4 m 10 s"),
        (3_599.6, "1 h"),
        (7_500.0, "2 h 5 m"),
        (86_399.0, "1 d"),
        (100_000.0, "1 d 4 h"),
        (-250.0, "\u22124 m 10 s"),
    ],
)
def test_durations_are_in_their_two_largest_units(value: float | None, text: str) -> None:
    assert plain(formats.seconds(value)) == text


@given(st.floats(min_value=0, max_value=1e12))
def test_every_duration_has_words_without_a_line_break_in_them(value: float) -> None:
    assert " " not in formats.seconds(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, formats.NO_VALUE),
        (0.0, "0.0 %"),
        (0.0004, "< 0.1 %"),
        (0.1234, "12.3 %"),
        (0.9996, "> 99.9 %"),
        (1.0, "100.0 %"),
        (-0.333, "\u221233.3 %"),
    ],
)
def test_a_share_is_never_rounded_to_none_or_all(value: float | None, text: str) -> None:
    assert plain(formats.percent(value)) == text


def test_one_thing_has_a_noun_in_the_singular() -> None:
    assert [formats.counted(value, "root job") for value in (0, 1, 1_200)] == [
        "0 root jobs",
        "1 root job",
        "1,200 root jobs",
    ]


def test_counts_ratios_and_discovery_rates() -> None:
    assert (formats.count(1_234_567), formats.count(None)) == ("1,234,567", formats.NO_VALUE)
    assert (formats.times(3.0234), formats.times(0.5), formats.times(None)) == ("3.02", "0.5", formats.NO_VALUE)
    rates = [plain(formats.q_value(value)) for value in (0.0, 0.00009, 0.0031, None)]
    assert rates == ["q < 0.0001", "q < 0.0001", "q = 0.0031", "q unknown"]


def test_times_are_to_the_minute_and_say_their_zone() -> None:
    at = Timestamp("2026-05-03 14:20:59.999999999")
    assert (formats.instant(at), formats.day(at)) == ("<time>2026-05-03 14:20 UTC</time>", "2026-05-03")
    assert (formats.instant(None), formats.day(None)) == (formats.NO_VALUE, formats.NO_VALUE)


def test_a_place_in_a_picture_stays_inside_of_it() -> None:
    places = [formats.position(value, 4) for value in (1.0, -1.0, 9.0, None)]
    assert places == ["25.00%", "0.00%", "100.00%", "0.00%"]
    assert formats.position(1.0, 0) == "0.00%"


def test_a_missing_name_is_said_in_words_and_an_unknown_phase_has_a_class_of_its_own() -> None:
    assert (formats.either(None, "no type sent"), formats.either("", "no type sent")) == ("no type sent", "")
    assert (formats.phase_class("Failed"), formats.phase_class('x" onload="')) == ("failed", "other")


def test_text_is_made_visible_and_cut_and_markup_is_left_alone() -> None:
    assert formats.printable("a\x1b[1m\n\u202eb 作业") == "a\\x1b[1m\\x0a\\x202eb 作业"
    assert formats.printable("x" * 160) == "x" * 160
    assert formats.printable("x" * 161) == "x" * 160 + "… (161 characters)"
    assert formats.printable(Markup("<b>\n</b>")) == Markup("<b>\n</b>")
    assert (formats.printable(None), formats.printable(3)) == (formats.NO_VALUE, 3)
