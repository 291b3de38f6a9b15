"""A synthetic job's tree as the API's JSON at one instant, in either dialect.

Lives here: phases, clocks, ids and keys of a body. Does not: what happens in the job (`schedule`).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from cce_etl.demo.clock_text import UUID_TICK_NS, ZERO_TIME_TEXT, go_time_text, uuid_1_text
from cce_etl.demo.schedule import JobRun, Step
from cce_etl.demo.steps import Target
from cce_etl.demo.truth import FLAVOR_KEY, VERSION_KEY, ZONE_KEY
from cce_etl.transform.payload import TERMINAL_PHASES, Phase

Document = dict[str, Any]

# The published example lists a later step first; so do some synthetic jobs.
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
    """Hold what all nodes of one tree need to be written: the run, the instant it is seen at, and how uids are made."""

    run: JobRun
    seen_at_ns: int
    clock_sequence: int
    node: str
    ordinals: Iterator[int]

    def phase_of(self, step: Step) -> Phase:
        """Return where a step stands at the instant."""
        if step.started_ns is None or step.started_ns > self.seen_at_ns:
            return Phase.INITIALIZING
        if step.ended_ns > self.seen_at_ns:
            return Phase.RUNNING
        return Phase.FAILED if step.failure else Phase.SUCCESS

    def last_write_ns(self, step: Step) -> int:
        """Return when a step was last written: its end, or the last start or end seen below it."""
        started_ns = step.started_ns or 0
        if step.ended_ns <= self.seen_at_ns:
            return step.ended_ns
        seen = (self.last_write_ns(child) for child in step.children if self.has_started(child))
        return max(seen, default=started_ns)

    def has_started(self, step: Step) -> bool:
        """Tell whether a step has started by the instant."""
        return step.started_ns is not None and step.started_ns <= self.seen_at_ns

    def uid_of(self, step: Step, parent_started_ns: int) -> str:
        """Return a uid that embeds the planned time: shortly before the start, never before the parent's start."""
        planned_ns = parent_started_ns
        if step.started_ns is not None and self.has_started(step):
            lead_ns = LEAD_LEAST_NS + self.run.draw_ns(LEAD_MEDIAN_SECONDS, LEAD_SIGMA)
            planned_ns = max(planned_ns, step.started_ns - lead_ns)
        # One tick more a node, so that steps planned together differ; it stays far below the least lead and gap.
        return uuid_1_text(planned_ns + next(self.ordinals) * UUID_TICK_NS, self.clock_sequence, self.node)


def job_document(observation: Observation, step: Step, uid: str) -> Document:
    """Return a root job's v3 document with all its steps inline."""
    cluster = observation.run.cluster
    spec: Document = {
        "type": step.template.job_type,
        "clusterUID": cluster.cluster_id,
        "resourceID": cluster.cluster_id,
        "resourceName": cluster.name,
        "extendParam": _cohort(observation.run) | _root_parameters(observation.run),
    }
    return _document(observation, step, uid, spec, step.started_ns or 0)


def _document(observation: Observation, step: Step, uid: str, spec: Document, planned_from_ns: int) -> Document:
    phase = observation.phase_of(step)
    created = updated = ZERO_TIME_TEXT
    if step.started_ns is not None and phase is not Phase.INITIALIZING:
        planned_from_ns = step.started_ns
        created, updated = go_time_text(step.started_ns), go_time_text(observation.last_write_ns(step))
    sub_jobs = [
        _document(
            observation,
            child,
            observation.uid_of(child, planned_from_ns),
            _step_spec(observation.run, child),
            planned_from_ns,
        )
        for child in step.children
    ]
    if len(sub_jobs) > 1 and observation.run.rng.random() < SHUFFLED_RATE:
        observation.run.rng.shuffle(sub_jobs)
    return {
        "kind": "Job",
        "apiVersion": "v3",
        "metadata": {"uid": uid, "creationTimestamp": created, "updateTimestamp": updated},
        "spec": spec | {"subJobs": sub_jobs} if sub_jobs else spec,
        "status": {"phase": phase.value, "reason": step.failure if phase is Phase.FAILED else ""},
    }


def _step_spec(run: JobRun, step: Step) -> Document:
    template, cluster = step.template, run.cluster
    spec: Document = {"type": template.job_type, "clusterUID": cluster.cluster_id}
    if template.target is Target.CLUSTER:
        return spec
    resource_id = run.server_ids[template.target][step.copy]
    spec["resourceID"] = resource_id
    spec["resourceName"] = f"{cluster.name}-{template.target.name.lower()}-{step.copy + 1}"
    if template.target is not Target.ADDON:
        spec["extendParam"] = {"serverID": resource_id} | _cohort(run)
    return spec


def _cohort(run: JobRun) -> dict[str, str]:
    return {FLAVOR_KEY: run.cluster.flavor, VERSION_KEY: run.cluster.version, ZONE_KEY: run.cluster.zone}


def _root_parameters(run: JobRun) -> dict[str, str]:
    return {
        "alpha.cce/node-count": str(len(run.server_ids[Target.NODE])),
        "kubernetes.io/cpu-manager-policy": run.rng.choice(("", "none", "static")),
        "order-id": "",
    }


def json_bytes(value: object) -> bytes:
    """Return a value as compact JSON, as the API sends it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def v2_document(document: Document) -> Document:
    """Return a v3 document in the v2 dialect; only terminal jobs have a completionTime, equal to their last update."""
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
