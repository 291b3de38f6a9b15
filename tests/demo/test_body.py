"""Hand-made simulated steps as the API would show them at an instant."""

from itertools import count
from random import Random
from typing import Any

import pytest

from cce_etl.demo.body import Observation, job_document, json_bytes, v2_document, v2_summary
from cce_etl.demo.clusters import Cluster
from cce_etl.demo.ground_truth import ground_truth
from cce_etl.demo.simulation import JobSimulation, Step
from cce_etl.demo.templates import StepTemplate, Target
from cce_etl.transform.flatten import parse_payload
from cce_etl.transform.payload import Dialect

SECOND = 1_000_000_000
ROOT = StepTemplate("CreateCluster")
CLUSTER = Cluster("edge-dev-001", "cluster-id", "cce.s1.small", "v1.29", "eu-west-101a")
COHORT = {"cluster.flavor": "cce.s1.small", "cluster.version": "v1.29", "availability-zone": "eu-west-101a"}
SERVER_IDS = {
    Target.CLUSTER: ("cluster-id",),
    Target.MASTER: ("master-id",),
    Target.NODE: ("node-a", "node-b"),
    Target.ADDON: ("addon-id",),
}
CERTIFICATE = Step(StepTemplate("CreatePSMCert"), 0, 11 * SECOND, 12 * SECOND, "", ())
MASTER = Step(StepTemplate("InstallMaster", Target.MASTER), 0, 13 * SECOND, 20 * SECOND, "no disk", ())
ADDON = Step(StepTemplate("InstallAddon", Target.ADDON), 0, None, 0, "", ())
TREE = Step(ROOT, 0, 10 * SECOND, 21 * SECOND, "InstallMaster failed: no disk", (CERTIFICATE, MASTER, ADDON))


def observed(seen_at_seconds: float) -> dict[str, Any]:
    job = JobSimulation(Random(2), CLUSTER, ground_truth(0), 1, SERVER_IDS)
    observation = Observation(job, int(seen_at_seconds * SECOND), 7, "0255ac10d001", count(1))
    return job_document(observation, TREE, "root-uid")


def by_type(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {step["spec"]["type"]: step for step in document["spec"]["subJobs"]}


@pytest.mark.parametrize(
    ("seen_at_seconds", "root", "certificate", "master"),
    [
        (10.5, "Running", "Initializing", "Initializing"),
        (11.5, "Running", "Running", "Initializing"),
        (13, "Running", "Success", "Running"),
        (20, "Running", "Success", "Failed"),
        (21, "Failed", "Success", "Failed"),
    ],
)
def test_phases_are_those_of_the_instant(seen_at_seconds: float, root: str, certificate: str, master: str) -> None:
    document = observed(seen_at_seconds)
    steps = by_type(document)
    assert document["status"]["phase"] == root
    assert steps["CreatePSMCert"]["status"]["phase"] == certificate
    assert steps["InstallMaster"]["status"]["phase"] == master
    assert steps["InstallAddon"]["status"]["phase"] == "Initializing"


@pytest.mark.parametrize(("seen_at_seconds", "last_write"), [(10.5, "10"), (11.5, "11"), (12.5, "12"), (20.5, "20")])
def test_a_running_job_was_last_written_when_something_below_it_started_or_ended(
    seen_at_seconds: float, last_write: str
) -> None:
    assert observed(seen_at_seconds)["metadata"]["updateTimestamp"] == f"1970-01-01 00:00:{last_write} +0000 UTC"


def test_only_failed_jobs_give_a_reason_and_the_root_repeats_the_steps() -> None:
    document = observed(30)
    steps = by_type(document)
    assert document["status"]["reason"] == "InstallMaster failed: no disk"
    assert steps["InstallMaster"]["status"]["reason"] == "no disk"
    assert steps["CreatePSMCert"]["status"]["reason"] == ""
    assert observed(20.5)["status"]["reason"] == ""


def test_a_step_that_never_started_carries_gos_zero_time() -> None:
    metadata = by_type(observed(30))["InstallAddon"]["metadata"]
    assert metadata["creationTimestamp"] == metadata["updateTimestamp"] == "0001-01-01 00:00:00 +0000 UTC"


def test_root_and_machine_steps_carry_the_cohort_and_other_steps_do_not() -> None:
    document = observed(30)
    steps = by_type(document)
    assert COHORT.items() <= document["spec"]["extendParam"].items()
    assert document["spec"]["extendParam"]["order-id"] == ""
    assert steps["InstallMaster"]["spec"] == {
        "type": "InstallMaster",
        "clusterUID": "cluster-id",
        "resourceID": "master-id",
        "resourceName": "edge-dev-001-master-1",
        "extendParam": {"serverID": "master-id"} | COHORT,
    }
    assert steps["CreatePSMCert"]["spec"] == {"type": "CreatePSMCert", "clusterUID": "cluster-id"}
    assert "extendParam" not in steps["InstallAddon"]["spec"]


def test_the_v2_dialect_has_lower_case_keys_and_a_completion_time_for_what_is_over() -> None:
    running = v2_document(observed(20.5))
    assert (running["apiVersion"], running["status"]) == ("v2", {"status": "Running", "reason": ""})
    assert list(running["spec"]) == ["type", "clusteruid", "resourceid", "resourcename", "extendparam", "subjobs"]
    master = next(step for step in running["spec"]["subjobs"] if step["spec"]["type"] == "InstallMaster")
    assert master["status"] == {
        "status": "Failed",
        "reason": "no disk",
        "completionTime": "1970-01-01 00:00:20 +0000 UTC",
    }
    assert v2_document(observed(30))["status"]["completionTime"] == "1970-01-01 00:00:21 +0000 UTC"


def test_a_summary_is_the_v2_document_without_its_steps() -> None:
    whole, summary = v2_document(observed(30)), v2_summary(observed(30))
    del whole["spec"]["subjobs"]
    assert summary == whole


def test_the_projects_decoder_recognises_the_dialect_of_each() -> None:
    assert parse_payload(json_bytes(observed(30))).dialect is Dialect.V3
    assert parse_payload(json_bytes(v2_document(observed(30)))).dialect is Dialect.V2
    assert parse_payload(json_bytes(v2_summary(observed(30)))).dialect is Dialect.V2
