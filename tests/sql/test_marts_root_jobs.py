"""One row for each root job, with counts of its steps."""

from typing import Any


def test_a_root_counts_its_steps_at_all_depths(node: Any, build: Any) -> None:
    steps = (node("a", node("b", phase="Failed")), node("c", phase="Running"), node("d", phase="Initializing"))
    warehouse = build(node("r", *steps, phase="Failed", end=60, planned=-1.5))
    rows = warehouse.rows(
        """SELECT step_count, finished_step_count, failed_step_count, max_depth, duration_seconds, wait_seconds
        FROM marts.root_jobs"""
    )
    assert rows == [(4, 2, 1, 2, 60.0, 1.5)]


def test_a_root_without_steps_counts_none(node: Any, build: Any) -> None:
    warehouse = build(node("r"))
    rows = warehouse.rows("SELECT step_count, finished_step_count, failed_step_count, max_depth FROM marts.root_jobs")
    assert rows == [(0, 0, 0, 0)]


def test_a_running_root_has_run_until_it_was_observed(node: Any, build: Any) -> None:
    warehouse = build(node("r", start=100, phase="Running"), node("t", start=None, phase="Running"))
    rows = warehouse.rows("SELECT ended_at, duration_seconds, elapsed_seconds FROM marts.root_jobs ORDER BY job_id")
    assert rows == [(None, None, 900.0), (None, None, None)]


def test_an_unknown_phase_is_shown_as_sent_and_not_finished(node: Any, build: Any) -> None:
    warehouse = build(node("r", phase="Paused"))
    assert warehouse.rows("SELECT phase, is_finished FROM marts.root_jobs") == [("Paused", False)]


def test_a_nested_root_is_no_root_job(node: Any, build: Any) -> None:
    warehouse = build(node("x"), node("r", node("x")))
    assert warehouse.rows("SELECT job_id, step_count FROM marts.root_jobs") == [("r", 1)]


def test_a_root_shows_its_own_time_its_shape_and_the_step_it_failed_by(node: Any, build: Any) -> None:
    steps = (node("a", start=1, end=30), node("b", node("c", phase="Failed"), start=2, end=90, phase="Failed"))
    roots = (node("r", *steps, end=100, phase="Failed"), node("t", phase="Failed"), node("u", phase="Running"))
    rows = build(*roots).rows(
        """SELECT critical_self_seconds, self_seconds, blamed_path, blamed_job_id, blamed_job_type, failed_leaf_count
        FROM marts.root_jobs ORDER BY job_id"""
    )
    assert rows == [
        (11.0, 11.0, "1/0", "c", "T", 1),
        (10.0, 10.0, "", "t", "T", 0),
        (None, None, None, None, None, None),
    ]


def test_steps_share_the_shape_of_their_root(node: Any, build: Any) -> None:
    warehouse = build(node("r", node("a")), node("t", node("b")), node("u"))
    rows = warehouse.rows(
        """SELECT count(DISTINCT roots.shape_id), count(*) FILTER (WHERE steps.root_shape_id = roots.shape_id)
        FROM marts.root_jobs AS roots LEFT JOIN marts.steps ON roots.job_id = steps.root_job_id"""
    )
    assert rows == [(2, 2)]
