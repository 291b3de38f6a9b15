"""Fetching from several sources: each has a partition, and in a run a step of its own that any worker can take."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import dagster as dg
import msgspec

from cce_etl.defs.assets.ingest import FETCH, JOBS_SPEC, PAYLOADS_SPEC, fetch_plans, plotted
from cce_etl.defs.config import FetchConfig, plan_run, reopen_finished, select_sources
from cce_etl.defs.metadata import JOB_IDS, JOB_PAYLOADS, JOBS, tables_metadata
from cce_etl.defs.resources import Warehouse, readable_failures
from cce_etl.errors import ConfigError

_NO_KEY: Final = re.compile(r"\W", re.ASCII)
_NO_PARTITION: Final = frozenset("|,[]")


def fetch_by_source(names: Sequence[str], pool: str | None, retries: dg.RetryPolicy | None) -> dg.AssetsDefinition:
    """Return the assets that fetching fills, partitioned by source; a run has a step for each of its sources.

    Steps pass no values to each other, only the names of steps, so that workers need no shared folder.
    Raises ConfigError for a name that a partition cannot have.
    """
    wrong = [name for name in names if _NO_PARTITION & set(name) or "..." in name]
    if wrong:
        raise ConfigError(
            f"The source {wrong[0]!r} cannot be a partition: rename it without the characters |,[] and without '...'."
        )
    sources = _by_step_key(names)
    choose_sources, fetch_source = _choose_sources(sources), _fetch_source(sources, pool, retries)

    @dg.graph_multi_asset(
        name=FETCH,
        ins={"job_ids": dg.AssetIn(JOB_IDS, dagster_type=dg.Nothing)},
        outs={
            "payloads": dg.AssetOut.from_spec(PAYLOADS_SPEC.replace_attributes(deps=[]), dagster_type=dg.Nothing),
            "jobs": dg.AssetOut.from_spec(JOBS_SPEC.replace_attributes(deps=[]), dagster_type=dg.Nothing),
        },
        partitions_def=dg.StaticPartitionsDefinition(names),
        backfill_policy=dg.BackfillPolicy.single_run(),
        config=dg.ConfigMapping(
            config_fn=lambda config: {step: {"config": config} for step in ("choose_sources", "fetch_source")},
            config_schema=FetchConfig.to_config_schema().as_field(),
        ),
    )
    def fetch(job_ids: Any) -> Any:
        payloads, jobs = describe_tables(choose_sources(job_ids).map(fetch_source).collect())
        return {"payloads": payloads, "jobs": jobs}

    # A graph's assets are of one group, or of none.
    groups = {spec.key: spec.group_name for spec in (PAYLOADS_SPEC, JOBS_SPEC)}
    return fetch.map_asset_specs(lambda spec: spec.replace_attributes(group_name=groups[spec.key]))


def _by_step_key(names: Sequence[str]) -> dict[str, str]:
    """Return the sources by the keys of their steps, in which Dagster allows only letters, digits and _."""
    found: dict[str, str] = {}
    for name in names:
        key = _NO_KEY.sub("_", name)
        while key in found:
            key += "_"
        found[key] = name
    return found


def _choose_sources(sources: dict[str, str]) -> dg.OpDefinition:
    @dg.op(ins={"job_ids": dg.In(dg.Nothing)}, out=dg.DynamicOut(dg.Nothing))
    def choose_sources(
        context: dg.AssetExecutionContext, config: FetchConfig, warehouse: dg.ResourceParam[Warehouse]
    ) -> Iterator[dg.DynamicOutput[None]]:
        """Start a step for each source of the run. Finished jobs are reopened here, once, and not by each retry."""
        asked = context.partition_keys if context.has_partition_key or context.has_partition_key_range else None
        with readable_failures():
            select_sources(warehouse.settings(), config.sources)  # raises for an unknown source
            chosen = _chosen(list(sources.values()) if asked is None else asked, config)
        if config.refetch:
            with warehouse.open(context.run.run_id) as session:
                own = config.model_copy(update={"sources": chosen})
                plans = plan_run(session.connection, session.settings, own, context.run.run_id, session.clock)
                reopen_finished(session.connection, plans, own)
        for key, name in sources.items():
            if name in chosen:
                yield dg.DynamicOutput(None, key)

    return choose_sources


def _chosen(asked: Sequence[str], config: FetchConfig) -> list[str]:
    chosen = [name for name in asked if not config.sources or name in config.sources]
    if not chosen:
        raise ConfigError(
            f"The run config names the sources {', '.join(config.sources)}, and the run is of {', '.join(asked)} alone."
        )
    if config.ids and len(chosen) > 1:
        raise ConfigError(f"The run config names ids, and the run is of {', '.join(chosen)}. Name one in sources.")
    return chosen


def _fetch_source(sources: dict[str, str], pool: str | None, retries: dg.RetryPolicy | None) -> dg.OpDefinition:
    @dg.op(ins={"chosen": dg.In(dg.Nothing)}, out=dg.Out(dg.Nothing), pool=pool, retry_policy=retries)
    def fetch_source(
        context: dg.AssetExecutionContext, config: FetchConfig, warehouse: dg.ResourceParam[Warehouse]
    ) -> None:
        """Fetch every listed job of one source that has not ended (without a list: every such job known)."""
        name = sources[context.op_execution_context.get_mapping_key() or ""]
        own = config.model_copy(update={"sources": [name]})
        with warehouse.open(context.run.run_id) as session:
            plans = plan_run(session.connection, session.settings, own, context.run.run_id, session.clock)
            counts = msgspec.structs.asdict(fetch_plans(session, plans, context))
        # Logged here and not with the last step's outputs, so that it is shown even when another source fails.
        for key, metadata in ((JOBS, {"rows_written": counts.pop("rows")}), (JOB_PAYLOADS, counts)):
            context.log_event(dg.AssetMaterialization(key, partition=name, metadata=metadata))

    return fetch_source


@dg.op(ins={"fetched": dg.In(dg.Nothing)}, out={"payloads": dg.Out(dg.Nothing), "jobs": dg.Out(dg.Nothing)})
def describe_tables(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> Iterator[dg.Output[None]]:
    """Describe the tables after all sources are fetched; skipped when one failed."""
    with warehouse.open(context.run.run_id) as session:
        figures = plotted(session.connection, context.run.run_id)
        payloads, jobs = tables_metadata(session.connection, ["raw.job_payloads", "core.jobs"])
        yield dg.Output(None, "payloads", metadata=figures | payloads)
        yield dg.Output(None, "jobs", metadata=jobs)
