"""The lists of clusters and nodes: small, deterministic, and with ids of jobs of the fleet only."""

import json

from cce_etl.demo.cluster_lists import LISTED_CLUSTER_COUNT, cluster_list, node_list
from cce_etl.demo.fleet import Fleet, build_fleet
from cce_etl.timestamps import parse_timestamp


def phase_of(fleet: Fleet, job_id: str) -> str:
    return str(json.loads(fleet.v3_body(job_id))["status"]["phase"])


def test_the_clusters_worked_on_last_are_listed_each_once(small_fleet: Fleet) -> None:
    clusters = cluster_list(small_fleet)
    assert (clusters["kind"], clusters["apiVersion"]) == ("Cluster", "v3")
    cluster_ids = [cluster["metadata"]["uid"] for cluster in clusters["items"]]
    assert len(set(cluster_ids)) == len(cluster_ids) == LISTED_CLUSTER_COUNT
    assert cluster_list(small_fleet) == clusters


def test_a_cluster_names_its_last_job_and_the_one_that_created_it(fleet: Fleet) -> None:
    roots = {job.job_id: job for job in fleet.root_jobs()}
    for cluster in cluster_list(fleet)["items"]:
        cluster_id, last = cluster["metadata"]["uid"], roots[cluster["status"]["jobID"]]
        jobs = [job for job in roots.values() if job.cluster.cluster_id == cluster_id]
        assert last == max(jobs, key=lambda job: job.started_ns)
        creations = [job.job_id for job in jobs if job.job_type == "CreateCluster"]
        assert [*cluster["metadata"]["annotations"].values()] == creations
        is_busy = cluster["status"]["phase"] != "Available"
        assert is_busy == (phase_of(fleet, last.job_id) == "Running")


def test_a_cluster_that_was_deleted_is_not_listed(fleet: Fleet) -> None:
    roots = {job.job_id: job for job in fleet.root_jobs()}
    deleted = [
        cluster
        for cluster in cluster_list(fleet)["items"]
        if roots[cluster["status"]["jobID"]].job_type == "DeleteCluster" and cluster["status"]["phase"] != "Deleting"
    ]
    assert deleted == []


def test_a_cluster_says_where_it_runs_and_when_it_was_made(small_fleet: Fleet) -> None:
    by_id = {job.cluster.cluster_id: job.cluster for job in small_fleet.root_jobs()}
    for document in cluster_list(small_fleet)["items"]:
        cluster, spec = by_id[document["metadata"]["uid"]], document["spec"]
        assert (document["metadata"]["name"], spec["flavor"], spec["version"]) == (
            cluster.name,
            cluster.flavor,
            cluster.version,
        )
        assert spec["extendParam"] == {"clusterAZ": cluster.zone}
        assert spec["masters"] == [{"availabilityZone": cluster.zone}] * cluster.master_count
        created_ns = parse_timestamp(document["metadata"]["creationTimestamp"])
        assert created_ns is not None
        assert created_ns < small_fleet.ends_at_ns


def test_a_node_names_the_job_that_added_it(fleet: Fleet) -> None:
    scaled = {job.job_id: job.cluster.cluster_id for job in fleet.root_jobs() if job.job_type == "ScaleupCluster"}
    named: dict[str, str] = {}
    for cluster_id in {job.cluster.cluster_id for job in list(fleet.root_jobs())[-100:]}:
        nodes = node_list(fleet, cluster_id)
        assert nodes is not None
        named |= {node["status"]["jobID"]: cluster_id for node in nodes["items"]}
        assert len({node["metadata"]["uid"] for node in nodes["items"]}) == len(nodes["items"])
    assert len(named) > 0
    assert named.items() <= scaled.items()


def test_an_unknown_cluster_has_no_list_and_a_fleet_of_one_no_cluster(small_fleet: Fleet) -> None:
    assert node_list(small_fleet, "unknown") is None
    assert cluster_list(build_fleet(1, 1, 0))["items"] == []
