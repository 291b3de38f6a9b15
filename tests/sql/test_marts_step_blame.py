"""Shares of the roots' time by step type, and what faster slow steps would save."""

from typing import Any

DAY = 86_400.0
BLAME = """SELECT root_count, step_count, day_count, root_seconds, critical_self_seconds, critical_path_share,
    p50_seconds, slow_step_count, saved_seconds, minutes_saved_per_day FROM marts.step_blame"""


def roots(node: Any, *ends: float, name: str = "r", **columns: Any) -> list[Any]:
    """Make a root job for each end in seconds, with one step that ends 10 s before it."""
    steps = [node(f"{name}{index}s", end=end - 10, job_type="Install") for index, end in enumerate(ends)]
    return [node(f"{name}{i}", step, end=end, **columns) for i, (step, end) in enumerate(zip(steps, ends, strict=True))]


def test_a_slow_step_taking_the_median_moves_the_end_of_its_root(node: Any, build: Any) -> None:
    # Durations 100, 100, 100, 100, 500: p95 is 100 + 0.8 * 400 = 420 by interpolation.
    warehouse = build(*roots(node, 110, 110, 110, 110, 510))
    assert warehouse.rows(BLAME) == [(5, 5, 1, 950.0, 900.0, 900 / 950, 100.0, 1, 400.0, 400 / 60)]
    assert warehouse.rows("SELECT round(p95_seconds, 9) FROM marts.step_blame") == [(420.0,)]


def test_a_parallel_step_leaves_only_what_it_did_not_cover(node: Any, build: Any) -> None:
    beside = node("beside", end=300, job_type="Other")
    slow = node("long", node("slow", end=500, job_type="Install"), beside, end=510)
    warehouse = build(*roots(node, 110, 110, 110, 110), slow)
    rows = warehouse.rows("SELECT job_type, slow_step_count, saved_seconds FROM marts.step_blame ORDER BY job_type")
    assert rows == [("Install", 1, 200.0), ("Other", 0, 0.0)]


def test_the_days_are_those_on_which_roots_that_count_started(node: Any, build: Any) -> None:
    late = node("late", node("s", start=2.5 * DAY, end=2.5 * DAY + 30), start=2.5 * DAY, end=2.5 * DAY + 60)
    running = node("running", node("t", start=9 * DAY, end=9 * DAY + 1), start=9 * DAY, phase="Running")
    rows = build(node("r", node("a")), late, running).rows("SELECT day_count, step_count FROM marts.step_blame")
    assert rows == [(2, 2)]


def test_a_root_without_a_path_holds_nothing_and_saves_nothing(node: Any, build: Any) -> None:
    warehouse = build(*roots(node, 110, 110, 110, 110), *roots(node, 510, name="x", phase="Running"))
    assert warehouse.rows(BLAME) == [(4, 4, 1, 440.0, 400.0, 400 / 440, 100.0, 0, 0.0, 0.0)]


def test_sources_are_counted_apart(node: Any, build: Any) -> None:
    others = {"t": tuple(roots(node, 60, name="y"))}
    warehouse = build(*roots(node, 110), others=others)
    rows = warehouse.rows("SELECT source, root_seconds, p50_seconds FROM marts.step_blame ORDER BY source")
    assert rows == [("s", 110.0, 100.0), ("t", 60.0, 50.0)]


def test_a_step_without_a_type_has_its_row(node: Any, build: Any) -> None:
    steps = [node(f"r{end}", node(f"s{end}", end=end, job_type=None), end=end) for end in (100, 101, 102, 900)]
    rows = build(*steps).rows("SELECT job_type, slow_step_count, saved_seconds FROM marts.step_blame")
    assert rows == [(None, 1, 900 - 101.5)]


def test_shares_of_all_types_and_of_the_roots_themselves_are_all_time(node: Any, build: Any) -> None:
    steps = (node("a", end=40, job_type="A"), node("b", start=40, end=70, job_type="B"))
    rows = build(node("r", *steps, end=80)).rows(
        "SELECT job_type, critical_path_share FROM marts.step_blame ORDER BY job_type"
    )
    assert rows == [("A", 0.5), ("B", 0.375)]


def test_no_root_with_a_path_is_no_blame(node: Any, build: Any) -> None:
    assert build(node("r", node("a"), phase="Running")).rows("SELECT count(*) FROM marts.step_blame") == [(0,)]
