"""The synthetic clusters that jobs work on: name, id, and the three properties that cohorts are made of.

Lives here: the pool of clusters that outlive the history, and new ones. Does not: jobs.
"""

from dataclasses import dataclass, replace
from random import Random
from typing import Final

from cce_etl.demo.clock_text import uuid_1_text
from cce_etl.demo.truth import DAY_NS

CLUSTER_COUNT: Final = 150
# Flavors, versions and zones are drawn independently, so that a cohort of one says nothing about another.
FLAVOR_SHARES: Final = {"cce.s1.small": 0.30, "cce.s1.medium": 0.15, "cce.s2.small": 0.20, "cce.s2.large": 0.35}
VERSION_SHARES: Final = {"v1.27": 0.25, "v1.28": 0.30, "v1.29": 0.45}
ZONE_SHARES: Final = {"eu-west-101a": 0.35, "eu-west-101b": 0.40, "eu-west-101c": 0.25}
NAME_PREFIXES: Final = ("payments-prod", "payments-test", "search-prod", "data-platform", "edge-dev")
# Invented hosts: the last 12 digits of a UUID version 1 name the machine that made it.
HOST_NODES: Final = ("0255ac10d001", "0255ac10d002", "0255ac10d003")


@dataclass(frozen=True, slots=True)
class Cluster:
    """Describe one synthetic cluster; flavors with s2 have three masters, those with s1 one."""

    name: str
    cluster_id: str
    flavor: str
    version: str
    zone: str

    @property
    def master_count(self) -> int:
        """Return how many masters the flavor has."""
        return 3 if ".s2." in self.flavor else 1


def cluster_pool(seed: int, starts_at_ns: int) -> tuple[Cluster, ...]:
    """Return the clusters made in the year before `starts_at_ns`; the same arguments give the same clusters."""
    rng = Random(f"{seed}/clusters")
    return tuple(_cluster(rng, number, starts_at_ns) for number in range(CLUSTER_COUNT))


def _cluster(rng: Random, number: int, starts_at_ns: int) -> Cluster:
    return Cluster(
        name=f"{rng.choice(NAME_PREFIXES)}-{number:03d}",
        cluster_id=uuid_1_text(starts_at_ns - rng.randrange(365 * DAY_NS), rng.getrandbits(14), rng.choice(HOST_NODES)),
        flavor=_weighted(rng, FLAVOR_SHARES),
        version=_weighted(rng, VERSION_SHARES),
        zone=_weighted(rng, ZONE_SHARES),
    )


def new_cluster(rng: Random, like: Cluster, number: int, made_at_ns: int) -> Cluster:
    """Return a cluster made at an instant for the owner of another one, with the same properties."""
    prefix = like.name.rpartition("-")[0]
    cluster_id = uuid_1_text(made_at_ns, rng.getrandbits(14), rng.choice(HOST_NODES))
    return replace(like, name=f"{prefix}-n{number:05d}", cluster_id=cluster_id)


def _weighted(rng: Random, shares: dict[str, float]) -> str:
    return rng.choices(list(shares), list(shares.values()))[0]
