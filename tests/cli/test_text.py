"""Text from data as a terminal gets it, and seconds as people read them."""

import pytest

from cce_etl.cli.text import one_line, seconds_text, visible


def test_control_characters_are_made_visible_and_letters_of_any_script_stay() -> None:
    assert visible("a\x1b[31mb\rc\td\ne é 作业 \u202eright") == "a\\x1b[31mb\\x0dc\\x09d\ne é 作业 \\x202eright"


def test_line_breaks_are_made_visible_where_a_line_must_stay_one() -> None:
    assert one_line("a\nb\x1b") == "a\\x0ab\\x1b"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0.000"), (9.8765, "9.877"), (-0.5, "-0.500"), (10, "10.0"), (1234.56, "1,234.6")]
)
def test_seconds_are_as_fine_as_they_are_few(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text
