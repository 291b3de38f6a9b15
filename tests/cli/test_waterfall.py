"""A tree as lines: bars to scale, within the width, harmless, and few enough to read."""

import pytest
from rich.cells import cell_len

from cce_etl.cli.waterfall import MAX_LINES, Shown, waterfall_lines
from tests.analysis.traced import node, trace


def texts(shown: Shown) -> list[str]:
    return [line.text for line in shown.lines]


def bars(shown: Shown) -> list[str]:
    """Return what stands right of the columns."""
    return [text[len(shown.head) + 2 :] for text in texts(shown)]


def test_a_tree_is_a_line_a_node_with_bars_over_the_roots_time() -> None:
    shown = waterfall_lines(
        trace(
            node("", 0, 100, job_type="CreateCluster", is_on_critical_path=True),
            node("0", 0, 25, job_type="Prepare"),
            node("1", 25, 100, "Failed", job_type="Install", is_on_critical_path=True),
            node("1/0", 50, 75, job_type="Node"),
            node("2", None, None, "Initializing", job_type="Check"),
        ),
        width=72,
    )
    assert [shown.head, *texts(shown)] == [
        "  step          phase         start (s)  lasts (s)",
        "* CreateCluster Success           0.000      100.0  ████████████████████",
        "    Prepare     Success           0.000       25.0  ▒▒▒▒▒",
        "*   Install     Failed             25.0       75.0       ███████████████",
        "      Node      Success            50.0       25.0            ▒▒▒▒▒",
        "    Check       Initializing                        (not started)",
    ]
    assert (shown.too_deep_count, shown.left_out_count) == (0, 0)


def test_a_running_bar_is_open_at_its_end() -> None:
    shown = waterfall_lines(trace(node("", 0, None, "Running"), node("0", 500, None, "Running")), width=49)
    assert bars(shown) == ["▒▒▒▒▒▒▒▒▒▒>", "     ▒▒▒▒▒>"]
    assert "1,000.0+" in shown.lines[0].text


def test_what_lies_outside_the_roots_time_is_an_arrow_at_its_edge_or_cut_off() -> None:
    shown = waterfall_lines(
        trace(node("", 100, 200), node("0", 0, 50), node("1", 50, 150), node("2", 250, 300), node("3", 150, 900)),
        width=48,
    )
    assert bars(shown) == ["▒" * 10, "<", "▒▒▒▒▒", " " * 9 + ">", "     ▒▒▒▒▒"]
    assert "-100.0" in shown.lines[1].text


def test_a_step_of_no_time_at_all_still_has_a_bar() -> None:
    shown = waterfall_lines(trace(node("", 0, 100), node("0", 100, 100), node("1", 0, 0)), width=48)
    assert bars(shown)[1:] == [" " * 9 + "▒", "▒"]
    assert bars(waterfall_lines(trace(node("", 5, 5)), width=48)) == ["▒"]


def test_a_root_without_a_time_is_measured_by_its_steps() -> None:
    shown = waterfall_lines(trace(node("", None, 5), node("0", 10, 20), node("1", 20, 30)), width=54)
    assert bars(shown) == ["(no start sent)", "▒" * 8, " " * 8 + "▒" * 8]
    assert "0.000" in shown.lines[1].text
    assert bars(waterfall_lines(trace(node("", None, None, "Initializing")), width=60)) == ["(not started)"]


def test_the_step_asked_for_is_marked_also_on_the_critical_path() -> None:
    tree = trace(node(""), node("0", is_on_critical_path=True), node("1"), asked=("0",))
    assert [text[0] for text in texts(waterfall_lines(tree, width=60))] == [" ", ">", " "]


@pytest.mark.parametrize("width", [30, 55, 80, 200])
def test_no_line_is_wider_than_the_terminal_whatever_is_in_the_names(width: int) -> None:
    names = ["x" * 300, "作业" * 90, "é\u202e", "a\nb\x1b[31m\tc"]
    nodes = [node("", 0, 9), *(node(str(place), 0, 3, "P" * 99, job_type=name) for place, name in enumerate(names))]
    shown = waterfall_lines(trace(*nodes), width)
    assert len(shown.lines) == 5
    assert all(cell_len(text) <= width and text.isprintable() for text in [shown.head, *texts(shown)])


def test_steps_too_deep_to_indent_say_how_deep_they_are() -> None:
    nodes = [node("/".join(["0"] * depth), job_type="T") for depth in range(301)]
    shown = waterfall_lines(trace(*nodes, asked=(nodes[-1].path,)), width=100)
    assert texts(shown)[-1].startswith(f">{' ' * 17}300: T ")


def test_depth_leaves_out_what_is_deeper_and_counts_it() -> None:
    tree = trace(node(""), node("0"), node("0/0"), node("0/0/0"))
    shown = waterfall_lines(tree, width=80, depth=1)
    assert (len(shown.lines), shown.too_deep_count, shown.left_out_count) == (2, 2, 0)


def test_of_thousands_the_longest_are_shown_with_the_asked_one_and_those_above_it() -> None:
    short = [node("0", 0, 0), node("0/0", 0, 0.001)]
    many = [node(str(number), 0, number) for number in range(1, 5_000)]
    shown = waterfall_lines(trace(node("", 0, 1), *short, *many, asked=("0/0",)), width=80)
    assert (len(shown.lines), shown.left_out_count) == (MAX_LINES, 5_002 - MAX_LINES)
    kinds = [text[1:].split()[0] for text in texts(shown)]
    assert kinds == ["T", "T0", "T0/0", *(f"T{number}" for number in range(5_000 - (MAX_LINES - 3), 5_000))]
