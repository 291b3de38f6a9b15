"""The assets that fetching fills: the job ids, the payloads and core.jobs."""

from collections.abc import Callable, Sequence
from typing import Final

import dagster as dg
import msgspec

from cce_etl.defs.config import FetchConfig, plan_run, reopen_finished
from cce_etl.defs.metadata import JOB_IDS, JOB_PAYLOADS, JOBS, OPERATORS, table_definition_metadata, tables_metadata
from cce_etl.defs.resources import POOL, Session, Warehouse
from cce_etl.pipeline.fetch import Progress
from cce_etl.pipeline.fetch import fetch as run_fetch
from cce_etl.pipeline.plan import FetchPlan, read_id_list, register
from cce_etl.settings.sources import read_sources, require_source
from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.fetch_runs import RunCounts, summarize_run

GROUP: Final = "ingest"
FETCH: Final = "fetch"
# What raw.fetch_runs calls a run of this asset; its run_id is Dagster's.
COMMAND: Final = "dagster"
SHOWN_ENTRIES: Final = 10


@dg.asset(
    key=JOB_IDS,
    group_name=GROUP,
    owners=[OPERATORS],
    kinds={"python", "duckdb"},
    metadata=table_definition_metadata("raw.job_ids"),
    pool=POOL,
)
def job_ids(context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[None]:
    """Every known job id and its state. A run adds the ids of the lists that CCE_JOB_IDS names, if it is set.

    Grain: source, job_id.
    """
    run_id = context.run.run_id
    with warehouse.open(run_id) as session:
        listed = []
        for settings in read_sources(session.settings):
            id_list = read_id_list(settings)
            if id_list is not None:
                register(session.connection, run_id, require_source(settings).name, id_list, session.clock)
                listed.append(id_list)
        # The log names the place and not the text, because a wrong file may contain secrets.
        for entry in [entry for id_list in listed for entry in id_list.bad][:SHOWN_ENTRIES]:
            context.log.warning(f"{entry.file}, line {entry.line}: the entry is no job id.")
        (metadata,) = tables_metadata(session.connection, ["raw.job_ids"])
        return dg.MaterializeResult(
            metadata=metadata
            | {
                "origin": ", ".join(id_list.origin for id_list in listed) or "no list: CCE_JOB_IDS is not set",
                "ids_listed": sum(len(id_list.job_ids) for id_list in listed),
                "entries_that_are_no_ids": sum(id_list.bad_entry_count for id_list in listed),
            }
        )


PAYLOADS_SPEC: Final = dg.AssetSpec(
    JOB_PAYLOADS,
    deps=[JOB_IDS],
    group_name=GROUP,
    owners=[OPERATORS],
    kinds={"python", "httpx", "duckdb"},
    description="Every response of the API, byte for byte. A row is added only when the content changed.\n\n"
    "Grain: source, job_id, dialect, fetched_at.",
    metadata=table_definition_metadata("raw.job_payloads"),
)
# It depends on the ids and not on the payloads, because one transaction writes both tables, a batch at a time.
JOBS_SPEC: Final = dg.AssetSpec(
    JOBS,
    deps=[JOB_IDS],
    group_name="core",
    owners=[OPERATORS],
    kinds={"python", "httpx", "duckdb"},
    description="Every job and sub-job of every tree, as last fetched.\n\nGrain: source, root_job_id, path.",
    metadata=table_definition_metadata("core.jobs"),
)


@dg.multi_asset(name=FETCH, specs=[PAYLOADS_SPEC, JOBS_SPEC], pool=POOL)
def fetch(
    context: dg.AssetExecutionContext, config: FetchConfig, warehouse: dg.ResourceParam[Warehouse]
) -> tuple[dg.MaterializeResult[None], dg.MaterializeResult[None]]:
    """Fetch every listed job that has not ended (without a list: every such job known), a batch at a time.

    Run config narrows or widens that: refetch, ids, since, sources.
    """
    with warehouse.open(context.run.run_id) as session:
        plans = plan_run(session.connection, session.settings, config, context.run.run_id, session.clock)
        reopen_finished(session.connection, plans, config)
        counts = msgspec.structs.asdict(fetch_plans(session, plans, context))
        counts |= plotted(session.connection, context.run.run_id)
        rows_written = counts.pop("rows")
        payloads, jobs = tables_metadata(session.connection, ["raw.job_payloads", "core.jobs"])
    return (
        dg.MaterializeResult(asset_key=JOB_PAYLOADS, metadata=counts | payloads),
        dg.MaterializeResult(asset_key=JOBS, metadata={"rows_written": rows_written} | jobs),
    )


def fetch_plans(
    session: Session, plans: Sequence[FetchPlan], context: dg.OpExecutionContext | dg.AssetExecutionContext
) -> RunCounts:
    """Fetch for a step and return the counts; an error that stopped a source is raised after the others are fetched."""
    result = run_fetch(
        session.connection,
        plans,
        context.run.run_id,
        clock=session.clock,
        command=COMMAND,
        on_progress=log_progress(context.log),
    )
    result.raise_first()
    counts = result.counts
    if counts.dead_lettered:
        context.log.warning(f"{counts.dead_lettered} of {counts.requested} failed: raw.dead_letters says why.")
    return counts


def plotted(connection: Connection, run_id: str) -> dict[str, int | float]:
    """Return the known figures of a run, each of which Dagster plots over time."""
    figures = msgspec.structs.asdict(summarize_run(connection, run_id))
    return {name: value for name, value in figures.items() if value is not None}


def log_progress(log: dg.DagsterLogManager) -> Callable[[Progress], None]:
    """Return a callback that logs each tenth of the progress; more lines would fill Dagster's event log."""
    tenths = 0

    def watch(progress: Progress) -> None:
        nonlocal tenths
        reached = progress.done * 10 // progress.total
        if reached > tenths:
            tenths = reached
            log.info(f"{progress.done} of {progress.total} jobs answered, {progress.failed} failed")

    return watch
