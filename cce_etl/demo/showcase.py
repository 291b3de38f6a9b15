"""The commands `demo` and `demo-server`: the whole pipeline run against a synthetic fleet, and that fleet served.

The demo writes to its own files and never touches those of a real project.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from cce_etl.demo.api import DEMO_PROJECT_ID, DEMO_TOKEN, build_application
from cce_etl.demo.fleet import build_fleet
from cce_etl.demo.server import serve_in_thread, serve_until_stopped
from cce_etl.pipeline import run
from cce_etl.pipeline.fetch import Progress, fetch
from cce_etl.pipeline.plan import IdList, plan_open_jobs, register
from cce_etl.publish.query import QueryResult, open_published, query
from cce_etl.settings.settings import Settings
from cce_etl.warehouse.connection import open_warehouse
from cce_etl.warehouse.fetch_runs import RunCounts

# A fixed instant, so that everyone who runs the demo sees the same figures.
DEMO_ENDS_AT: Final = int(datetime(2026, 7, 1, 2, tzinfo=UTC).timestamp()) * 1_000_000_000
DEMO_SOURCE: Final = "demo"
_DURATIONS: Final = """
    SELECT job_type, step_count AS steps, success_count AS succeeded, failed_count AS failed, running_count AS running,
        round(p50_seconds, 3) AS p50, round(p90_seconds, 3) AS p90, round(p95_seconds, 3) AS p95,
        round(p99_seconds, 3) AS p99, round(mean_seconds, 3) AS mean, round(max_seconds, 3) AS max
    FROM marts.step_durations ORDER BY p50_seconds * success_count DESC NULLS LAST, job_type LIMIT 12
"""
_FAILURE_RATES: Final = """
    SELECT job_type, finished_count AS finished, failed_count AS failed, running_count AS running,
        round(failure_rate, 4) AS failure_rate, round(failure_rate_low, 4) AS low, round(failure_rate_high, 4) AS high
    FROM marts.step_failure_rates WHERE failed_count > 0 ORDER BY failure_rate DESC, job_type LIMIT 12
"""


class DemoResult(msgspec.Struct, frozen=True):
    """What the demo shows: the counts of its run, its files, and two tables."""

    summary: RunCounts
    settings: Settings
    durations: QueryResult
    failure_rates: QueryResult


class DemoServer(msgspec.Struct, frozen=True):
    """How to use a running demo server: environment variables, and the file with its job ids."""

    environment: dict[str, str]
    ids: Path


def run_demo(folder: Path, seed: int, job_count: int, on_progress: Callable[[Progress], None]) -> DemoResult:
    """Serve a synthetic fleet, run the whole pipeline against it over HTTP, and return what to show.

    Raises WarehouseError when the demo's files cannot be written.
    """
    fleet = build_fleet(seed, job_count, DEMO_ENDS_AT)
    with serve_in_thread(build_application(fleet)) as endpoint:
        settings = Settings(
            endpoint=endpoint,
            project_id=DEMO_PROJECT_ID,
            auth_token=DEMO_TOKEN,
            source=DEMO_SOURCE,
            warehouse=folder / "warehouse.duckdb",
            published=folder / "cce_jobs.duckdb",
            rate_limit=0,
        )
        summary = _run_pipeline(settings, list(fleet.job_ids), on_progress)
    with open_published(settings.published) as connection:
        durations, failure_rates = query(connection, _DURATIONS), query(connection, _FAILURE_RATES)
        return DemoResult(summary, settings, _materialized(durations), _materialized(failure_rates))


def _run_pipeline(settings: Settings, job_ids: list[str], on_progress: Callable[[Progress], None]) -> RunCounts:
    run_id = run.new_run_id()
    (plan,) = plan_open_jobs([settings], _demo_clock)
    plan = msgspec.structs.replace(plan, id_list=IdList("synthetic fleet", job_ids))
    with open_warehouse(settings.warehouse) as connection:
        register(connection, run_id, plan.source.name, IdList("synthetic fleet", job_ids), _demo_clock)
        result = fetch(connection, [plan], run_id, clock=_demo_clock, command="demo", on_progress=on_progress)
        result.raise_first()
        run.finish(connection, settings, run_id, _demo_clock)
    return result.counts


def _demo_clock() -> int:
    return DEMO_ENDS_AT


def _materialized(result: QueryResult) -> QueryResult:
    return QueryResult(result.columns, iter(list(result.rows)))


def serve_demo(seed: int, job_count: int, port: int, ids: Path, on_ready: Callable[[DemoServer], None]) -> None:
    """Serve a synthetic fleet whose history ends now, until stopped; write its ids to a file first."""
    fleet = build_fleet(seed, job_count, int(datetime.now(UTC).timestamp()) * 1_000_000_000)
    ids.write_text("".join(f"{job_id}\n" for job_id in fleet.job_ids), encoding="utf-8")

    def ready(endpoint: str) -> None:
        environment = {
            "CCE_ENDPOINT": endpoint,
            "CCE_PROJECT_ID": DEMO_PROJECT_ID,
            "CCE_AUTH_TOKEN": DEMO_TOKEN,
            "CCE_SOURCE": DEMO_SOURCE,
        }
        on_ready(DemoServer(environment, ids))

    serve_until_stopped(build_application(fleet), port, ready)
