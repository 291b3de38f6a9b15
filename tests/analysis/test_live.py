"""A live tree's figures, and what changed between two looks."""

import json
from typing import Any

import pytest

from cce_etl.analysis.live import LiveStep, changes, live_steps
from cce_etl.analysis.survival_curves import Curve
from cce_etl.pipeline.watch import Snapshot
from cce_etl.transform.job_rows import flatten
from cce_etl.transform.payload import JobRow, decode_job

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

    return live_steps(Snapshot(flatten(decode_job(json.dumps(root).encode()).job, "r"), FETCHED_AT), find)


def test_a_running_step_has_its_age_its_percentile_and_its_chances() -> None:
    (step,) = steps(job("r", "Running", "00:40", "00:41"))
    assert (step.seconds, step.age_percentile, step.kind_count) == (20.0, 50.0, 8)
    # 20 + 600 s is before the last one ended, 20 + 1,800 s after it.
    assert (step.success_rate_10_minutes, step.success_rate_30_minutes) == (0.0, 1.0)


def test_a_finished_step_has_how_long_it_took_and_no_chances() -> None:
    (step,) = steps(job("r", "JobPhaseSuccess", "00:10", "00:40"))
    assert (step.phase, step.is_over, step.is_running, step.seconds) == ("Success", True, False, 30.0)
    assert step.age_percentile is step.success_rate_10_minutes is None


@pytest.mark.parametrize("phase", ["Paused", None])
def test_a_phase_nobody_knows_is_running(phase: str | None) -> None:
    (step,) = steps(job("r", phase, "00:40"))
    assert (step.phase, step.is_running, step.is_over, step.seconds) == (phase or "no phase", True, False, 20.0)


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
    assert (step.seconds, step.age_percentile, step.kind_count) == (20.0, None, 0)


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
