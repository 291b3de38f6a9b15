"""The pool of synthetic clusters."""

from random import Random

from cce_etl.demo.clusters import FLAVOR_SHARES, VERSION_SHARES, ZONE_SHARES, Cluster, cluster_pool, new_cluster
from cce_etl.timestamps import planned_time

STARTS_AT_NS = 1_700_000_000_000_000_000


def test_the_same_seed_gives_the_same_clusters_and_another_seed_others() -> None:
    assert cluster_pool(1, STARTS_AT_NS) == cluster_pool(1, STARTS_AT_NS)
    assert cluster_pool(1, STARTS_AT_NS) != cluster_pool(2, STARTS_AT_NS)


def test_clusters_of_the_pool_were_made_before_the_history_begins() -> None:
    for cluster in cluster_pool(1, STARTS_AT_NS):
        made_at_ns = planned_time(cluster.cluster_id)
        assert made_at_ns is not None and made_at_ns <= STARTS_AT_NS


def test_every_flavor_occurs_in_every_zone_and_every_version_in_every_zone() -> None:
    pool = cluster_pool(1, STARTS_AT_NS)
    assert {(cluster.flavor, cluster.zone) for cluster in pool} == {(f, z) for f in FLAVOR_SHARES for z in ZONE_SHARES}
    assert {(cluster.version, cluster.zone) for cluster in pool} == {
        (version, zone) for version in VERSION_SHARES for zone in ZONE_SHARES
    }


def test_s2_flavors_have_three_masters_and_s1_flavors_one() -> None:
    assert Cluster("edge-dev-001", "id", "cce.s2.large", "v1.29", "eu-west-101a").master_count == 3
    assert Cluster("edge-dev-001", "id", "cce.s1.small", "v1.29", "eu-west-101a").master_count == 1


def test_a_new_cluster_keeps_prefix_and_properties_and_gets_an_id_of_its_own() -> None:
    like = Cluster("search-prod-007", "id", "cce.s2.large", "v1.28", "eu-west-101c")
    made = new_cluster(Random(1), like, 42, STARTS_AT_NS)
    assert made.name == "search-prod-n00042"
    assert (made.flavor, made.version, made.zone) == ("cce.s2.large", "v1.28", "eu-west-101c")
    assert planned_time(made.cluster_id) == STARTS_AT_NS
