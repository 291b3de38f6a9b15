"""The Dagster jobs that fetch and build everything, nightly and for a list in the inbox, and the nightly schedule."""

from collections.abc import Mapping, Sequence
from typing import Final

import dagster as dg
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from cce_etl.defs.assets.lake import UPKEEP
from cce_etl.defs.metadata import JOB_IDS

NIGHTLY: Final = "nightly"
INBOX: Final = "inbox"
UNDER_WAY: Final = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

_WHOLE: Final = dg.AssetSelection.all() - dg.AssetSelection.groups(UPKEEP)
nightly = dg.define_asset_job(
    NIGHTLY,
    _WHOLE,
    description="Fetch what has not ended, build every model, check, publish. "
    "Run config of `fetch` narrows or widens what is fetched.",
)
inbox = dg.define_asset_job(
    INBOX,
    (_WHOLE - dg.AssetSelection.assets(JOB_IDS)) | dg.AssetSelection.all_asset_checks(),
    description="Fetch the ids of one list from the inbox, build every model, check, publish.",
)


def nightly_schedule(sources: Sequence[str] = ()) -> dg.ScheduleDefinition:
    """Return the schedule; with several sources, its run covers all their partitions."""

    @dg.schedule(
        name="nightly_schedule",
        job=nightly,
        cron_schedule="0 2 * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every night at 2:00 UTC; skipped while the run of another night is still under way.",
    )
    def start(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        """Start the night's run, unless one still runs: a second one would wait, then find nothing left to fetch."""
        running = context.instance.get_run_records(dg.RunsFilter(job_name=NIGHTLY, statuses=UNDER_WAY), limit=1)
        if running:
            run = running[0].dagster_run
            return dg.SkipReason(f"The run {run.run_id} of {NIGHTLY} is still {run.status.value.lower()}.")
        return dg.RunRequest(tags=all_partitions(sources))

    return start


def all_partitions(sources: Sequence[str]) -> Mapping[str, str]:
    """Return the tags that make one run of all partitions; none without partitions."""
    if not sources:
        return {}
    return {ASSET_PARTITION_RANGE_START_TAG: sources[0], ASSET_PARTITION_RANGE_END_TAG: sources[-1]}
