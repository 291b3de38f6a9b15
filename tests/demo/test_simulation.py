"""Simulated times and failures of one job, with many seeds."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cce_etl.demo.clusters import Cluster
from cce_etl.demo.ground_truth import ground_truth
from cce_etl.demo.simulation import JobSimulation, Step, simulate_step
from cce_etl.demo.templates import CREATE_CLUSTER, JOB_TEMPLATES, SCALEUP_CLUSTER, JobTemplate, StepTemplate, Target

STARTED_NS = 1_700_000_000_000_000_000
CLUSTER = Cluster("edge-dev-001", "cluster-id", "cce.s2.large", "v1.29", "eu-west-101a")


def simulation(seed: int, resolution_ns: int = 1) -> JobSimulation:
    server_ids = {
        Target.CLUSTER: ("cluster-id",),
        Target.MASTER: ("master-1", "master-2", "master-3"),
        Target.NODE: ("node-1", "node-2"),
        Target.ADDON: ("addon-1", "addon-2", "addon-3"),
    }
    return JobSimulation(Random(seed), CLUSTER, ground_truth(STARTED_NS), resolution_ns, server_ids)


def all_steps(step: Step) -> list[Step]:
    return [step, *(below for child in step.children for below in all_steps(child))]


def certain_failure(target: Target, parallelism: int) -> StepTemplate:
    first = StepTemplate("First", target, median_seconds=5.0, parallelism=parallelism, failure_rate=1.0)
    return StepTemplate("Root", children=(first, StepTemplate("Second", median_seconds=5.0)))


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=2**32), st.sampled_from(JOB_TEMPLATES), st.sampled_from([1, 1_000]))
def test_steps_lie_inside_their_parents_at_multiples_of_the_clocks_resolution(
    seed: int, kind: JobTemplate, resolution_ns: int
) -> None:
    root = simulate_step(simulation(seed, resolution_ns), kind.root, 0, STARTED_NS)
    for parent in all_steps(root):
        for child in parent.children:
            if child.started_ns is not None:
                assert parent.started_ns is not None
                assert parent.started_ns < child.started_ns <= child.ended_ns < parent.ended_ns
                assert child.started_ns % resolution_ns == child.ended_ns % resolution_ns == 0


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=2**32))
def test_a_step_fails_exactly_when_one_below_it_does_and_says_why(seed: int) -> None:
    for step in all_steps(simulate_step(simulation(seed), SCALEUP_CLUSTER, 0, STARTED_NS)):
        if step.children:
            assert bool(step.failure) == any(child.failure for child in step.children)


def test_copies_without_parallelism_run_one_after_another() -> None:
    root = simulate_step(
        simulation(3), StepTemplate("Root", children=(StepTemplate("A", Target.NODE, 5.0),)), 0, STARTED_NS
    )
    first, second = root.children
    assert second.started_ns is not None and second.started_ns > first.ended_ns


def test_parallel_copies_run_at_the_same_time() -> None:
    root = simulate_step(simulation(3), CREATE_CLUSTER, 0, STARTED_NS)
    installs = [step for step in root.children if step.template.job_type == "InstallMaster"]
    starts = [step.started_ns for step in installs if step.started_ns is not None]
    assert len(starts) == 3
    assert max(starts) < min(step.ended_ns for step in installs)


def test_after_a_failure_later_steps_never_start_and_the_parents_reason_names_the_step() -> None:
    root = simulate_step(simulation(3), certain_failure(Target.CLUSTER, parallelism=1), 0, STARTED_NS)
    first, second = root.children
    assert (second.started_ns, second.failure) == (None, "")
    assert root.failure == f"First failed: {first.failure}"


@pytest.mark.parametrize(("parallelism", "started_count"), [(1, 1), (2, 2)])
def test_a_failed_copy_stops_the_copies_that_would_start_after_it(parallelism: int, started_count: int) -> None:
    root = simulate_step(simulation(3), certain_failure(Target.NODE, parallelism), 0, STARTED_NS)
    copies = [step for step in root.children if step.template.job_type == "First"]
    assert len(copies) == 2
    assert sum(step.started_ns is not None for step in copies) == started_count
