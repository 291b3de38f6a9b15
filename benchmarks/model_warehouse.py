"""A loaded warehouse of any size: a synthetic fleet, and copies of it under other ids."""

from pathlib import Path
from typing import Final

from benchmarks.contender import Stopwatch

WAREHOUSE: Final = "warehouse.duckdb"
NIGHT: Final = "night.ndjson"
_ENDS_AT_NS: Final = 1_790_000_000_000_000_000
_SEED: Final = 11
_NIGHT_SEED: Final = 12
# Copies are of earlier months, in three times as many clusters.
_COPY: Final = """
    INSERT INTO core.jobs BY NAME
    SELECT * REPLACE (
        job_id || $mark AS job_id, parent_job_id || $mark AS parent_job_id, root_job_id || $mark AS root_job_id,
        cluster_id || $cluster_mark AS cluster_id,
        make_timestamp_ns(epoch_ns(planned_at) - $ago_ns) AS planned_at,
        make_timestamp_ns(epoch_ns(created_at) - $ago_ns) AS created_at,
        make_timestamp_ns(epoch_ns(updated_at) - $ago_ns) AS updated_at,
        make_timestamp_ns(epoch_ns(observed_at) - $ago_ns) AS observed_at
    )
    FROM first_jobs
"""
_MONTH_NS: Final = 30 * 86_400 * 10**9


def make_warehouse(watch: Stopwatch, *, folder: str, job_count: int, copies: int, night_job_count: int) -> int:
    """Load a fleet, and copies of its rows; write the jobs of one night more beside it."""
    from cce_etl.pipeline.load_files import load_files
    from cce_etl.warehouse.connection import open_warehouse

    jobs = _write_bodies(Path(folder, "jobs.ndjson"), _SEED, job_count)
    _write_bodies(Path(folder, NIGHT), _NIGHT_SEED, night_job_count)
    with watch, open_warehouse(Path(folder, WAREHOUSE)) as connection:
        load_files(connection, "benchmark", [str(jobs)], "load")
        connection.execute("CREATE TEMP TABLE first_jobs AS FROM core.jobs")
        for copy in range(1, copies):
            marks = {"mark": f"-{copy}", "cluster_mark": f"-{copy % 3}", "ago_ns": copy * _MONTH_NS}
            connection.execute(_COPY, marks)
    return job_count * copies


def _write_bodies(path: Path, seed: int, job_count: int) -> Path:
    from cce_etl.demo.fleet import build_fleet

    with path.open("wb") as file:
        if job_count:
            file.writelines(body + b"\n" for _, body in build_fleet(seed, job_count, _ENDS_AT_NS).v3_bodies())
    return path
