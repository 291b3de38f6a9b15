"""Asking for steps by their own ids, since inlined trees may be cut off.

Lives here: which steps, how many, level by level. Does not: fetching and storing a list of jobs (`ingest`).
"""

from collections.abc import Callable, Sequence
from typing import Final

from cce_etl.extract.client import Client
from cce_etl.extract.id_lists import is_valid_id
from cce_etl.pipeline.fetch import Clock, Progress, ingest
from cce_etl.warehouse import job_ids as job_ids_table
from cce_etl.warehouse.connection import Connection, transaction
from cce_etl.warehouse.fetch_runs import RunCounts

# What one run asks for by a step's own id at most: some 10 such steps a job make 1,000 jobs.
DEEP_JOBS: Final = 10_000


async def ingest_deep(
    connection: Connection,
    source: str,
    client: Client,
    wanted: Sequence[str],
    levels: int,
    counts: RunCounts,
    clock: Clock,
    on_progress: Callable[[Progress], None],
) -> None:
    """Ingest the `wanted` jobs, then as many levels of the steps below them that show no sub-jobs, by their own ids.

    Inlined trees may be cut off; each step is asked for once, DEEP_JOBS at most. Raises what `ingest` raises.
    """
    left = DEEP_JOBS
    async with client:
        await ingest(connection, source, client, wanted, counts, clock, on_progress)
        for _ in range(levels):
            leaves = [
                leaf for leaf in job_ids_table.unfetched_leaves(connection, source, left) if is_valid_id(leaf.job_id)
            ]
            if not leaves:
                return
            _register_leaves(connection, source, leaves, clock)
            client.autopilot_job_ids |= {leaf.job_id for leaf in leaves if leaf.is_autopilot}
            left -= len(leaves)
            counts.requested += len(leaves)
            await ingest(connection, source, client, [leaf.job_id for leaf in leaves], counts, clock, on_progress)


def _register_leaves(connection: Connection, source: str, leaves: Sequence[job_ids_table.Leaf], clock: Clock) -> None:
    with transaction(connection):
        for is_autopilot in (False, True):
            job_ids = [leaf.job_id for leaf in leaves if leaf.is_autopilot is is_autopilot]
            job_ids_table.register_ids(connection, source, "deep", job_ids, clock(), is_autopilot=is_autopilot)
