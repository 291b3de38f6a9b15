"""Times and failures drawn for one job, over many generators."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cce_etl.demo.clusters import Cluster
from cce_etl.demo.schedule import JobRun, Step, run_step
from cce_etl.demo.steps import CREATE_CLUSTER, JOB_KINDS, SCALEUP_CLUSTER, JobKind, StepTemplate, Target
from cce_etl.demo.truth import planted_truth

STARTED_NS = 1_700_000_000_000_000_000
CLUSTER = Cluster("edge-dev-001", "cluster-id", "cce.s2.large", "v1.29", "eu-west-101a")


def job_run(seed: int, quantum_ns: int = 1) -> JobRun:
    server_ids = {
        Target.CLUSTER: ("cluster-id",),
        Target.MASTER: ("master-1", "master-2", "master-3"),
        Target.NODE: ("node-1", "node-2"),
        Target.ADDON: ("addon-1", "addon-2", "addon-3"),
    }
    return JobRun(Random(seed), CLUSTER, planted_truth(STARTED_NS), quantum_ns, server_ids)


def all_steps(step: Step) -> list[Step]:
    return [step, *(below for child in step.children for below in all_steps(child))]


def certain_failure(target: Target, lanes: int) -> StepTemplate:
    first = StepTemplate("First", target, median_seconds=5.0, lanes=lanes, failure_rate=1.0)
    return StepTemplate("Root", children=(first, StepTemplate("Second", median_seconds=5.0)))


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=2**32), st.sampled_from(JOB_KINDS), st.sampled_from([1, 1_000]))
def test_steps_lie_inside_their_parents_and_on_the_hosts_ticks(seed: int, kind: JobKind, quantum_ns: int) -> None:
    root = run_step(job_run(seed, quantum_ns), kind.root, 0, STARTED_NS)
    for parent in all_steps(root):
        for child in parent.children:
            if child.started_ns is not None:
                assert parent.started_ns is not None
                assert parent.started_ns < child.started_ns <= child.ended_ns < parent.ended_ns
                assert child.started_ns % quantum_ns == child.ended_ns % quantum_ns == 0


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=2**32))
def test_a_step_fails_exactly_when_one_below_it_does_and_says_why(seed: int) -> None:
    for step in all_steps(run_step(job_run(seed), SCALEUP_CLUSTER, 0, STARTED_NS)):
        if step.children:
            assert bool(step.failure) == any(child.failure for child in step.children)


def test_copies_in_one_lane_run_one_after_another() -> None:
    root = run_step(job_run(3), StepTemplate("Root", children=(StepTemplate("A", Target.NODE, 5.0),)), 0, STARTED_NS)
    first, second = root.children
    assert second.started_ns is not None and second.started_ns > first.ended_ns


def test_copies_in_lanes_of_their_own_run_at_the_same_time() -> None:
    root = run_step(job_run(3), CREATE_CLUSTER, 0, STARTED_NS)
    installs = [step for step in root.children if step.template.job_type == "InstallMaster"]
    starts = [step.started_ns for step in installs if step.started_ns is not None]
    assert len(starts) == 3
    assert max(starts) < min(step.ended_ns for step in installs)


def test_after_a_failure_later_steps_never_start_and_the_parent_tells_which_step_it_was() -> None:
    root = run_step(job_run(3), certain_failure(Target.CLUSTER, lanes=1), 0, STARTED_NS)
    first, second = root.children
    assert (second.started_ns, second.failure) == (None, "")
    assert root.failure == f"First failed: {first.failure}"


@pytest.mark.parametrize(("lanes", "started_count"), [(1, 1), (2, 2)])
def test_a_failed_copy_stops_the_copies_that_would_start_after_it(lanes: int, started_count: int) -> None:
    root = run_step(job_run(3), certain_failure(Target.NODE, lanes), 0, STARTED_NS)
    copies = [step for step in root.children if step.template.job_type == "First"]
    assert len(copies) == 2
    assert sum(step.started_ns is not None for step in copies) == started_count
