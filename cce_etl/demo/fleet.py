"""The synthetic fleet: which jobs exist, when they start, and the body of each.

Lives here: `build_fleet` and `Fleet`. A body is made when asked for, so that a large fleet costs little to hold.
Does not: the steps' templates (`steps`), times and failures (`schedule`), JSON (`body`), HTTP (`server`).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from math import ceil
from random import Random
from types import MappingProxyType
from typing import Final

from cce_etl.demo.body import (
    LEAD_LEAST_NS,
    Document,
    Observation,
    job_document,
    json_bytes,
    v2_document,
    v2_summary,
)
from cce_etl.demo.clock_text import uuid_1_text
from cce_etl.demo.clusters import HOST_NODES, Cluster, cluster_pool, new_cluster
from cce_etl.demo.example import EXAMPLE_BODY, EXAMPLE_JOB_ID
from cce_etl.demo.schedule import JobRun, run_step
from cce_etl.demo.steps import ADDON_COUNT, JOB_KINDS, JobKind, Target, typical_seconds
from cce_etl.demo.truth import DAY_NS, PlantedTruth, planted_truth
from cce_etl.timestamps import NANOSECONDS

HISTORY_DAYS: Final = 120
# Of the jobs this share starts so late that most of it is still running when the history ends.
RECENT_SHARE: Final = 0.04
# The share of jobs whose host prints nine fraction digits; the others print six.
NANOSECOND_CLOCK_SHARE: Final = 0.8


@dataclass(frozen=True, slots=True)
class _Opening:
    """Hold the first draws of a job, enough to know its id; the rest of its draws follow from the same generator."""

    rng: Random
    kind: JobKind
    cluster: Cluster
    quantum_ns: int
    started_ns: int
    clock_sequence: int
    node: str
    uid: str


@dataclass(frozen=True, slots=True)
class RootJob:
    """Hold what is known of a synthetic root job before its body is made; `started_ns` since 1970-01-01 UTC."""

    job_id: str
    job_type: str
    cluster: Cluster
    started_ns: int


@dataclass(frozen=True)
class Fleet:
    """Hold a synthetic fleet of root jobs as it stands at `ends_at_ns`, after HISTORY_DAYS of history.

    The documented example comes first, then the oldest; the jobs started last are in no order among themselves. Ids are
    made once, bodies on each call, always the same.
    """

    seed: int
    ends_at_ns: int
    truth: PlantedTruth
    job_ids: tuple[str, ...] = field(repr=False)
    _positions: MappingProxyType[str, int] = field(repr=False, compare=False)
    _clusters: tuple[Cluster, ...] = field(repr=False, compare=False)

    def __len__(self) -> int:
        """Return the number of root jobs, the example included."""
        return len(self.job_ids)

    def v3_body(self, job_id: str) -> bytes:
        """Return the exact bytes of GET /api/v3/.../jobs/{job_id}; raises KeyError for an unknown id."""
        position = self._positions[job_id]
        return json_bytes(self._document(position)) if position else EXAMPLE_BODY

    def v2_body(self, job_id: str) -> bytes:
        """Return the exact bytes of GET /api/v2/.../jobs/{job_id}; raises KeyError for an unknown id."""
        return json_bytes(v2_document(self._document(self._positions[job_id])))

    def v3_bodies(self) -> Iterator[tuple[str, bytes]]:
        """Return id and v3 body of every root job, in order."""
        return ((job_id, self.v3_body(job_id)) for job_id in self.job_ids)

    def v2_list_body(self) -> bytes:
        """Return the exact bytes of GET /api/v2/.../jobs: a bare array of root jobs without their steps."""
        return json_bytes(list(self.v2_summaries()))

    def v2_summaries(self) -> Iterator[Document]:
        """Return what the v2 list shows of every root job, in order."""
        return (v2_summary(self._document(position)) for position in range(len(self.job_ids)))

    def root_jobs(self) -> Iterator[RootJob]:
        """Return type, cluster and start of every synthetic job, in order; the example is left out."""
        for position in range(1, len(self.job_ids)):
            opening = self._opening(position)
            yield RootJob(opening.uid, opening.kind.root.job_type, opening.cluster, opening.started_ns)

    def _document(self, position: int) -> Document:
        if position == 0:
            example: Document = json.loads(EXAMPLE_BODY)
            return example
        return _job_document(self._opening(position), self.truth, self.ends_at_ns)

    def _opening(self, position: int) -> _Opening:
        return _open_job(self.seed, position, len(self.job_ids), self.ends_at_ns, self._clusters)


def build_fleet(seed: int, job_count: int, ends_at_ns: int) -> Fleet:
    """Return a synthetic fleet of `job_count` root jobs as seen at `ends_at_ns`, nanoseconds since 1970-01-01 UTC.

    The same arguments give the same bytes. Raises ValueError for a fleet without jobs.
    """
    if job_count < 1:
        raise ValueError(f"a fleet has at least the example job, not {job_count} jobs")
    clusters = cluster_pool(seed, ends_at_ns - HISTORY_DAYS * DAY_NS)
    openings = (_open_job(seed, position, job_count, ends_at_ns, clusters) for position in range(1, job_count))
    job_ids = (EXAMPLE_JOB_ID, *(opening.uid for opening in openings))
    positions = MappingProxyType({job_id: position for position, job_id in enumerate(job_ids)})
    return Fleet(seed, ends_at_ns, planted_truth(ends_at_ns), job_ids, positions, clusters)


def _open_job(seed: int, position: int, job_count: int, ends_at_ns: int, clusters: tuple[Cluster, ...]) -> _Opening:
    # A generator for each job: any body can be made alone. Text seeds are hashed, so neighbours are unrelated.
    rng = Random(f"{seed}/{position}")
    kind = rng.choices(JOB_KINDS, [kind.share for kind in JOB_KINDS])[0]
    quantum_ns = 1 if rng.random() < NANOSECOND_CLOCK_SHARE else 1_000
    started_ns = _started_ns(rng, kind, position, job_count, ends_at_ns)
    started_ns -= started_ns % quantum_ns
    planned_ns = started_ns - LEAD_LEAST_NS - rng.randrange(2 * NANOSECONDS)
    cluster = rng.choice(clusters)
    if kind.root.job_type == "CreateCluster":
        cluster = new_cluster(rng, cluster, position, planned_ns)
    clock_sequence, node = rng.getrandbits(14), rng.choice(HOST_NODES)
    uid = uuid_1_text(planned_ns, clock_sequence, node)
    return _Opening(rng, kind, cluster, quantum_ns, started_ns, clock_sequence, node, uid)


def _started_ns(rng: Random, kind: JobKind, position: int, job_count: int, ends_at_ns: int) -> int:
    """Draw a start: the history is cut into equal slots, one a job; the last few jobs start within one usual run."""
    settled_count = job_count - 1 - ceil((job_count - 1) * RECENT_SHARE)
    if position > settled_count:
        usual_ns = int(typical_seconds(kind.root) * NANOSECONDS)
        return ends_at_ns - int(usual_ns * rng.uniform(0.05, 0.85))
    slot_ns = HISTORY_DAYS * DAY_NS // settled_count
    return ends_at_ns - HISTORY_DAYS * DAY_NS + (position - 1) * slot_ns + rng.randrange(slot_ns)


def _job_document(opening: _Opening, truth: PlantedTruth, ends_at_ns: int) -> Document:
    rng, cluster = opening.rng, opening.cluster
    server_ids = {
        Target.CLUSTER: (cluster.cluster_id,),
        Target.MASTER: _server_ids(rng, cluster.master_count),
        Target.NODE: _server_ids(rng, rng.choice(opening.kind.node_counts)),
        Target.ADDON: _server_ids(rng, ADDON_COUNT),
    }
    run = JobRun(rng, cluster, truth, opening.quantum_ns, server_ids)
    root = run_step(run, opening.kind.root, 0, opening.started_ns)
    observation = Observation(run, ends_at_ns, opening.clock_sequence, opening.node, count(1))
    return job_document(observation, root, opening.uid)


def _server_ids(rng: Random, server_count: int) -> tuple[str, ...]:
    return tuple(_server_id(f"{rng.getrandbits(128):032x}") for _ in range(server_count))


def _server_id(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
