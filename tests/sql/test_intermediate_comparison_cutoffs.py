"""From when on only the quick steps of a type can have ended."""

from typing import Any

HORIZONS = "SELECT job_type, epoch_ns(open_from_at) // 10**9 - 1_700_000_000 FROM intermediate.comparison_cutoffs"


def test_the_first_step_on_its_way_bounds_what_can_be_compared(node: Any, build: Any) -> None:
    ended = [node(f"e{start}", start=start, end=start + 100) for start in range(0, 800, 100)]
    running = [node(f"r{start}", start=start, phase="Running") for start in (950, 930, 990)]
    warehouse = build(node("root", *ended, *running, phase="Running"))
    assert warehouse.rows(HORIZONS) == [("T", 930)]


def test_a_stuck_step_and_one_that_has_not_begun_bound_nothing(node: Any, build: Any) -> None:
    ended = [node(f"e{start}", start=start, end=start + 100) for start in range(0, 800, 100)]
    stuck, planned = node("stuck", start=10, phase="Running"), node("planned", start=None, phase="Initializing")
    assert build(node("root", *ended, stuck, planned, phase="Running")).rows(HORIZONS) == []


def test_a_type_that_never_ended_yet_has_no_horizon(node: Any, build: Any) -> None:
    assert build(node("root", node("on", start=990, phase="Running"), phase="Running")).rows(HORIZONS) == []
