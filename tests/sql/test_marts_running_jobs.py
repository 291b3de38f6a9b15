"""Running root jobs, and which of them are stuck."""

from typing import Any

ROWS = """SELECT job_id, age_seconds, running_step_count, kind_finished_count, kind_p99_seconds, kind_max_seconds,
    is_stuck
FROM marts.running_jobs ORDER BY job_id"""


def test_a_job_older_than_any_of_its_type_took_is_stuck_even_between_two_steps(node: Any, build: Any) -> None:
    finished = [node(f"f{number}", start=0, end=100 + number) for number in range(2)]
    between = node("between", node("done", start=0, end=50), start=0, phase="Running")
    young = node("young", node("on", start=950, phase="Running"), start=900, phase="Running")
    assert build(*finished, between, young).rows(ROWS) == [
        ("between", 1000.0, 0, 2, 100.99, 101.0, True),
        ("young", 100.0, 1, 2, 100.99, 101.0, False),
    ]


def test_of_a_type_that_never_finished_nothing_is_stuck(node: Any, build: Any) -> None:
    assert build(node("r", phase="Running"), node("p", phase="Initializing")).rows(ROWS) == [
        ("r", 1000.0, 0, 0, None, None, False)
    ]
