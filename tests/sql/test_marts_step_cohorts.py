"""Cohorts in a fleet that is written in SQL, so that its figures are known."""

from typing import Any

import pytest

# 800 roots, one an hour; noise is a fixed shuffle of -0.4 .. 0.4. Roots of the source north and the flavor large
# take three times as long from root 400 on; of version v2 two roots in seven fail, of the others one in thirty-one.
# Periods of 4, 5, 7, 31 and 801 roots meet each other and the 24 hours evenly.
FLEET = """
INSERT INTO core.jobs BY NAME
WITH roots AS (
    SELECT
        number,
        CASE WHEN number % 2 = 0 THEN 'north' ELSE 'south' END AS source,
        CASE WHEN number // 2 % 2 = 0 THEN 'large' ELSE 'small' END AS flavor,
        CASE WHEN number // 4 % 5 = 0 THEN 'v2' ELSE 'v1' END AS version,
        1_700_000_000_000_000_000 + number * 3_600_000_000_000 AS started_ns,
        100 * exp((number * 7_919 % 801 - 400) / 1000.0) * CASE
            WHEN number % 2 = 0 AND number // 2 % 2 = 0 AND number >= 400 THEN 3 ELSE 1
        END AS seconds,
        CASE
            WHEN CASE WHEN number // 4 % 5 = 0 THEN number % 7 < 2 ELSE number % 31 = 0 END THEN 'Failed' ELSE 'Success'
        END AS phase
    FROM range(800) AS numbers (number)
)
SELECT
    source, 'r' || number AS root_job_id, jobs.path, jobs.depth, 0 AS ordinal,
    'r' || number || CASE jobs.depth WHEN 1 THEN '/0' ELSE '' END AS job_id,
    CASE WHEN jobs.depth = 1 THEN 'r' || number END AS parent_job_id,
    CASE WHEN jobs.depth = 1 THEN 'InstallMaster' ELSE 'CreateCluster' END AS job_type, phase,
    phase AS canonical_phase, make_timestamp_ns(started_ns) AS created_at, jobs.depth = 1 AS is_leaf, TRUE AS has_uid,
    make_timestamp_ns(started_ns + (seconds * 1e9)::BIGINT) AS updated_at,
    MAP {'flavor': flavor, 'version': version, 'id': number::VARCHAR} AS extend_param
FROM roots CROSS JOIN (VALUES ('', 0), ('0', 1)) AS jobs (path, depth)
"""


@pytest.fixture(scope="module")
def warehouse(build: Any) -> Any:
    """Return the fleet."""
    built = build()
    built.connection.execute(FLEET)
    return built


def test_the_slow_pair_and_the_failing_version_are_the_findings(warehouse: Any) -> None:
    rows = warehouse.rows(
        """SELECT job_type, measure, rank, dimensions, dimension_values, comparison
        FROM marts.step_cohorts ORDER BY measure"""
    )
    assert rows == [
        ("InstallMaster", "duration", 1, ["source", "flavor"], ["north", "large"], "after change"),
        ("InstallMaster", "failure", 1, ["version"], ["v2"], "whole window"),
    ]


def test_the_slow_pair_is_three_times_as_slow_since_its_date(warehouse: Any) -> None:
    [row] = warehouse.rows(
        """SELECT ratio, ratio_low, ratio_high, median_seconds, other_median_seconds, p_value, q_value,
            (epoch_ns(since) - 1_700_000_000_000_000_000) / 3_600_000_000_000, root_count, step_count
        FROM marts.step_cohorts WHERE measure = 'duration'"""
    )
    ratio, low, high, median, other_median, p_value, q_value, since_number, roots, steps = row
    assert low < 3 < high
    assert median / other_median == pytest.approx(ratio, rel=0.1)
    assert p_value < q_value < 1e-10
    # Roots 396, 400 and 404 are north and large, and 400 failed.
    assert since_number == pytest.approx(400)
    [(expected,)] = warehouse.rows(
        """SELECT count(*) FROM marts.steps WHERE phase = 'Success' AND source = 'north'
        AND extend_param['flavor'] = 'large' AND right(root_job_id, -1)::INTEGER >= 400"""
    )
    assert roots == steps == expected


def test_failures_are_counted_once_a_root(warehouse: Any) -> None:
    [(failed, roots, rate, other_failed, others)] = warehouse.rows(
        """SELECT failed_count, root_count, failure_rate, other_failed_count, other_root_count
        FROM marts.step_cohorts WHERE measure = 'failure'"""
    )
    assert roots + others == 800
    assert [(failed, roots), (other_failed, others)] == warehouse.rows(
        """SELECT count(*) FILTER (WHERE phase = 'Failed'), count(*) FROM marts.steps
        GROUP BY extend_param['version'] ORDER BY extend_param['version'] DESC"""
    )
    assert rate == failed / roots


def test_the_source_of_the_pair_changed_when_it_did(warehouse: Any) -> None:
    [row] = warehouse.rows(
        """SELECT source, job_type, is_finding, first_seen_then, before_root_count + after_root_count,
            (epoch_ns(changed_at) - 1_700_000_000_000_000_000) / 3_600_000_000_000,
            last_before_at < changed_at AND changed_at < first_after_at
        FROM marts.duration_changes"""
    )
    source, job_type, is_finding, first_seen, roots, number, is_between = row
    assert (source, job_type, is_finding, first_seen, is_between) == ("north", "InstallMaster", True, [], True)
    assert (
        roots == warehouse.rows("SELECT count(*) FROM marts.steps WHERE source = 'north' AND phase = 'Success'")[0][0]
    )
    assert abs(number - 400) < 24


def test_few_jobs_give_no_findings(node: Any, build: Any) -> None:
    warehouse = build(node("r", node("a"), node("b", phase="Failed"), phase="Failed"))
    assert warehouse.rows("FROM marts.step_cohorts") == warehouse.rows("FROM marts.duration_changes") == []
