"""A live tree's figures, and what changed between two snapshots."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cce_etl.analysis.live import Curve, LiveStep, SurvivalCurves, changes, live_steps
from cce_etl.pipeline.watch import Snapshot
from cce_etl.transform.flatten import JobRow, job_rows, parse_payload

CURVE = Curve([10, 700], [0.5, 0], [0.5, 1], 8)
# 2026-02-01 08:01:00 UTC
FETCHED_AT = 1_769_932_860 * 10**9


def job(uid: str, phase: str | None, start: str | None = None, end: str | None = None, *steps: Any) -> dict[str, Any]:
    times = {"creationTimestamp": start, "updateTimestamp": end}
    metadata = {"uid": uid} | {key: f"2026-02-01 08:{clock} +0000 UTC" for key, clock in times.items() if clock}
    return {"metadata": metadata, "spec": {"type": f"T{uid}", "subJobs": list(steps)}, "status": {"phase": phase}}


def steps(root: dict[str, Any], curve: Curve | None = CURVE) -> list[LiveStep]:
    def find(row: JobRow) -> Curve | None:
        return curve

    return live_steps(Snapshot(job_rows(parse_payload(json.dumps(root).encode(), "r")), FETCHED_AT), find)


def test_a_running_step_has_its_age_its_percentile_and_its_chances() -> None:
    (step,) = steps(job("r", "Running", "00:40", "00:41"))
    assert (step.seconds, step.age_percentile, step.compared_count) == (20.0, 50.0, 8)
    # 20 + 600 s is before the last one ended, 20 + 1,800 s after it.
    assert (step.success_rate_10_minutes, step.success_rate_30_minutes) == (0.0, 1.0)


def test_a_finished_step_has_how_long_it_took_and_no_chances() -> None:
    (step,) = steps(job("r", "JobPhaseSuccess", "00:10", "00:40"))
    assert (step.phase, step.is_finished, step.is_running, step.seconds) == ("Success", True, False, 30.0)
    assert step.age_percentile is step.success_rate_10_minutes is None


@pytest.mark.parametrize("phase", ["Paused", None])
def test_a_phase_nobody_knows_is_running(phase: str | None) -> None:
    (step,) = steps(job("r", phase, "00:40"))
    assert (step.phase, step.is_running, step.is_finished, step.seconds) == (phase or "no phase", True, False, 20.0)


@pytest.mark.parametrize(
    ("one", "seconds"),
    [
        (job("r", "Initializing", "00:10"), None),
        (job("r", "Running"), None),
        (job("r", "Success", "00:10"), None),
        # Its clock is ahead of ours.
        (job("r", "Running", "01:05"), -5.0),
    ],
)
def test_without_an_age_there_is_nothing_to_compare(one: dict[str, Any], seconds: float | None) -> None:
    (step,) = steps(one)
    assert (step.seconds, step.age_percentile) == (seconds, None)


def test_a_kind_never_seen_leaves_the_age_alone() -> None:
    (step,) = steps(job("r", "Running", "00:40"), None)
    assert (step.seconds, step.age_percentile, step.compared_count) == (20.0, None, 0)


def test_new_steps_and_phases_are_changes_in_the_order_of_the_tree() -> None:
    before = steps(job("r", "Running", None, None, job("a", "Running"), job("b", "Initializing")))
    after = steps(job("r", "Running", None, None, job("a", "Success"), job("b", "Initializing"), job("c", "Running")))
    assert [(change.step.job_id, change.phase_before, change.step.phase) for change in changes(before, after)] == [
        ("a", "Running", "Success"),
        ("c", None, "Running"),
    ]
    assert changes(after, after) == []
    assert len(changes([], after)) == 4


def test_the_same_id_twice_in_a_tree_is_two_steps() -> None:
    tree = job("r", "Running", None, None, job("a", "Running"), job("a", "Success"))
    assert changes(steps(tree), steps(tree)) == []


def test_a_step_that_is_gone_is_told() -> None:
    before = steps(job("r", "Running", None, None, job("a", "Running")))
    (change,) = changes(before, steps(job("r", "Running")))
    assert (change.step.job_id, change.is_gone) == ("a", True)


def row(job_type: str, depth: int) -> JobRow:
    """Return the row of a root job (depth 0) or a step (depth 1) of a type."""
    step = {"metadata": {"uid": "s"}, "spec": {"type": job_type}}
    root = {"metadata": {"uid": "r"}, "spec": {"type": job_type, "subJobs": [step]}}
    return job_rows(parse_payload(json.dumps(root).encode(), "r"))[depth]


def step_row(job_type: str) -> JobRow:
    return row(job_type, 1)


def root_row(job_type: str) -> JobRow:
    return row(job_type, 0)


# Four ended or were left: success at 10 s, one still running at 20 s, failure at 30 s, success at 40 s.
INSTALL_CURVE = Curve([10, 20, 30, 40], [0.75, 0.75, 0.375, 0], [0.25, 0.25, 0.25, 0.625], 4)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "p.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("CREATE SCHEMA marts")
        connection.execute(
            """
            CREATE TABLE marts.step_survival AS
            FROM (VALUES ('s', 'Install', 40.0, 1, 1, 0, 0.0, 0.625), ('s', 'Install', 10.0, 4, 1, 0, 0.75, 0.25),
                ('s', 'Install', 20.0, 3, 0, 0, 0.75, 0.25), ('s', 'Install', 30.0, 2, 0, 1, 0.375, 0.25),
                ('s', 'Other', 5.0, 1, 1, 0, 0.0, 1.0), ('t', 'Install', 7.0, 1, 1, 0, 0.0, 1.0),
                ('s', 'Endless', 5.0, 1, 0, 0, 1.0, 0.0))
                AS curves(source, job_type, seconds, at_risk_count, succeeded_count, failed_count, survival,
                    success_incidence)
            """
        )
        connection.execute(
            """
            CREATE TABLE marts.root_jobs AS
            FROM (VALUES ('s', 'Create', 'Success', true, 10.0, NULL), ('s', 'Create', 'Running', false, NULL, 20.0),
                ('s', 'Create', 'Failed', true, 30.0, NULL), ('s', 'Create', 'Success', true, 40.0, NULL),
                ('s', 'Create', 'Success', true, -5.0, NULL), ('s', 'Create', 'Success', true, NULL, NULL),
                ('s', 'Create', 'Initializing', false, NULL, 60.0), ('s', 'Delete', 'Running', false, NULL, 60.0))
                AS roots(source, job_type, phase, is_finished, duration_seconds, elapsed_seconds)
            """
        )
    return path


@pytest.mark.parametrize(
    ("age", "percentile"), [(0, 0), (9.9, 0), (10, 25), (25, 25), (30, 62.5), (39, 62.5), (99, 100)]
)
def test_the_percentile_of_an_age_is_the_share_that_had_ended_by_then(age: float, percentile: float) -> None:
    assert INSTALL_CURVE.age_percentile(age) == percentile


@pytest.mark.parametrize(
    ("age", "within", "rate"),
    [
        (0, 5, 0),
        (0, 10, 0.25),
        (0, 600, 0.625),
        # Of the 0.75 that are still there, 0.375 go on to succeed, none of them before 40 s.
        (10, 20, 0),
        (10, 30, 0.5),
        (30, 600, 1),
        (39, 600, 1),
        (40, 600, None),
    ],
)
def test_the_chance_to_succeed_counts_only_those_that_got_as_far_and_failures_are_none(
    age: float, within: float, rate: float | None
) -> None:
    assert INSTALL_CURVE.success_rate(age, within) == rate


def test_nothing_is_known_from_the_oldest_on_though_it_was_still_running() -> None:
    curve = Curve([10, 20], [0.5, 0.5], [0.5, 0.5], 2)
    assert (curve.success_rate(19, 600), curve.success_rate(20, 600)) == (0, None)
    assert curve.age_percentile(99) == 50


def test_a_kinds_curve_is_read_from_the_published_file(path: Path) -> None:
    curves = SurvivalCurves(path, "s")
    assert curves.unavailable_reason() is None
    assert curves.of_job(step_row("Install")) == INSTALL_CURVE
    assert curves.of_job(step_row("it's new")) is None


def test_roots_have_the_curve_that_their_own_ends_make_running_ones_counted_as_long_as_they_ran(path: Path) -> None:
    curves = SurvivalCurves(path, "s")
    assert curves.of_job(root_row("Create")) == INSTALL_CURVE
    assert curves.of_job(root_row("Install")) is None


def test_a_kind_of_which_none_has_ended_has_no_curve(path: Path) -> None:
    curves = SurvivalCurves(path, "s")
    assert curves.of_job(step_row("Endless")) is None
    assert curves.of_job(root_row("Delete")) is None


def test_a_curve_is_read_once_and_the_file_is_not_held_open(path: Path) -> None:
    curves = SurvivalCurves(path, "s")
    first = curves.of_job(step_row("Other"))
    with duckdb.connect(path) as connection:
        connection.execute("DROP TABLE marts.step_survival")
    assert curves.of_job(step_row("Other")) is first is not None


def test_what_is_missing_is_told(path: Path) -> None:
    assert "There is no published file" in str(SurvivalCurves(path.with_name("none"), "s").unavailable_reason())
    assert "holds no finished step of the source u" in str(SurvivalCurves(path, "u").unavailable_reason())
    with duckdb.connect(path) as connection:
        connection.execute("DROP TABLE marts.step_survival")
    assert "step_survival" in str(SurvivalCurves(path, "s").unavailable_reason())
