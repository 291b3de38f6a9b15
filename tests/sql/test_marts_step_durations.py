"""Durations by step type, over all time, by day, and by root type, cluster and shape."""

from typing import Any

import pytest

COUNTS = "step_count, success_count, failed_count, running_count, initializing_count, root_count, measured_count"
SECONDS = "p50_seconds, p90_seconds, p95_seconds, p99_seconds, mean_seconds, max_seconds"
INTERVAL = "p50_low_seconds, p50_high_seconds"
CURVE = "km_event_count, km_censored_count, km_p50_seconds, km_p90_seconds, km_p95_seconds"


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


def test_the_interval_and_the_curve_stand_beside_the_percentiles(node: Any, build: Any) -> None:
    # One value a root: 1 to 8, of which the interval goes from the first to the last. The curve has 8 successes, a
    # failure at 9 and one cut off at 1,000: at 5, 5 of 10 have ended, at 9, nine, and 95 % are never reached.
    roots = [node(f"r{end}", node(f"a{end}", end=end)) for end in range(1, 9)]
    warehouse = build(*roots, node("t", node("failed", end=9, phase="Failed"), node("on", phase="Running")))
    rows = warehouse.rows(f"SELECT root_count, measured_root_count, {INTERVAL}, {CURVE} FROM marts.step_durations")
    assert rows == [(9, 8, 1, 8, 9, 1, 5, 9, None)]


def test_a_type_that_was_never_seen_to_run_has_an_empty_curve(node: Any, build: Any) -> None:
    warehouse = build(node("r", node("a", phase="Initializing", start=None)))
    rows = warehouse.rows(f"SELECT measured_root_count, {INTERVAL}, {CURVE} FROM marts.step_durations")
    assert rows == [(0, None, None, 0, 0, None, None, None)]


@pytest.mark.parametrize(
    ("twin", "key", "values"),
    [
        ("by_root_type", "root_job_type", ["Create", "Delete", None]),
        ("by_cluster", "cluster_id", ["c", "d", None]),
    ],
)
def test_a_divided_table_has_the_figures_of_each_value_and_of_none(
    node: Any, build: Any, twin: str, key: str, values: list[str | None]
) -> None:
    def root(name: str, end: int, job_type: str | None, cluster_id: str | None) -> Any:
        steps = [node(f"{name}a", end=end, cluster_id=cluster_id), node(f"{name}b", end=3 * end, cluster_id=cluster_id)]
        return node(name, *steps, job_type=job_type, cluster_id="of the root")

    roots = root("r", 10, "Create", "c"), root("t", 20, "Delete", "d"), root("u", 30, None, None)
    rows = build(*roots).rows(
        f"""SELECT {key}, step_count, root_count, p50_seconds, max_seconds, km_p50_seconds, km_event_count
        FROM marts.step_durations_{twin} ORDER BY {key} NULLS LAST"""
    )
    assert rows == [(value, 2, 1, 2 * end, 3 * end, end, 2) for value, end in zip(values, (10, 20, 30), strict=True)]


def test_shapes_compare_like_with_like(node: Any, build: Any) -> None:
    # Two roots of the same tree, and one with a step more.
    roots = [node(f"r{end}", node(f"a{end}", end=end)) for end in (10, 20)]
    warehouse = build(*roots, node("t", node("b", end=70), node("other", job_type="U")))
    rows = warehouse.rows(
        """SELECT root_count, p50_seconds, km_p90_seconds FROM marts.step_durations_by_shape
        WHERE job_type = 'T' ORDER BY p50_seconds"""
    )
    assert rows == [(2, 15, 20), (1, 70, 70)]
