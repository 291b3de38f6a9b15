"""The API's lists of the clusters and nodes that a synthetic fleet has worked on, and the job ids in them."""

import json
from collections import defaultdict
from functools import lru_cache
from typing import Final

from cce_etl.demo.body import Document
from cce_etl.demo.clusters import HOST_NODES
from cce_etl.demo.fleet import Fleet, RootJob
from cce_etl.demo.formats import go_time, uuid1
from cce_etl.timestamps import planned_time
from cce_etl.transform.payload import TERMINAL_PHASES, Phase

# Discovery asks one more request for each listed cluster, for its nodes.
LISTED_CLUSTER_COUNT: Final = 12
# Phases of a cluster while a job of the type runs. Source: API page ListClusters, status.phase.
_BUSY_PHASES: Final = {
    "CreateCluster": "Creating",
    "ScaleupCluster": "ScalingUp",
    "UpgradeCluster": "Upgrading",
    "DeleteCluster": "Deleting",
}


def cluster_list(fleet: Fleet) -> Document:
    """Return the list of clusters: the LISTED_CLUSTER_COUNT worked on last that still exist.

    `status.jobID` names the last job of a cluster, `metadata.annotations.jobid` the one that created it, if known.
    """
    documents: list[Document] = []
    for jobs in reversed(_jobs_by_cluster(fleet)):
        phase = _phase_of(fleet, jobs[-1])
        if jobs[-1].job_type != "DeleteCluster" or phase not in TERMINAL_PHASES:
            documents.append(_cluster_document(jobs, phase))
        if len(documents) == LISTED_CLUSTER_COUNT:
            break
    return {"kind": "Cluster", "apiVersion": "v3", "items": documents}


def node_list(fleet: Fleet, cluster_id: str) -> Document | None:
    """Return the list of a cluster's nodes, one for each job that scaled it up; None for an unknown cluster."""
    jobs = next((jobs for jobs in _jobs_by_cluster(fleet) if jobs[0].cluster.cluster_id == cluster_id), None)
    if jobs is None:
        return None
    scaled_up = (job for job in jobs if job.job_type == "ScaleupCluster")
    nodes = [_node_document(job, number, _phase_of(fleet, job)) for number, job in enumerate(scaled_up, start=1)]
    return {"kind": "List", "apiVersion": "v3", "items": nodes}


@lru_cache(maxsize=8)
def _jobs_by_cluster(fleet: Fleet) -> list[list[RootJob]]:
    """Return the jobs of each cluster by start, and the clusters by the start of their last job."""
    by_cluster: dict[str, list[RootJob]] = defaultdict(list)
    for job in sorted(fleet.root_jobs(), key=lambda job: job.started_ns):
        by_cluster[job.cluster.cluster_id].append(job)
    return sorted(by_cluster.values(), key=lambda jobs: jobs[-1].started_ns)


def _phase_of(fleet: Fleet, job: RootJob) -> Phase:
    return Phase(json.loads(fleet.v3_body(job.job_id))["status"]["phase"])


def _cluster_document(jobs: list[RootJob], last_phase: Phase) -> Document:
    cluster, last = jobs[0].cluster, jobs[-1]
    return {
        "kind": "Cluster",
        "apiVersion": "v3",
        "metadata": {
            "name": cluster.name,
            "uid": cluster.cluster_id,
            # A cluster's id embeds the time at which it was made.
            "creationTimestamp": go_time(planned_time(cluster.cluster_id) or 0),
            "annotations": {"jobid": jobs[0].job_id} if jobs[0].job_type == "CreateCluster" else {},
        },
        "spec": {
            "type": "VirtualMachine",
            "flavor": cluster.flavor,
            "version": cluster.version,
            "extendParam": {"clusterAZ": cluster.zone},
            "masters": [{"availabilityZone": cluster.zone}] * cluster.master_count,
        },
        "status": {
            "phase": "Available" if last_phase in TERMINAL_PHASES else _BUSY_PHASES[last.job_type],
            "jobID": last.job_id,
        },
    }


def _node_document(job: RootJob, number: int, phase: Phase) -> Document:
    return {
        "kind": "Node",
        "apiVersion": "v3",
        "metadata": {
            "name": f"{job.cluster.name}-node-{number}",
            "uid": uuid1(job.started_ns, number, HOST_NODES[0]),
            "creationTimestamp": go_time(job.started_ns),
        },
        "spec": {"az": job.cluster.zone},
        "status": {"phase": "Active" if phase in TERMINAL_PHASES else "Build", "jobID": job.job_id},
    }
