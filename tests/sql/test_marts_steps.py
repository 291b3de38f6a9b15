"""Steps: clocks, phases, and that no row is lost."""

from typing import Any

CLOCKS = "SELECT duration_seconds, elapsed_seconds, wait_seconds, offset_seconds FROM marts.steps ORDER BY path"


def test_a_finished_step_has_a_duration_to_the_nanosecond(node: Any, build: Any) -> None:
    warehouse = build(node("r", node("a", start=2.5, end=777.080423413, planned=2.25)))
    assert warehouse.rows(CLOCKS) == [(774.580423413, None, 0.25, 2.5)]


def test_a_running_step_has_run_until_it_was_observed(node: Any, build: Any) -> None:
    warehouse = build(node("r", node("a", start=400, end=500, phase="Running")))
    assert warehouse.rows(CLOCKS) == [(None, 600.0, None, 400.0)]
    assert warehouse.rows("SELECT is_finished, ended_at FROM marts.steps") == [(False, None)]


def test_an_initializing_step_has_neither_duration_nor_elapsed_time(node: Any, build: Any) -> None:
    warehouse = build(node("r", node("a", phase="Initializing")))
    assert warehouse.rows(CLOCKS) == [(None, None, None, 0.0)]


def test_an_unknown_or_missing_phase_counts_as_running(node: Any, build: Any) -> None:
    warehouse = build(node("r", node("a", phase="Paused"), node("b", phase=None)))
    rows = warehouse.rows("SELECT phase, is_finished, elapsed_seconds FROM marts.steps ORDER BY path")
    assert rows == [("Paused", False, 1000.0), (None, False, 1000.0)]


def test_a_step_that_ended_before_it_started_keeps_its_negative_duration(node: Any, build: Any) -> None:
    assert build(node("r", node("a", start=10, end=7))).rows(CLOCKS) == [(-3.0, None, None, 10.0)]


def test_a_completion_time_counts_before_the_last_write(node: Any, build: Any) -> None:
    assert build(node("r", node("a", end=90, completed=5))).rows(CLOCKS) == [(5.0, None, None, 0.0)]


def test_the_same_id_twice_in_a_tree_or_in_two_trees_is_kept(node: Any, build: Any) -> None:
    warehouse = build(node("r", node("a"), node("a")), node("t", node("a")))
    rows = warehouse.rows("SELECT root_job_id, path, job_id FROM marts.steps ORDER BY ALL")
    assert rows == [("r", "0", "a"), ("r", "1", "a"), ("t", "0", "a")]


def test_roots_that_hold_each_other_lose_no_step(node: Any, build: Any) -> None:
    warehouse = build(node("a", node("b"), node("c")), node("b", node("a"), node("d")))
    rows = warehouse.rows("SELECT root_job_id, path, job_id FROM marts.steps ORDER BY path")
    assert rows == [("a", "0", "b"), ("a", "0/1", "d"), ("a", "1", "c")]
    assert warehouse.rows("SELECT job_id FROM marts.root_jobs") == [("a",)]


def test_a_step_names_its_root_and_parent(node: Any, build: Any) -> None:
    warehouse = build(node("r", node("a", node("b", node("c")), start=1), job_type="CreateCluster"))
    rows = warehouse.rows(
        "SELECT root_job_type, job_id, parent_job_id, path, parent_path, is_leaf FROM marts.steps ORDER BY path"
    )
    assert rows == [
        ("CreateCluster", "a", "r", "0", "", False),
        ("CreateCluster", "b", "a", "0/0", "0", False),
        ("CreateCluster", "c", "b", "0/0/0", "0/0", True),
    ]


def test_a_step_shows_what_it_holds_of_its_roots_time_and_whether_it_is_blamed(node: Any, build: Any) -> None:
    steps = (node("a", start=1, end=30), node("b", start=2, end=90, phase="Failed"))
    warehouse = build(node("r", *steps, end=100, phase="Failed"), node("t", node("c"), end=20))
    rows = warehouse.rows(
        """SELECT job_id, critical_self_seconds, critical_seconds, is_on_critical_path, self_seconds, is_blamed
        FROM marts.steps ORDER BY job_id"""
    )
    assert rows == [
        ("a", 1.0, 1.0, True, 29.0, False),
        ("b", 88.0, 88.0, True, 88.0, True),
        ("c", 10.0, 10.0, True, 10.0, False),
    ]
    shapes = warehouse.rows("SELECT count(DISTINCT shape_id), count(DISTINCT root_shape_id) FROM marts.steps")
    assert shapes == [(1, 2)]


def test_clock_findings_are_columns_of_a_step(node: Any, build: Any) -> None:
    warehouse = build(node("r", node("a", start=-5, end=-6), node("b", end=None), start=0))
    rows = warehouse.rows(
        "SELECT is_before_parent, is_ended_before_started, is_clock_missing FROM marts.steps ORDER BY path"
    )
    assert rows == [(True, True, False), (False, False, True)]


def test_clocks_that_lie_three_centuries_apart_break_nothing(node: Any, build: Any) -> None:
    # 1700 and 2260: what lies between them is more nanoseconds than 64 bits hold.
    years = (1_700_000_000 + 8_520_336_000, 9_151_500_000 - 1_700_000_000)
    odd = node("odd", node("inside", start=0, end=5), start=-years[0], end=years[1])
    warehouse = build(node("r", odd, node("sane", start=1, end=4), start=0, end=10))
    assert warehouse.rows("SELECT job_id, duration_seconds, self_seconds FROM marts.steps ORDER BY job_id") == [
        ("inside", 5.0, 5.0),
        ("odd", float(sum(years)), None),
        ("sane", 3.0, 3.0),
    ]
    assert warehouse.rows("SELECT critical_self_seconds FROM marts.root_jobs") == [(7.0,)]
    warehouse.build_all()
