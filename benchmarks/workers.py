"""Compare four Celery workers with one, on twenty slow sources and one lake.

The times are those that Dagster recorded of the nights.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from benchmarks.contender import Stopwatch
from benchmarks.harness import Contender, ContenderError, Result, Role, Row, Scale, Target, at_least, compare, serving
from benchmarks.job_server import PROJECT_ID, fleet_ids, serve_fleet
from tests.integration.ops.postgres import Postgres, find_programs, running_postgres
from tests.integration.scale.deployment import Deployment, deployment
from tests.integration.scale.redis import find_redis, running_redis
from tests.integration.scale.sources import NAMES, Sources

LATENCY_SECONDS: Final = 0.2
RATE_PER_SECOND: Final = 10.0
# Twelve seconds of waiting, beside one or two that a step takes by itself.
JOBS_A_SOURCE: Final = 120
_JOBS: Final = JOBS_A_SOURCE * len(NAMES)
_MANY, _ONE = "4 workers", "1 worker"
_COUNTS: Final = {_MANY: 4, _ONE: 1}
_FASTER: Final = 3.0
_RUN_SECONDS: Final = 900
_RECORD: Final = "record.json"
_FETCH_STEP: Final = "fetch.fetch_source["
_PHASES: Final = ("fetch", "night")


def rows(_scale: Scale) -> Iterator[Row]:
    """Yield fetching, and the night that it is part of, by four workers beside one; jobs as units, of one size."""
    programs, redis = find_programs(), find_redis()
    if programs is None or redis is None:
        raise ContenderError("workers need PostgreSQL and Redis: apt-get install postgresql redis-server")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cce-etl-benchmark-")))
        postgres = stack.enter_context(running_postgres(programs))
        broker = stack.enter_context(running_redis(redis, folder))
        endpoint = stack.enter_context(serving(serve_fleet, {"job_count": _JOBS, "latency_seconds": LATENCY_SECONDS}))
        arguments = {"folder": str(folder), "endpoint": endpoint, "port": postgres.port, "programs": str(programs)}
        # Not by arguments, which every user of the machine can read.
        secrets = {"POSTGRES_PASSWORD": postgres.password, "CCE_CELERY_BROKER": broker}
        found = compare(_contenders(arguments, secrets), 1)
    for phase in _PHASES:
        for workers in _COUNTS:
            is_ours = workers == _MANY
            targets = (_target(found),) if is_ours and phase == "fetch" else ()
            role = Role.OURS if is_ours else Role.SMALLER
            yield Row(f"workers, {phase}", "jobs", workers, role, found[f"{phase}, {workers}"], targets)


def _target(found: Mapping[str, Result]) -> Target:
    times = found[f"fetch, {_ONE}"].seconds / found[f"fetch, {_MANY}"].seconds
    return at_least("times faster than one worker", times, _FASTER)


def _contenders(arguments: Mapping[str, Any], secrets: Mapping[str, str]) -> dict[str, Contender]:
    contenders = {}
    for workers, count in _COUNTS.items():
        contenders[f"night, {workers}"] = Contender(night, {**arguments, "workers": count}, secrets)
        contenders[f"fetch, {workers}"] = Contender(fetch_phase, {"folder": arguments["folder"]})
    return contenders


def night(watch: Stopwatch, *, folder: str, endpoint: str, port: int, programs: str, workers: int) -> int:
    """Run the night of all sources by workers that are there already, and keep Dagster's record of its steps."""
    os.environ.pop("PYTHONPATH", None)  # what only the benchmarks install is no part of ours
    postgres = Postgres(port, Path(programs), os.environ["POSTGRES_PASSWORD"])
    own = Path(tempfile.mkdtemp(dir=folder))
    with deployment(own, Sources(_tables(own, endpoint), {}), postgres, os.environ["CCE_CELERY_BROKER"]) as one:
        started = one.start_workers(workers)
        with watch:
            run = one.night()
            try:
                if run.process.wait(_RUN_SECONDS) != 0:
                    raise RuntimeError(f"{run.log.read_text()[-3_000:]}\n{one.logs()}")
            finally:
                run.kill()
            for worker in started:
                worker.stop()  # what they cost counts once they have ended
        Path(folder, _RECORD).write_text(json.dumps(_steps(one)), encoding="utf-8")
    return _JOBS


def _tables(folder: Path, endpoint: str) -> str:
    found, tables = iter(fleet_ids(_JOBS)), []
    for name in NAMES:
        ids = folder / f"{name}.txt"
        ids.write_text("\n".join(next(found) for _ in range(JOBS_A_SOURCE)), encoding="utf-8")
        tables.append(
            f'[[sources]]\nname = "{name}"\nendpoint = "{endpoint}"\nproject_id = "{PROJECT_ID}"\n'
            f'auth_token_env = "FLEET_TOKEN"\nrate_limit = {RATE_PER_SECOND}\njob_ids = "{ids}"\n'
        )
    return "\n".join(tables)


def _steps(one: Deployment) -> list[tuple[str, float, float]]:
    """Return every step with its start and end."""
    from dagster import DagsterInstance

    os.environ.update(one.environment)
    with DagsterInstance.from_config(one.environment["DAGSTER_HOME"]) as instance:
        (record,) = instance.get_run_records(limit=1)
        found = instance.get_run_step_stats(record.dagster_run.run_id)
    return [(step.step_key, step.start_time or 0.0, step.end_time or 0.0) for step in found]


def fetch_phase(watch: Stopwatch, *, folder: str) -> int:
    """Take the time from the first source's start to the last one's end from the record of the night before."""
    steps = json.loads(Path(folder, _RECORD).read_text(encoding="utf-8"))
    times = [(start, end) for key, start, end in steps if key.startswith(_FETCH_STEP)]
    watch.seconds = max(end for _, end in times) - min(start for start, _ in times)
    return _JOBS
