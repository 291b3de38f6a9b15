"""Making core.jobs again from the payloads that raw has kept."""

import time
from typing import Final

from cce_etl.pipeline.load import rebuild_trees, replay_job_payloads
from cce_etl.pipeline.plan import Clock
from cce_etl.warehouse import job_ids
from cce_etl.warehouse.connection import Connection, transaction
from cce_etl.warehouse.dead_letters import open_dead_letter_ids
from cce_etl.warehouse.jobs import clear_core

_BATCH_JOBS: Final = 2_000


def replay(connection: Connection, clock: Clock = time.time_ns) -> int:
    """Make core.jobs again from raw alone, in one transaction, and return its number of rows.

    A tree that is deeper than this release reads becomes a dead letter.
    """
    rows = 0
    with transaction(connection):
        clear_core(connection)
        for source in job_ids.sources(connection):
            known = job_ids.known_ids(connection, source)
            for start in range(0, len(known), _BATCH_JOBS):
                rows += rebuild_trees(connection, source, known[start : start + _BATCH_JOBS], clock())
    return rows


def replay_dead_letters(connection: Connection, clock: Clock = time.time_ns) -> int:
    """Read the stored bodies of jobs with open dead letters again, and return how many could be loaded."""
    return sum(
        replay_job_payloads(connection, source, open_dead_letter_ids(connection, source), clock())
        for source in job_ids.sources(connection)
    )
