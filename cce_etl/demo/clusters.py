"""The synthetic clusters that jobs work on: name, id, and the three properties that cohorts differ in."""

from dataclasses import dataclass, replace
from random import Random
from typing import Final

from cce_etl.demo.formats import uuid1
from cce_etl.demo.ground_truth import DAY_NS

CLUSTER_COUNT: Final = 150
# Flavors, versions and zones are drawn independently, so that a cohort of one says nothing about another.
FLAVOR_SHARES: Final = {"cce.s1.small": 0.30, "cce.s1.medium": 0.15, "cce.s2.small": 0.20, "cce.s2.large": 0.35}
VERSION_SHARES: Final = {"v1.27": 0.25, "v1.28": 0.30, "v1.29": 0.45}
ZONE_SHARES: Final = {"eu-west-101a": 0.35, "eu-west-101b": 0.40, "eu-west-101c": 0.25}
NAME_PREFIXES: Final = ("payments-prod", "payments-test", "search-prod", "data-platform", "edge-dev")
# Invented machines: the last 12 digits of a UUID of version 1 name the machine that made it.
HOST_NODES: Final = ("0255ac10d001", "0255ac10d002", "0255ac10d003")


@dataclass(frozen=True, slots=True)
class Cluster:
    """One synthetic cluster."""

    name: str
    cluster_id: str
    flavor: str
    version: str
    zone: str

    @property
    def master_count(self) -> int:
        """Return how many masters the flavor has: three with s2, one with s1."""
        return 3 if ".s2." in self.flavor else 1


def cluster_pool(seed: int, starts_at_ns: int) -> tuple[Cluster, ...]:
    """Return CLUSTER_COUNT clusters made in the year before `starts_at_ns`; equal arguments give equal clusters."""
    rng = Random(f"{seed}/clusters")
    return tuple(
        Cluster(
            name=f"{rng.choice(NAME_PREFIXES)}-{number:03d}",
            cluster_id=uuid1(starts_at_ns - rng.randrange(365 * DAY_NS), rng.getrandbits(14), rng.choice(HOST_NODES)),
            flavor=_draw(rng, FLAVOR_SHARES),
            version=_draw(rng, VERSION_SHARES),
            zone=_draw(rng, ZONE_SHARES),
        )
        for number in range(CLUSTER_COUNT)
    )


def new_cluster(rng: Random, like: Cluster, number: int, made_at_ns: int) -> Cluster:
    """Return a cluster made at an instant, with the owner and the properties of another one."""
    prefix = like.name.rpartition("-")[0]
    cluster_id = uuid1(made_at_ns, rng.getrandbits(14), rng.choice(HOST_NODES))
    return replace(like, name=f"{prefix}-n{number:05d}", cluster_id=cluster_id)


def _draw(rng: Random, shares: dict[str, float]) -> str:
    return rng.choices(list(shares), list(shares.values()))[0]
