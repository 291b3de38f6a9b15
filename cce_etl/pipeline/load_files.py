"""Loading payloads that were saved to files earlier, without any network."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cce_etl import telemetry
from cce_etl.extract.payload_files import in_batches, read_ahead, read_saved
from cce_etl.pipeline.fetch import BATCH_BYTES, OnProgress, Progress, ignore_progress
from cce_etl.pipeline.load import read_batch, store_batch
from cce_etl.pipeline.plan import Clock
from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.dead_letters import resolve_file_dead_letters
from cce_etl.warehouse.fetch_runs import FetchRun, RunCounts, record_run
from cce_etl.warehouse.jobs import bulk_loading

# A record of a file costs no request to read again, so a batch may be larger than one of a fetch. Two are in memory.
BATCH_RECORDS: Final = 2_000


def load_files(
    connection: Connection,
    source: str,
    paths: Sequence[str],
    run_id: str,
    *,
    clock: Clock = time.time_ns,
    on_progress: OnProgress = ignore_progress,
) -> RunCounts:
    """Write the payloads in files and folders into raw and core, and return what became of them.

    Raises:
        ConfigError: A file cannot be read.
        WarehouseError: The warehouse cannot be written.
    """
    counts = RunCounts()
    started_at, started = clock(), time.perf_counter()
    with telemetry.phase("load", source=source) as report:
        try:
            records = in_batches(read_saved(paths), BATCH_RECORDS, BATCH_BYTES)
            with bulk_loading(connection), read_ahead(map(read_batch, records)) as batches:
                for batch in batches:
                    store_batch(connection, source, batch, counts, clock())
                    on_progress(Progress(counts.requested, counts.requested, counts.failed))
            resolve_file_dead_letters(connection, source, [str(Path(path)) for path in paths], started_at)
        finally:
            counts.seconds = round(time.perf_counter() - started, 3)
            run = FetchRun(
                run_id=run_id, source=source, command="load", started_at=started_at, ended_at=clock(), counts=counts
            )
            record_run(connection, run)
            report(run.figures())
    return counts
