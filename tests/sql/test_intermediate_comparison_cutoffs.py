"""The time from which on only the quick steps of a type can have ended."""

from typing import Any

CUTOFFS = "SELECT job_type, epoch_ns(open_from_at) // 10**9 - 1_700_000_000 FROM intermediate.comparison_cutoffs"


def test_the_first_running_step_bounds_what_can_be_compared(node: Any, build: Any) -> None:
    ended = [node(f"e{start}", start=start, end=start + 100) for start in range(0, 800, 100)]
    running = [node(f"r{start}", start=start, phase="Running") for start in (950, 930, 990)]
    warehouse = build(node("root", *ended, *running, phase="Running"))
    assert warehouse.rows(CUTOFFS) == [("T", 930)]


def test_a_stuck_step_and_one_that_has_not_begun_bound_nothing(node: Any, build: Any) -> None:
    ended = [node(f"e{start}", start=start, end=start + 100) for start in range(0, 800, 100)]
    stuck, planned = node("stuck", start=10, phase="Running"), node("planned", start=None, phase="Initializing")
    assert build(node("root", *ended, stuck, planned, phase="Running")).rows(CUTOFFS) == []


def test_a_type_that_never_ended_yet_has_no_cutoff(node: Any, build: Any) -> None:
    assert build(node("root", node("on", start=990, phase="Running"), phase="Running")).rows(CUTOFFS) == []
