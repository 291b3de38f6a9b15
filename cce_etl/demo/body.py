"""A simulated job as the API's JSON at one instant, in either dialect."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from cce_etl.demo.formats import GO_ZERO_TIME, UUID_TICK_NS, go_time, uuid1
from cce_etl.demo.ground_truth import FLAVOR_KEY, VERSION_KEY, ZONE_KEY
from cce_etl.demo.simulation import JobSimulation, Step
from cce_etl.demo.templates import Target
from cce_etl.transform.payload import TERMINAL_PHASES, Phase

Document = dict[str, Any]

# The documented example lists a later step first; so do some synthetic jobs.
SHUFFLED_RATE: Final = 0.25
LEAD_MEDIAN_SECONDS: Final = 0.2
LEAD_SIGMA: Final = 0.8
LEAD_LEAST_NS: Final = 50_000

_V2_KEYS: Final = {
    "clusterUID": "clusteruid",
    "resourceID": "resourceid",
    "resourceName": "resourcename",
    "extendParam": "extendparam",
    "subJobs": "subjobs",
}


@dataclass(frozen=True, slots=True)
class Observation:
    """A simulated job as seen at one instant, and what its uids are made of."""

    job: JobSimulation
    seen_at_ns: int
    clock_sequence: int
    node: str
    ordinals: Iterator[int]

    def phase_of(self, step: Step) -> Phase:
        """Return the phase of a step at the instant."""
        if step.started_ns is None or step.started_ns > self.seen_at_ns:
            return Phase.INITIALIZING
        if step.ended_ns > self.seen_at_ns:
            return Phase.RUNNING
        return Phase.FAILED if step.failure else Phase.SUCCESS

    def last_write_ns(self, step: Step) -> int:
        """Return when a step was last written: its end, or the last start or end seen below it."""
        if step.ended_ns <= self.seen_at_ns:
            return step.ended_ns
        seen = (self.last_write_ns(child) for child in step.children if self.has_started(child))
        return max(seen, default=step.started_ns or 0)

    def has_started(self, step: Step) -> bool:
        """Return whether a step has started by the instant."""
        return step.started_ns is not None and step.started_ns <= self.seen_at_ns

    def uid_of(self, step: Step, parent_started_ns: int) -> str:
        """Return a uid that embeds the planned time: shortly before the start, but not before the parent's start."""
        planned_ns = parent_started_ns
        if step.started_ns is not None and self.has_started(step):
            lead_ns = LEAD_LEAST_NS + self.job.draw_ns(LEAD_MEDIAN_SECONDS, LEAD_SIGMA)
            planned_ns = max(planned_ns, step.started_ns - lead_ns)
        # One more tick for each node, so that the uids of steps planned together differ. All ticks together are far
        # shorter than the least lead and gap.
        return uuid1(planned_ns + next(self.ordinals) * UUID_TICK_NS, self.clock_sequence, self.node)


def job_document(observation: Observation, step: Step, uid: str) -> Document:
    """Return a root job's v3 document with all its steps inline."""
    cluster = observation.job.cluster
    spec: Document = {
        "type": step.template.job_type,
        "clusterUID": cluster.cluster_id,
        "resourceID": cluster.cluster_id,
        "resourceName": cluster.name,
        "extendParam": _cohort(observation.job) | _root_parameters(observation.job),
    }
    return _document(observation, step, uid, spec, step.started_ns or 0)


def _document(observation: Observation, step: Step, uid: str, spec: Document, planned_from_ns: int) -> Document:
    phase = observation.phase_of(step)
    created = updated = GO_ZERO_TIME
    if step.started_ns is not None and phase is not Phase.INITIALIZING:
        planned_from_ns = step.started_ns
        created, updated = go_time(step.started_ns), go_time(observation.last_write_ns(step))
    sub_jobs = [
        _document(
            observation,
            child,
            observation.uid_of(child, planned_from_ns),
            _step_spec(observation.job, child),
            planned_from_ns,
        )
        for child in step.children
    ]
    if len(sub_jobs) > 1 and observation.job.rng.random() < SHUFFLED_RATE:
        observation.job.rng.shuffle(sub_jobs)
    return {
        "kind": "Job",
        "apiVersion": "v3",
        "metadata": {"uid": uid, "creationTimestamp": created, "updateTimestamp": updated},
        "spec": spec | {"subJobs": sub_jobs} if sub_jobs else spec,
        "status": {"phase": phase.value, "reason": step.failure if phase is Phase.FAILED else ""},
    }


def _step_spec(job: JobSimulation, step: Step) -> Document:
    template, cluster = step.template, job.cluster
    spec: Document = {"type": template.job_type, "clusterUID": cluster.cluster_id}
    if template.target is Target.CLUSTER:
        return spec
    resource_id = job.server_ids[template.target][step.index]
    spec["resourceID"] = resource_id
    spec["resourceName"] = f"{cluster.name}-{template.target.name.lower()}-{step.index + 1}"
    if template.target is not Target.ADDON:
        spec["extendParam"] = {"serverID": resource_id} | _cohort(job)
    return spec


def _cohort(job: JobSimulation) -> dict[str, str]:
    return {FLAVOR_KEY: job.cluster.flavor, VERSION_KEY: job.cluster.version, ZONE_KEY: job.cluster.zone}


def _root_parameters(job: JobSimulation) -> dict[str, str]:
    return {
        "alpha.cce/node-count": str(len(job.server_ids[Target.NODE])),
        "kubernetes.io/cpu-manager-policy": job.rng.choice(("", "none", "static")),
        "order-id": "",
    }


def json_bytes(value: object) -> bytes:
    """Return a value as the compact JSON that the API sends."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def v2_document(document: Document) -> Document:
    """Return a v3 document in the v2 dialect; terminal jobs get a completionTime, equal to their last update."""
    spec = {_V2_KEYS.get(key, key): value for key, value in document["spec"].items()}
    if "subjobs" in spec:
        spec["subjobs"] = [v2_document(sub_job) for sub_job in spec["subjobs"]]
    status = {"status" if key == "phase" else key: value for key, value in document["status"].items()}
    if status["status"] in TERMINAL_PHASES:
        status["completionTime"] = document["metadata"]["updateTimestamp"]
    return document | {"apiVersion": "v2", "spec": spec, "status": status}


def v2_summary(document: Document) -> Document:
    """Return what the v2 list shows of a v3 root job: all but its steps."""
    spec = {key: value for key, value in document["spec"].items() if key != "subJobs"}
    return v2_document(document | {"spec": spec})
