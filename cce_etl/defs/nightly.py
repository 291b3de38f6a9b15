"""The runs that build everything: every night's, and one for each list found in the inbox.

Lives here: their selections, and the nightly schedule. Does not: assets, what one run fetches (`fetch_config`).
"""

from typing import Final

from dagster import (
    AssetSelection,
    DagsterRunStatus,
    DefaultScheduleStatus,
    RunRequest,
    RunsFilter,
    ScheduleEvaluationContext,
    SkipReason,
    define_asset_job,
    schedule,
)

from cce_etl.defs.tables import JOB_IDS

NIGHTLY: Final = "nightly"
INBOX: Final = "inbox"
UNDER_WAY: Final = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]

nightly = define_asset_job(
    NIGHTLY,
    AssetSelection.all(),
    description="Fetch what has not ended, build every model, check, publish. "
    "Run config of `fetch` narrows or widens what is fetched.",
)
inbox = define_asset_job(
    INBOX,
    (AssetSelection.all() - AssetSelection.assets(JOB_IDS)) | AssetSelection.all_asset_checks(),
    description="Fetch the ids of one list from the inbox, build every model, check, publish.",
)


@schedule(
    job=nightly,
    cron_schedule="0 2 * * *",
    execution_timezone="UTC",
    default_status=DefaultScheduleStatus.RUNNING,
    description="Every night at 2:00 UTC; skipped while the run of another night is still under way.",
)
def nightly_schedule(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
    """Start the night's run, unless one is under way: it fetches what this one would, and two would only queue up."""
    running = context.instance.get_run_records(RunsFilter(job_name=NIGHTLY, statuses=UNDER_WAY), limit=1)
    if running:
        run = running[0].dagster_run
        return SkipReason(f"The run {run.run_id} of {NIGHTLY} is still {run.status.value.lower()}.")
    return RunRequest()
