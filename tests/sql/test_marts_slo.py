"""Service levels: targets, which steps count, how much of the error budget is left, and the burn rate."""

from typing import Any

import pytest

from cce_etl.models.build import set_slo
from cce_etl.settings.settings import NO_TARGETS, Slo

DAY = 86_400
NOW = 100 * DAY
OBSERVED = 1_700_000_000_000_000_000 + NOW * 10**9
COUNTS = "step_count, within_count, within_rate, error_budget_left, burn_rate"


def took(node: Any, job_id: str, seconds: float | None, days_ago: float, **columns: Any) -> Any:
    start = NOW - days_ago * DAY
    end = None if seconds is None else start + seconds
    return node(job_id, start=start, end=end, **({"observed_at": OBSERVED} | columns))


@pytest.fixture
def held(node: Any, build: Any) -> Any:
    """Return a loader of the steps of one root, last observed on day 100, with targets by type or none set at all."""

    def load(*steps: Any, **options: Any) -> Any:
        warehouse = build(node("r", *steps, phase="Running", observed_at=OBSERVED))
        if options:
            chosen: dict[str, Any] = {"targets": {}, "objective": 0.9, "window_days": 28} | options
            set_slo(warehouse.connection, Slo(**chosen))
        return warehouse

    return load


def test_what_succeeded_in_time_is_good_and_what_failed_or_took_longer_is_bad(node: Any, held: Any) -> None:
    steps = [
        took(node, "in time", 60, 5),
        took(node, "to the second", 100, 5),
        took(node, "late", 100.000000001, 5),
        took(node, "failed in time", 10, 5, phase="Failed"),
        took(node, "running for five days", None, 5, phase="Running"),
        took(node, "running for 50 seconds", None, 50 / DAY, phase="Running"),
        took(node, "without an end", None, 5),
        took(node, "ended before it began", -1, 5),
        took(node, "idle", None, 5, phase="Initializing"),
    ]
    warehouse = held(*steps, targets={"T": 100.0})
    # Three of five missed, where half a step may: 1 - 0.6 / 0.1. None of them began within the last day.
    [(*counts, burn_rate)] = warehouse.rows(f"SELECT {COUNTS} FROM marts.slo")
    assert (counts, burn_rate) == (pytest.approx([5, 2, 0.4, -5.0]), None)


def test_the_window_takes_steps_by_their_start(node: Any, held: Any) -> None:
    steps = [took(node, f"{days}", 60, days) for days in (0, 1, 7, 7.001, 30, -0.001)]
    assert held(*steps, targets={"T": 100.0}, window_days=7).rows(
        "SELECT step_count, epoch_ns(window_start_at) FROM marts.slo"
    ) == [(3, OBSERVED - 7 * DAY * 10**9)]


def test_the_burn_rate_is_of_the_last_day(node: Any, held: Any) -> None:
    old = [took(node, f"old {index}", 60, 2 + index) for index in range(16)]
    new = [took(node, f"new {index}", 60 if index else 200, 0.5) for index in range(4)]
    rows = held(*old, *new, targets={"T": 100.0}).rows(f"SELECT {COUNTS} FROM marts.slo")
    # One of 20 missed, two may; one of the last day's four, which is 2.5 times what may.
    assert rows == [pytest.approx((20, 19, 0.95, 0.5, 2.5))]


def test_without_a_setting_the_target_is_the_95th_percentile_of_the_28_days_before(node: Any, held: Any) -> None:
    before = [took(node, f"before {second}", second, 29 + second % 20) for second in range(101)]
    others = [took(node, "long ago", 9_000, 57), took(node, "failed", 9_000, 30, phase="Failed")]
    rows = held(*before, *others, took(node, "now", 96, 1), took(node, "now too", 95, 1)).rows(
        "SELECT target_seconds, target_origin, objective, step_count, within_count FROM marts.slo"
    )
    assert rows == [(95.0, "p95 of the previous 28 days", 0.95, 2, 1)]


def test_a_setting_goes_before_the_percentile_for_its_type_alone(node: Any, held: Any) -> None:
    steps = [took(node, f"{kind} {index}", 10, 30, job_type=kind) for kind in ("A", "B") for index in range(20)]
    rows = held(*steps, targets={"A": 7.5, "Other": 1.0}).rows(
        "SELECT job_type, target_seconds, target_origin, objective FROM marts.slo ORDER BY job_type"
    )
    assert rows == [("A", 7.5, "settings", 0.9), ("B", 10.0, "p95 of the previous 28 days", 0.9)]


def test_of_fewer_than_20_steps_no_target_is_made_and_nothing_counts(node: Any, held: Any) -> None:
    steps = [took(node, f"{index}", 10, 30, job_type=None) for index in range(19)]
    rows = held(*steps, took(node, "now", 60, 1, job_type=None)).rows(
        f"SELECT job_type, target_seconds, target_origin, {COUNTS} FROM marts.slo"
    )
    assert rows == [(None, None, None, 0, 0, None, None, None)]


def test_unset_variables_mean_the_defaults_of_the_settings(node: Any, held: Any) -> None:
    steps = [took(node, f"{index}", 10, 30 + index / 10) for index in range(30)] + [took(node, "now", 60, 1)]
    query = "SELECT COLUMNS(*)::VARCHAR FROM marts.slo"
    set_alike = held(*steps, targets={}, objective=NO_TARGETS.objective, window_days=NO_TARGETS.window_days)
    assert held(*steps).rows(query) == set_alike.rows(query)


def test_every_source_has_a_clock_of_its_own(node: Any, build: Any) -> None:
    roots = []
    for days_ago in (99, 1):
        clock = {"observed_at": OBSERVED - days_ago * DAY * 10**9}
        roots.append(node("r", took(node, "a", 60, days_ago, **clock), phase="Running", **clock))
    warehouse = build(roots[0], others={"t": (roots[1],)})
    set_slo(warehouse.connection, Slo(targets={"T": 100.0}, objective=0.9, window_days=2))
    assert warehouse.rows("SELECT source, step_count, burn_rate FROM marts.slo ORDER BY source") == [
        ("s", 1, 0.0),
        ("t", 1, 0.0),
    ]
