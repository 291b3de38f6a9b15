"""The synthetic fleet: which jobs exist, when they start, and the body of each.

A body is made when it is asked for, so that a large fleet needs little memory.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from math import ceil
from random import Random
from types import MappingProxyType
from typing import Final

from cce_etl.demo.body import LEAD_LEAST_NS, Document, Observation, job_document, json_bytes, v2_document, v2_summary
from cce_etl.demo.clusters import HOST_NODES, Cluster, cluster_pool, new_cluster
from cce_etl.demo.example import EXAMPLE_BODY, EXAMPLE_JOB_ID
from cce_etl.demo.formats import uuid1
from cce_etl.demo.ground_truth import DAY_NS, GroundTruth, ground_truth
from cce_etl.demo.simulation import JobSimulation, simulate_step
from cce_etl.demo.templates import ADDON_COUNT, JOB_TEMPLATES, JobTemplate, Target, typical_seconds
from cce_etl.timestamps import NANOSECONDS

HISTORY_DAYS: Final = 120
# The share of jobs that start so late that most of them are still running when the history ends.
RECENT_SHARE: Final = 0.04
# The share of jobs whose machine prints nine fraction digits; the others print six.
NANOSECOND_CLOCK_SHARE: Final = 0.8
AUTOPILOT_JOB_COUNT: Final = 6
# Any large number keeps the seeds of the two fleets apart.
_AUTOPILOT_SEED_DISTANCE: Final = 1_000_003


@dataclass(frozen=True, slots=True)
class RootJob:
    """A synthetic root job before it is simulated; its steps are drawn from the same generator afterwards."""

    job_id: str
    template: JobTemplate
    cluster: Cluster
    started_ns: int
    clock_resolution_ns: int
    clock_sequence: int
    node: str
    rng: Random = field(compare=False)

    @property
    def job_type(self) -> str:
        """Return the type of the root job."""
        return self.template.root.job_type


@dataclass(frozen=True)
class Fleet:
    """A synthetic fleet of root jobs as it stands at `ends_at_ns`, after HISTORY_DAYS of history.

    The documented example comes first, then the oldest job; the jobs that start last are in no order among themselves.
    The ids are made once, a body on each call, with the same bytes each time.
    """

    seed: int
    ends_at_ns: int
    truth: GroundTruth
    job_ids: tuple[str, ...] = field(repr=False)
    _positions: MappingProxyType[str, int] = field(repr=False, compare=False)
    _clusters: tuple[Cluster, ...] = field(repr=False, compare=False)

    def __len__(self) -> int:
        """Return the number of root jobs, the example included."""
        return len(self.job_ids)

    def v3_body(self, job_id: str) -> bytes:
        """Return the exact bytes of GET /api/v3/.../jobs/{job_id}; raises KeyError for an unknown id."""
        return EXAMPLE_BODY if job_id == EXAMPLE_JOB_ID else json_bytes(self._document(job_id))

    def v2_body(self, job_id: str) -> bytes:
        """Return the exact bytes of GET /api/v2/.../jobs/{job_id}; raises KeyError for an unknown id."""
        return json_bytes(v2_document(self._document(job_id)))

    def v2_summary(self, job_id: str) -> Document:
        """Return what the v2 list shows of a root job; raises KeyError for an unknown id."""
        return v2_summary(self._document(job_id))

    def v3_bodies(self) -> Iterator[tuple[str, bytes]]:
        """Return id and v3 body of every root job, in order."""
        return ((job_id, self.v3_body(job_id)) for job_id in self.job_ids)

    def root_jobs(self) -> Iterator[RootJob]:
        """Return every synthetic root job, in order; the example is left out."""
        return (self._root_job(position) for position in range(1, len(self.job_ids)))

    def _root_job(self, position: int) -> RootJob:
        return _draw_root_job(self.seed, position, len(self.job_ids), self.ends_at_ns, self._clusters)

    def _document(self, job_id: str) -> Document:
        position = self._positions[job_id]
        if position == 0:
            example: Document = json.loads(EXAMPLE_BODY)
            return example
        job = self._root_job(position)
        server_ids = {
            Target.CLUSTER: (job.cluster.cluster_id,),
            Target.MASTER: _draw_server_ids(job.rng, job.cluster.master_count),
            Target.NODE: _draw_server_ids(job.rng, job.rng.choice(job.template.node_counts)),
            Target.ADDON: _draw_server_ids(job.rng, ADDON_COUNT),
        }
        simulation = JobSimulation(job.rng, job.cluster, self.truth, job.clock_resolution_ns, server_ids)
        root = simulate_step(simulation, job.template.root, 0, job.started_ns)
        observation = Observation(simulation, self.ends_at_ns, job.clock_sequence, job.node, count(1))
        return job_document(observation, root, job.job_id)


def build_fleet(seed: int, job_count: int, ends_at_ns: int) -> Fleet:
    """Return a synthetic fleet; the same arguments give the same bytes.

    Args:
        seed: The seed of all generators.
        job_count: The number of root jobs, the documented example included.
        ends_at_ns: The instant at which the fleet is seen, in nanoseconds since 1970-01-01 UTC.

    Raises:
        ValueError: The fleet would have no job.
    """
    if job_count < 1:
        raise ValueError(f"a fleet has at least the example job, not {job_count} jobs")
    clusters = cluster_pool(seed, ends_at_ns - HISTORY_DAYS * DAY_NS)
    jobs = (_draw_root_job(seed, position, job_count, ends_at_ns, clusters) for position in range(1, job_count))
    job_ids = (EXAMPLE_JOB_ID, *(job.job_id for job in jobs))
    positions = MappingProxyType({job_id: position for position, job_id in enumerate(job_ids)})
    return Fleet(seed, ends_at_ns, ground_truth(ends_at_ns), job_ids, positions, clusters)


def autopilot_fleet(fleet: Fleet) -> Fleet:
    """Return the fleet of the same project's Autopilot clusters: the example, then AUTOPILOT_JOB_COUNT jobs."""
    return build_fleet(fleet.seed + _AUTOPILOT_SEED_DISTANCE, AUTOPILOT_JOB_COUNT + 1, fleet.ends_at_ns)


