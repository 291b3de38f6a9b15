"""Registering what the API's own lists name: job ids with their origin, v2 bodies, clusters."""

import asyncio
import time
from collections import defaultdict

import msgspec

from cce_etl.extract.client import Client
from cce_etl.extract.discovery import Discovery, FoundCluster, FoundJob
from cce_etl.extract.discovery import discover as ask_lists
from cce_etl.extract.payload_files import SavedRecord
from cce_etl.pipeline.fetch import policy_of
from cce_etl.pipeline.load import read_batch, store_batch
from cce_etl.pipeline.plan import Clock, FetchPlan
from cce_etl.timestamps import timestamp_or_none
from cce_etl.warehouse.clusters import ClusterRow, append_changed_clusters
from cce_etl.warehouse.connection import Connection, storage_of, transaction
from cce_etl.warehouse.fetch_runs import RunCounts
from cce_etl.warehouse.job_ids import register_ids


class OriginCount(msgspec.Struct, frozen=True):
    """How many jobs one list named, and how many of them were not known before."""

    origin: str
    found: int
    new: int


class DiscoveryReport(msgspec.Struct, frozen=True):
    """The jobs that each list named, the clusters seen and changed, and the lists that did not answer, with reasons."""

    source: str
    origins: list[OriginCount]
    clusters_seen: int
    clusters_changed: int
    passed_over: list[str]


def discover(connection: Connection, plan: FetchPlan, clock: Clock = time.time_ns) -> DiscoveryReport:
    """Ask every list of a source and register what it names; new ids are pending.

    Raises:
        ApiError: No list answers. AuthError when the credentials are refused.
        WarehouseError: The warehouse cannot be written.
    """
    source = plan.source
    with storage_of(connection).source_lock(connection, source.name, plan.settings.lock_wait_seconds):
        found = asyncio.run(_ask_lists(plan, clock))
        now = clock()
        with transaction(connection):
            origins = _register(connection, source.name, found.jobs, now)
            rows = [_row(cluster) for cluster in found.clusters]
            changed = append_changed_clusters(connection, source.name, rows, now)
        batch = read_batch([SavedRecord(body, "a list of v2", now) for body in found.bodies])
        store_batch(connection, source.name, batch, RunCounts(), now)
    return DiscoveryReport(source.name, origins, len(found.clusters), changed, found.passed_over)


async def _ask_lists(plan: FetchPlan, clock: Clock) -> Discovery:
    source = plan.source
    async with Client(source.endpoint, source.project_id, plan.sign_in.auth, policy_of(plan.settings), clock) as client:
        return await ask_lists(client, source.project_id)


def _register(connection: Connection, source: str, jobs: list[FoundJob], now: int) -> list[OriginCount]:
    by_origin: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for job in jobs:
        by_origin[job.origin, job.is_autopilot].append(job.job_id)
    return [
        OriginCount(
            origin, len(job_ids), register_ids(connection, source, origin, job_ids, now, is_autopilot=is_autopilot)
        )
        for (origin, is_autopilot), job_ids in by_origin.items()
    ]


def _row(cluster: FoundCluster) -> ClusterRow:
    return ClusterRow(**msgspec.structs.asdict(cluster), created_at=timestamp_or_none(cluster.created_text))
