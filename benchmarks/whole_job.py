"""Measure the whole job from ids to answers: `cce-etl run` beside dlt, and beside the official SDK with pandas.

Only ours builds models and publishes.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.commands import CCE_ETL, our_environment, run_command
from benchmarks.contender import Stopwatch
from benchmarks.fetch import IN_FLIGHT, LATENCY_SECONDS, sdk_client
from benchmarks.harness import Contender, Role, Row, Scale, at_least, compare, serving
from benchmarks.job_server import PROJECT_ID, fleet_ids, serve_fleet

_JOBS: Final = {Scale.QUICK: 100, Scale.STANDARD: 10_000}
_REPEATS: Final = {Scale.QUICK: 1, Scale.STANDARD: 3}
_DLT: Final = "dlt"
_SDK: Final = "official SDK, pandas, DuckDB"


def rows(scale: Scale) -> Iterator[Row]:
    """Yield ours, ids to published file, and the others, ids to DuckDB tables; jobs as units."""
    job_count = _JOBS[scale]
    with tempfile.TemporaryDirectory(prefix="cce-etl-benchmark-") as name:
        folder = Path(name)
        ids = folder / "ids.txt"
        ids.write_text("".join(f"{job_id}\n" for job_id in fleet_ids(job_count)), encoding="utf-8")
        with serving(serve_fleet, {"job_count": job_count, "latency_seconds": LATENCY_SECONDS}) as endpoint:
            others = {"endpoint": endpoint, "ids": str(ids), "folder": name}
            ours = {"folder": name, "ids": str(ids), "endpoint": endpoint, "job_count": job_count}
            found = compare(
                {
                    "cce-etl run": Contender(run_ours, ours),
                    _DLT: Contender(run_dlt, others, {"RUNTIME__DLTHUB_TELEMETRY": "false"}),
                    _SDK: Contender(run_sdk, others),
                },
                _REPEATS[scale],
            )
    seconds = found["cce-etl run"].seconds
    targets = tuple(at_least(f"times faster than {name}", found[name].seconds / seconds, 10.0) for name in (_DLT, _SDK))
    for name, result in found.items():
        is_ours = name == "cce-etl run"
        role = Role.OURS if is_ours else Role.ALTERNATIVE
        yield Row("whole job", "jobs", name, role, result, targets if is_ours and scale is not Scale.QUICK else ())


def run_ours(watch: Stopwatch, *, folder: str, ids: str, endpoint: str, job_count: int) -> int:
    """Run our command on a new warehouse: fetch, load, build every model, check, publish."""
    for old in Path(folder).glob("*.duckdb*"):
        old.unlink()
    environment = our_environment(Path(folder), endpoint)
    return run_command(watch, command=[*CCE_ETL, "run", "--ids", ids], environment=environment, units=job_count)


def run_dlt(watch: Stopwatch, *, endpoint: str, ids: str, folder: str) -> int:
    """Run a pipeline of dlt as its documentation has it: a parallel transformer, sub-jobs as nested tables."""
    import dlt
    from dlt.sources.helpers import requests

    wanted = Path(ids).read_text(encoding="utf-8").split()

    def ask(job_id: str) -> Any:
        return requests.get(f"{endpoint}/api/v3/projects/{PROJECT_ID}/jobs/{job_id}").json()

    jobs = dlt.transformer(ask, data_from=dlt.resource(wanted, name="job_ids"), name="jobs", parallelized=True)
    dlt.config["extract.workers"] = IN_FLIGHT
    dlt.config["extract.max_parallel_items"] = 2 * IN_FLIGHT
    with tempfile.TemporaryDirectory(dir=folder) as home, watch:
        destination = dlt.destinations.duckdb(str(Path(home, "dlt.duckdb")))
        pipeline = dlt.pipeline("benchmark", pipelines_dir=home, destination=destination, dataset_name="cce")
        pipeline.run(jobs)
        with pipeline.sql_client() as client:
            ((count,),) = client.execute_sql("SELECT count(*) FROM jobs")
    return _counted(count, len(wanted))


def run_sdk(watch: Stopwatch, *, endpoint: str, ids: str, folder: str) -> int:
    """Fetch with the vendor's SDK in threads, make rows of its objects, and put them into DuckDB by pandas."""
    from concurrent.futures import ThreadPoolExecutor

    import duckdb
    import pandas as pd
    from huaweicloudsdkcce.v3 import ShowJobRequest

    wanted = Path(ids).read_text(encoding="utf-8").split()
    client = sdk_client(endpoint, IN_FLIGHT)
    with tempfile.TemporaryDirectory(dir=folder) as home, watch:
        with ThreadPoolExecutor(IN_FLIGHT) as pool:
            found = list(pool.map(lambda job_id: client.show_job(ShowJobRequest(job_id=job_id)), wanted))
        frame = pd.DataFrame([row for job in found for row in _rows_of(job, None)])
        for name in ("created_at", "updated_at"):
            frame[name] = pd.to_datetime(frame[name].str.replace(" UTC", ""), format="mixed", utc=True, errors="coerce")
        with duckdb.connect(Path(home, "sdk.duckdb")) as connection:
            connection.execute("CREATE TABLE jobs AS SELECT * FROM frame")
            ((count,),) = connection.execute("SELECT count(*) FROM jobs WHERE parent IS NULL").fetchall()
    return _counted(count, len(wanted))


def _rows_of(job: Any, parent: str | None) -> Iterator[dict[str, Any]]:
    yield {
        "uid": job.metadata.uid,
        "parent": parent,
        "type": job.spec.type,
        "cluster_id": job.spec.cluster_uid,
        "resource_id": job.spec.resource_id,
        "resource_name": job.spec.resource_name,
        "created_at": job.metadata.creation_timestamp,
        "updated_at": job.metadata.update_timestamp,
        "phase": job.status.phase if job.status else None,
        "reason": job.status.reason if job.status else None,
    }
    for step in job.spec.sub_jobs or ():
        yield from _rows_of(step, job.metadata.uid)


def _counted(count: int, wanted: int) -> int:
    if count != wanted:
        raise RuntimeError(f"{count} of {wanted} jobs came through")
    return count