def _draw_root_job(seed: int, position: int, job_count: int, ends_at_ns: int, clusters: tuple[Cluster, ...]) -> RootJob:
    # Each job has its own generator, so that its body can be made alone. Random hashes a text seed, so neighbouring
    # positions give unrelated numbers.
    rng = Random(f"{seed}/{position}")
    template = rng.choices(JOB_TEMPLATES, [template.share for template in JOB_TEMPLATES])[0]
    resolution_ns = 1 if rng.random() < NANOSECOND_CLOCK_SHARE else 1_000
    started_ns = _draw_start_ns(rng, template, position, job_count, ends_at_ns)
    started_ns -= started_ns % resolution_ns
    planned_ns = started_ns - LEAD_LEAST_NS - rng.randrange(2 * NANOSECONDS)
    cluster = rng.choice(clusters)
    if template.root.job_type == "CreateCluster":
        cluster = new_cluster(rng, cluster, position, planned_ns)
    clock_sequence, node = rng.getrandbits(14), rng.choice(HOST_NODES)
    job_id = uuid1(planned_ns, clock_sequence, node)
    return RootJob(job_id, template, cluster, started_ns, resolution_ns, clock_sequence, node, rng)


def _draw_start_ns(rng: Random, template: JobTemplate, position: int, job_count: int, ends_at_ns: int) -> int:
    """Draw a start: the history has one slot of equal length for each job; the last jobs start within one usual run."""
    settled_count = job_count - 1 - ceil((job_count - 1) * RECENT_SHARE)
    if position > settled_count:
        usual_ns = int(typical_seconds(template.root) * NANOSECONDS)
        return ends_at_ns - int(usual_ns * rng.uniform(0.05, 0.85))
    slot_ns = HISTORY_DAYS * DAY_NS // settled_count
    return ends_at_ns - HISTORY_DAYS * DAY_NS + (position - 1) * slot_ns + rng.randrange(slot_ns)


def _draw_server_ids(rng: Random, server_count: int) -> tuple[str, ...]:
    """Draw UUIDs of version 4."""
    drawn = (f"{rng.getrandbits(128):032x}" for _ in range(server_count))
    return tuple(f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}" for text in drawn)
