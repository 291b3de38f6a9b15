"""A synthetic fleet drawn as arrays: root jobs, their properties, and the steps of each."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibration.plans import (
    DAY_NS,
    FAILING_TYPE,
    FLAVORS,
    REGIONS,
    SLOW_TYPE,
    STARTS_AT_NS,
    USUAL_FAILURE_RATE,
    VERSIONS,
    Plan,
    Study,
)
from cce_etl.statistics.arrays import BoolArray, FloatArray, IntArray

ROOT_SPREAD: Final = 0.3  # standard deviations of log durations, between roots and within them
STEP_SPREAD: Final = 0.25
TAIL_FREEDOM: Final = 4
# How much longer steps take at the busiest hour, as a log; below what a finding needs.
LOAD: Final = 0.08
# How much longer steps take in a tree with three masters, as a log.
SHAPE: Final = 0.35
CLUSTER_COUNT: Final = 300
# For each job type its share, and its steps in order: type, median seconds, and how many there are of it.
KINDS: Final[dict[str, tuple[float, tuple[tuple[str, float, str], ...]]]] = {
    "CreateCluster": (
        0.3,
        (
            ("CreatePSMCert", 0.8, "one"),
            ("CreateServer", 48.0, "masters"),
            (SLOW_TYPE, 280.0, "masters"),
            ("InstallAddon", 22.0, "addons"),
            ("CheckCluster", 6.0, "one"),
        ),
    ),
    "ScaleupCluster": (
        0.4,
        (
            ("CheckQuota", 1.2, "one"),
            ("CreateServer", 41.0, "nodes"),
            (FAILING_TYPE, 95.0, "nodes"),
            ("SyncNodePool", 3.0, "one"),
        ),
    ),
    "UpgradeCluster": (
        0.14,
        (("PreUpgradeCheck", 18.0, "one"), ("UpgradeMaster", 190.0, "masters"), ("UpgradeNode", 120.0, "nodes")),
    ),
    "DeleteCluster": (0.16, (("DeleteNode", 31.0, "nodes"), ("DeleteMaster", 27.0, "masters"))),
}


@dataclass(frozen=True, slots=True, eq=False)
class Roots:
    """The root jobs, one entry each in every array, in time order."""

    kinds: NDArray[Any]
    regions: NDArray[Any]
    flavors: NDArray[Any]
    versions: NDArray[Any]
    zones: NDArray[Any]
    names: NDArray[Any]
    clusters: IntArray
    node_counts: IntArray
    started_ns: IntArray
    effects: FloatArray

    @property
    def master_counts(self) -> IntArray:
        """Return 3 for flavors with s2, else 1: the two shapes of a new cluster."""
        return np.where(np.char.find(self.flavors.astype(str), ".s2.") >= 0, 3, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """The steps of one type: the position of each one's root, and when it started and ended; -1 for never."""

    job_type: str
    roots: IntArray
    ordinals: IntArray
    started_ns: IntArray
    ended_ns: IntArray
    is_failed: BoolArray


def draw_roots(plan: Plan, generator: np.random.Generator) -> Roots:
    """Draw the root jobs, on clusters whose properties are drawn independently of each other."""
    count = plan.job_count
    is_messy = plan.study is Study.MESSY
    regions = REGIONS[:1] if is_messy else REGIONS
    region_shares = generator.dirichlet(np.full(len(regions), 20.0))
    flavor_shares = generator.dirichlet(np.full(len(FLAVORS), 20.0))
    clusters = generator.integers(0, 20 if is_messy else CLUSTER_COUNT, count)
    own = {
        "regions": generator.choice(regions, CLUSTER_COUNT, p=region_shares),
        "flavors": generator.choice(FLAVORS, CLUSTER_COUNT, p=flavor_shares),
        "versions": generator.choice(VERSIONS, CLUSTER_COUNT, p=[0.25, 0.3, 0.45]),
        "zones": generator.choice(["a", "b", "c"], CLUSTER_COUNT, p=[0.35, 0.4, 0.25]),
        "names": generator.choice(["payments-prod", "payments-test", "search-prod", "edge-dev"], CLUSTER_COUNT),
    }
    started_ns = _draw_times(plan, generator)
    return Roots(
        kinds=generator.choice(list(KINDS), count, p=[share for share, _ in KINDS.values()]),
        **{name: values[clusters] for name, values in own.items()},
        clusters=clusters,
        node_counts=generator.choice([1, 1, 2, 2, 3, 4], count),
        started_ns=started_ns,
        effects=generator.normal(0, ROOT_SPREAD, count) + LOAD * _load(started_ns),
    )


