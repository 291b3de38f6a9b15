"""The one table: figures, ratios to ours, targets in words."""

import pytest

from benchmarks.harness import Result, Role, Row, Sample, at_least, at_most
from benchmarks.table import aligned, cells, figure, markdown, target_cells


def row(contender: str, role: Role, *seconds: float) -> Row:
    samples = [Sample(each, 0.5, 42_000_000, 1_000) for each in seconds]
    targets = (at_most("CPU", 1.5, 2.2), at_least("requests/s", 0.5, 0.7)) if role is Role.OURS else ()
    return Row("fetch", "requests", contender, role, Result(samples), targets)


ROWS = (row("cce-etl", Role.OURS, 2.0, 1.0, 4.0), row("aiohttp", Role.FLOOR, 1.0), row("SDK", Role.ALTERNATIVE, 20.0))


def test_a_line_holds_a_contenders_figures_and_its_time_to_ours() -> None:
    ours, floor, other = cells(ROWS)
    assert ours == (
        *("fetch", "cce-etl", "ours", "1,000 requests", "3", "2.00 (1.00 to 4.00)", "500", "0.500", "0.500", "42"),
        "1.00",
    )
    assert (floor[5], floor[-1]) == ("1.00", "0.50")
    assert (other[5], other[-1]) == ("20.0", "10.00")


def test_targets_say_their_side_and_whether_they_are_met() -> None:
    assert target_cells(ROWS) == [
        ("fetch", "CPU", "at most 2.20", "1.50", "yes"),
        ("fetch", "requests/s", "at least 0.700", "0.500", "MISSED"),
    ]


@pytest.mark.parametrize(
    ("value", "text"), [(12_345.6, "12,346"), (99.96, "100.0"), (12.34, "12.3"), (1.234, "1.23"), (0.0123, "0.012")]
)
def test_a_figure_has_the_digits_that_count(value: float, text: str) -> None:
    assert figure(value) == text


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert aligned(("a", "bb"), [("ccc", "d")]) == "a    bb\n---  --\nccc  d"
    assert markdown(("a", "bb"), [("ccc", "d")]) == "| a | bb |\n| --- | --- |\n| ccc | d |"
