"""Durations by step type, over all time and by day."""

from typing import Any

import pytest

COUNTS = "step_count, success_count, failed_count, running_count, initializing_count, root_count, measured_count"
SECONDS = "p50_seconds, p90_seconds, p95_seconds, p99_seconds, mean_seconds, max_seconds"


def _trees(node: Any) -> list[Any]:
    first = [node(f"a{seconds}", end=seconds, job_type="A") for seconds in (10, 20, 30, 40)]
    second = [
        node("b1", end=50, job_type="A"),
        node("b2", start=5, end=1, job_type="A"),
        node("b3", end=999, job_type="A", phase="Failed"),
        node("b4", job_type="A", phase="Paused"),
        node("b5", job_type="A", phase="Initializing", start=None),
    ]
    return [node("r", *first), node("t", *second)]


def test_every_phase_is_counted_and_only_sound_successes_are_measured(node: Any, build: Any) -> None:
    warehouse = build(*_trees(node))
    assert warehouse.rows(f"SELECT {COUNTS} FROM marts.step_durations") == [(9, 6, 1, 1, 1, 2, 5)]


def test_percentiles_are_interpolated_between_measured_successes(node: Any, build: Any) -> None:
    # Of 10, 20, 30, 40, 50 the position of quantile q is 4q: 3.6, 3.8 and 3.96 lie between 40 and 50.
    [row] = build(*_trees(node)).rows(f"SELECT {SECONDS} FROM marts.step_durations")
    assert row == pytest.approx((30, 46, 48, 49.6, 30, 50))


def test_a_type_without_successes_is_counted_without_seconds(node: Any, build: Any) -> None:
    warehouse = build(node("r", node("a", phase="Failed")))
    assert warehouse.rows(f"SELECT measured_count, {SECONDS} FROM marts.step_durations") == [(0, *[None] * 6)]


def test_days_are_utc_and_steps_without_a_start_have_none(node: Any, build: Any) -> None:
    # 22:13:20 and 6,400 seconds are midnight exactly.
    steps = [node("a", start=6_399.999999999, end=6_400), node("b", start=6_400, end=6_410), node("c", start=None)]
    warehouse = build(node("r", *steps))
    rows = warehouse.rows(
        """SELECT created_on::VARCHAR, step_count, measured_count, root_count
        FROM marts.step_durations_daily ORDER BY created_on NULLS LAST"""
    )
    assert rows == [("2023-11-14", 1, 1, 1), ("2023-11-15", 1, 1, 1), (None, 1, 0, 1)]


def test_the_daily_numbers_are_those_of_the_day(node: Any, build: Any) -> None:
    steps = [node(f"a{end}", end=end) for end in (10, 20)] + [node("b", start=10_000, end=10_007)]
    [first, second] = build(node("r", *steps)).rows(
        f"SELECT {SECONDS} FROM marts.step_durations_daily ORDER BY created_on"
    )
    assert first == pytest.approx((15, 19, 19.5, 19.9, 15, 20))
    assert second == pytest.approx((7, 7, 7, 7, 7, 7))


def test_step_types_and_sources_are_kept_apart(node: Any, build: Any) -> None:
    tree = node("r", node("a", job_type="A"), node("b", job_type="B"), node("c", job_type=None))
    warehouse = build(tree, others={"z": (tree,)})
    rows = warehouse.rows("SELECT source, job_type, step_count FROM marts.step_durations ORDER BY ALL")
    assert rows == [("s", "A", 1), ("s", "B", 1), ("s", None, 1), ("z", "A", 1), ("z", "B", 1), ("z", None, 1)]