def _load(times_ns: IntArray) -> FloatArray:
    """Return how high the load is, -1 to 1; it is highest in the afternoons of working days."""
    hours = (times_ns / (3_600 * 10**9)) % 24
    weekdays = times_ns // DAY_NS % 7
    daily: FloatArray = np.sin((hours - 8) / 24 * 2 * np.pi)
    return np.where((weekdays == 2) | (weekdays == 3), daily - 1, daily).clip(-1, 1)


def _draw_times(plan: Plan, generator: np.random.Generator) -> IntArray:
    """Draw starts, three times as many in busy hours as in idle ones."""
    drawn = STARTS_AT_NS + generator.integers(0, plan.days * DAY_NS, 4 * plan.job_count)
    is_kept = generator.uniform(size=len(drawn)) < (2 + _load(drawn)) / 3
    return np.sort(drawn[is_kept][: plan.job_count])


def draw_steps(plan: Plan, roots: Roots, generator: np.random.Generator) -> list[Steps]:
    """Draw all steps, stage by stage; once one has failed the later ones of its root never start."""
    drawn = []
    for kind, (_, templates) in KINDS.items():
        places = np.flatnonzero(roots.kinds == kind)
        clock_ns, is_broken = roots.started_ns[places].copy(), np.zeros(len(places), dtype=np.bool_)
        used = np.zeros(len(places), dtype=np.int64)
        for job_type, median_seconds, target in templates:
            copies = _copies(roots, target)[places]
            owner = np.repeat(np.arange(len(places)), copies)
            ordinals = used[owner] + np.arange(len(owner)) - np.repeat(np.cumsum(copies) - copies, copies)
            root = places[owner]
            seconds = median_seconds * np.exp(_log_factor(plan, roots, job_type, root, clock_ns[owner], generator))
            started_ns = np.where(is_broken[owner], -1, clock_ns[owner] + generator.integers(10**5, 10**8, len(owner)))
            ended_ns = np.where(is_broken[owner], -1, started_ns + (seconds * 1e9).astype(np.int64))
            is_failed = (generator.uniform(size=len(owner)) < _failure_rates(plan, roots, job_type, root)) & (
                started_ns >= 0
            )
            drawn.append(Steps(job_type, root, ordinals, started_ns, ended_ns, is_failed))
            np.maximum.at(clock_ns, owner, ended_ns)
            np.logical_or.at(is_broken, owner, is_failed)
            used += copies
    return drawn


def _copies(roots: Roots, target: str) -> IntArray:
    ones = np.ones(len(roots.kinds), dtype=np.int64)
    return {"one": ones, "addons": 3 * ones, "masters": roots.master_counts, "nodes": roots.node_counts}[target]


def _log_factor(
    plan: Plan, roots: Roots, job_type: str, root: IntArray, now_ns: IntArray, generator: np.random.Generator
) -> FloatArray:
    """Draw the log of each step's duration over its median: the sum of effects of root, step, shape and plan."""
    own = STEP_SPREAD * generator.standard_t(TAIL_FREEDOM, len(root))
    # A tree that scales up a cluster does not contain its masters, so their number must not matter there.
    shape = np.where((roots.master_counts[root] == 3) & (roots.kinds[root] != "ScaleupCluster"), SHAPE, 0.0)
    is_slow = (
        (job_type == SLOW_TYPE)
        & (roots.regions[root] == plan.region)
        & (roots.flavors[root] == plan.flavor)
        & (now_ns >= plan.since_ns)
    )
    factors: FloatArray = roots.effects[root] + own + shape + np.log(plan.factor) * is_slow
    return factors


def _failure_rates(plan: Plan, roots: Roots, job_type: str, root: IntArray) -> FloatArray:
    if job_type != FAILING_TYPE:
        return np.full(len(root), 0.004)
    return np.where(roots.versions[root] == plan.version, plan.failure_rate, USUAL_FAILURE_RATE)
