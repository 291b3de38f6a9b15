"""Failure rates and their intervals."""

from typing import Any

import pytest
from scipy import stats

RATES = "failure_rate, failure_rate_low, failure_rate_high"


# The bounds are the two solutions q of n (k/n - q)^2 = z^2 q (1 - q), solved by hand with 40 digits.
@pytest.mark.parametrize(
    ("failed_count", "finished_count", "low", "high"),
    [
        (1, 10, 0.017876213095072906, 0.4041500267952385),
        (0, 10, 0.0, 0.2775327998628892),
        (5, 10, 0.236593090512564, 0.763406909487436),
        (10, 10, 0.7224672001371107, 1.0),
        (0, 1, 0.0, 0.7934506856227626),
    ],
)
def test_the_interval_is_wilsons(
    node: Any, build: Any, failed_count: int, finished_count: int, low: float, high: float
) -> None:
    steps = [node(str(index), phase="Failed" if index < failed_count else "Success") for index in range(finished_count)]
    warehouse = build(node("r", *steps))
    expected = pytest.approx((failed_count / finished_count, low, high), abs=1e-14)
    assert warehouse.rows(f"SELECT {RATES} FROM marts.step_failure_rates") == [expected]
    assert warehouse.rows(f"SELECT {RATES} FROM marts.step_failure_rates_daily") == [expected]


def test_unfinished_steps_stand_apart_from_the_rate(node: Any, build: Any) -> None:
    phases = ("Failed", "Success", "Success", "Success", "Running", "Paused", None, "Initializing")
    warehouse = build(node("r", *(node(str(index), phase=phase) for index, phase in enumerate(phases))))
    rows = warehouse.rows(
        """SELECT finished_count, failed_count, running_count, initializing_count, failure_rate
        FROM marts.step_failure_rates"""
    )
    assert rows == [(4, 1, 3, 1, 0.25)]


def test_nothing_finished_means_no_rate(node: Any, build: Any) -> None:
    warehouse = build(node("r", node("a", phase="Running")))
    assert warehouse.rows(f"SELECT finished_count, {RATES} FROM marts.step_failure_rates") == [(0, None, None, None)]


def test_days_have_rates_of_their_own(node: Any, build: Any) -> None:
    steps = [node("a", phase="Failed"), node("b", start=10_000), node("c", start=None, phase="Initializing")]
    warehouse = build(node("r", *steps))
    rows = warehouse.rows(
        """SELECT created_on::VARCHAR, finished_count, failed_count, failure_rate
        FROM marts.step_failure_rates_daily ORDER BY created_on NULLS LAST"""
    )
    assert rows == [("2023-11-14", 1, 1, 1.0), ("2023-11-15", 1, 0, 0.0), (None, 0, 0, None)]


@pytest.mark.parametrize("finished_count", [1, 2, 3, 7, 40, 1000])
def test_every_interval_is_the_one_of_scipy(node: Any, build: Any, finished_count: int) -> None:
    counts = sorted({0, 1, finished_count // 3, finished_count - 1, finished_count})
    warehouse = build(node("r"))
    warehouse.build({"core.steps"})
    for count in counts:
        warehouse.connection.execute(
            """INSERT INTO core.steps BY NAME
            SELECT 's' AS source, $1::VARCHAR AS job_type, TRUE AS is_finished, FALSE AS is_blamed,
                if(range < $1, 'Failed', 'Success') AS phase FROM range($2)""",
            [count, finished_count],
        )
    rows = warehouse.rows(
        "SELECT failure_rate_low, failure_rate_high FROM marts.step_failure_rates ORDER BY failed_count"
    )
    expected = [stats.binomtest(count, finished_count).proportion_ci(method="wilson") for count in counts]
    assert [value for row in rows for value in row] == pytest.approx([one for pair in expected for one in pair])


def test_a_parent_that_failed_with_its_step_is_not_blamed(node: Any, build: Any) -> None:
    failure = node("child", phase="Failed", job_type="Child")
    trees = [
        node("r1", node("parent", failure, phase="Failed", job_type="Parent"), phase="Failed"),
        node("r2", node("other child", job_type="Child"), node("other parent", job_type="Parent")),
    ]
    warehouse = build(*trees)
    columns = "job_type, failed_count, failure_rate, blamed_count, blamed_rate, blamed_rate_low, blamed_rate_high"
    for table in ("marts.step_failure_rates", "marts.step_failure_rates_daily"):
        child, parent = warehouse.rows(f"SELECT {columns} FROM {table} ORDER BY job_type")
        low, high = stats.binomtest(1, 2).proportion_ci(method="wilson")
        assert child == ("Child", 1, 0.5, 1, 0.5, pytest.approx(low), pytest.approx(high))
        low, high = stats.binomtest(0, 2).proportion_ci(method="wilson")
        assert parent == ("Parent", 1, 0.5, 0, 0.0, pytest.approx(low), pytest.approx(high))


def test_neither_a_blamed_root_nor_a_failure_in_a_root_that_runs_on_is_a_blamed_step(node: Any, build: Any) -> None:
    trees = [node("r1", node("a"), phase="Failed"), node("r2", node("b", phase="Failed"), phase="Running")]
    rows = build(*trees).rows("SELECT finished_count, failed_count, blamed_count FROM marts.step_failure_rates")
    assert rows == [(2, 1, 0)]
