"""What the API's lists give, written down: job ids with their origin, v2 bodies, clusters.

Lives here: the order of it, and the account.
Does not: asking (`extract/discovery`), fetching what was found (`pipeline`).
"""

import asyncio
from collections import defaultdict

import msgspec

from cce_etl.extract.client import Client
from cce_etl.extract.discovery import Discovery, FoundCluster, FoundJob
from cce_etl.extract.discovery import discover as ask_lists
from cce_etl.extract.payload_files import SavedRecord
from cce_etl.extract.sign_in import choose_sign_in
from cce_etl.pipeline.fetch import Clock, policy_of
from cce_etl.pipeline.load import read_batch, store_batch
from cce_etl.settings.settings import Settings
from cce_etl.settings.sources import Source, require_source
from cce_etl.timestamps import timestamp_or_none
from cce_etl.warehouse.clusters import ClusterRow, append_changed_clusters
from cce_etl.warehouse.connection import Connection, transaction
from cce_etl.warehouse.fetch_runs import RunCounts
from cce_etl.warehouse.job_ids import register_ids


class OriginCount(msgspec.Struct, frozen=True):
    """Count the jobs that one list named, and how many of them were not known before."""

    origin: str
    found: int
    new: int


class DiscoveryReport(msgspec.Struct, frozen=True):
    """Account for a discovery: jobs by list, clusters seen and changed, lists that did not answer, with the reason."""

    source: str
    origins: list[OriginCount]
    clusters_seen: int
    clusters_changed: int
    passed_over: list[str]


def discover(connection: Connection, settings: Settings, clock: Clock) -> DiscoveryReport:
    """Ask every list of a source, and write down what it gives; new ids are pending.

    Raises AuthError, ConfigError, ApiError when no list answers, and WarehouseError.
    """
    source = require_source(settings)
    found = asyncio.run(_ask(settings, source, clock))
    now = clock()
    with transaction(connection):
        origins = _register(connection, source.name, found.jobs, now)
        changed = append_changed_clusters(connection, source.name, [_row(cluster) for cluster in found.clusters], now)
    batch = read_batch([SavedRecord(body, "a list of v2", now) for body in found.bodies])
    store_batch(connection, source.name, batch, RunCounts(), now)
    return DiscoveryReport(source.name, origins, len(found.clusters), changed, found.passed_over)


async def _ask(settings: Settings, source: Source, clock: Clock) -> Discovery:
    auth = choose_sign_in(settings, source, clock).auth
    async with Client(source.endpoint, source.project_id, auth, policy_of(settings), clock) as client:
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
