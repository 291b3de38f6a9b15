"""The commands that fetch or load jobs: run, load, discover, dead-letters."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from cce_etl import telemetry
from cce_etl.cli import output
from cce_etl.cli.app import app
from cce_etl.cli.options import FETCHING, FILES, with_settings
from cce_etl.errors import CheckError
from cce_etl.settings.settings import Settings

if TYPE_CHECKING:
    from cce_etl.pipeline.plan import FetchPlan
    from cce_etl.warehouse.connection import Connection
    from cce_etl.warehouse.fetch_runs import RunCounts

NoBuild = Annotated[bool, typer.Option("--no-build", help="Stop after core.jobs: build no models, publish nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object on standard output.")]
PublishAnyway = Annotated[
    bool, typer.Option("--publish-anyway", help="Publish although a check of severity error fails. Examine it first.")
]


class _Ending(msgspec.Struct, frozen=True, kw_only=True):
    """What a command does with what it fetched or loaded, as its options say."""

    no_build: bool
    publish_anyway: bool
    as_json: bool


@app.command()
@with_settings(*FETCHING)
def run(
    *,
    settings: Settings,
    ids: Annotated[
        list[str] | None, typer.Option("--ids", help="A list of job ids; may be given again; - is standard input.")
    ] = None,
    discover: Annotated[
        bool, typer.Option("--discover", help="First find jobs in the API's lists, as `discover` does.")
    ] = False,
    deep: Annotated[
        int, typer.Option("--deep", min=0, help="Ask for steps by their own ids too, this many levels down.")
    ] = 0,
    no_build: NoBuild = False,
    publish_anyway: PublishAnyway = False,
    as_json: AsJson = False,
) -> None:
    """Run the whole pipeline: fetch the listed jobs, load them, check, build the models, check, publish.

    Without --ids, the lists that CCE_JOB_IDS names are fetched. Without any list, every known job that has not ended
    is. A failed check of severity error keeps the published file as it was, and the exit code is 6.
    """
    from cce_etl.pipeline import plan
    from cce_etl.pipeline.discover import discover as discover_jobs
    from cce_etl.pipeline.run import new_run_id
    from cce_etl.warehouse.connection import open_warehouse

    run_id = new_run_id()
    plans = plan.plan_fetches(settings, ids or [])
    for one in plans:
        if one.id_list is not None and one.id_list.bad:
            output.bad_ids(one.id_list.bad)
    with open_warehouse(settings.warehouse, settings.lock_wait_seconds) as connection:
        for one in plans if discover else []:
            output.discovery(discover_jobs(connection, one))
        for one in plans:
            if one.id_list is not None:
                plan.register(connection, run_id, one.source.name, one.id_list)
        if discover:
            plans = list(plan.with_open_jobs(connection, plans))
        with telemetry.run(run_id, "run"):
            ending = _Ending(no_build=no_build, publish_anyway=publish_anyway, as_json=as_json)
            _fetch_and_finish(connection, settings, run_id, plans, ending, deep_levels=deep)


@app.command()
@with_settings("source", *FILES)
def load(
    *,
    settings: Settings,
    paths: Annotated[list[str], typer.Argument(help="Files or folders of payloads: JSON, NDJSON, also gzip or zstd.")],
    no_build: NoBuild = False,
    publish_anyway: PublishAnyway = False,
    as_json: AsJson = False,
) -> None:
    """Load job payloads saved earlier, without any network, then check, build, check and publish."""
    from cce_etl.pipeline.load_files import load_files
    from cce_etl.pipeline.run import new_run_id
    from cce_etl.warehouse.connection import open_warehouse

    run_id = new_run_id()
    ending = _Ending(no_build=no_build, publish_anyway=publish_anyway, as_json=as_json)
    with (
        open_warehouse(settings.warehouse, settings.lock_wait_seconds) as connection,
        telemetry.run(run_id, "load"),
    ):
        with output.progress_bar("Loading payloads") as on_progress:
            counts = load_files(connection, settings.source or "files", paths, run_id, on_progress=on_progress)
        _finish(connection, settings, run_id, counts, ending)


@app.command()
@with_settings(*FETCHING)
def discover(*, settings: Settings) -> None:
    """Find jobs in the API's lists of jobs, clusters and nodes, and note them as pending. `run` then fetches them."""
    from cce_etl.pipeline.discover import discover as discover_jobs
    from cce_etl.pipeline.plan import plan_open_jobs
    from cce_etl.settings.sources import read_sources
    from cce_etl.warehouse.connection import open_warehouse

    plans = plan_open_jobs(read_sources(settings))
    with open_warehouse(settings.warehouse, settings.lock_wait_seconds) as connection:
        for one in plans:
            output.discovery(discover_jobs(connection, one))


@app.command("dead-letters")
@with_settings(*FETCHING)
def dead_letters(
    *,
    settings: Settings,
    retry: Annotated[
        bool, typer.Option("--retry", help="Fetch the jobs with open dead letters again, then publish.")
    ] = False,
    replay: Annotated[
        bool, typer.Option("--replay", help="Parse their stored bodies again, for example after an upgrade.")
    ] = False,
    publish_anyway: PublishAnyway = False,
    as_json: AsJson = False,
) -> None:
    """List the open dead letters by source and reason. Those that are resolved stay in raw.dead_letters."""
    from cce_etl.pipeline import plan
    from cce_etl.pipeline.replay import replay_dead_letters
    from cce_etl.pipeline.run import finish, new_run_id
    from cce_etl.settings.sources import read_sources
    from cce_etl.warehouse.connection import open_existing_warehouse
    from cce_etl.warehouse.dead_letters import open_dead_letters

    plans = plan.plan_open_jobs(read_sources(settings)) if retry else []
    with open_existing_warehouse(settings.warehouse, settings.lock_wait_seconds) as connection:
        if replay:
            output.note(f"{replay_dead_letters(connection):,} jobs could be read after all.")
            output.failed_checks(finish(connection, settings, new_run_id(), publish_anyway=publish_anyway))
        if retry:
            with telemetry.run(run_id := new_run_id(), "dead-letters"):
                retried = list(plan.of_open_dead_letters(connection, plans))
                ending = _Ending(no_build=False, publish_anyway=publish_anyway, as_json=as_json)
                _fetch_and_finish(connection, settings, run_id, retried, ending)
        elif as_json:
            output.json_line(open_dead_letters(connection))
        else:
            output.letters(open_dead_letters(connection))


def _fetch_and_finish(
    connection: "Connection",
    settings: Settings,
    run_id: str,
    plans: "Sequence[FetchPlan]",
    ending: _Ending,
    *,
    deep_levels: int = 0,
) -> None:
    """Fetch the plans, then finish with what was fetched.

    An error that stopped every source is raised at once. One that stopped some is raised last; a failed check is
    raised before it.
    """
    from cce_etl.pipeline.fetch import fetch

    with output.progress_bar("Fetching jobs") as on_progress:
        result = fetch(connection, plans, run_id, deep_levels=deep_levels, on_progress=on_progress)
    if len(result.stopped) == len(plans):
        if ending.as_json:
            output.json_line(result.counts)
        result.raise_first()
    for source, error in result.stopped.items():
        output.note(f"Error: the source {source} was stopped: {error}")
    try:
        _finish(connection, settings, run_id, result.counts, ending)
    except typer.Exit:
        result.raise_first()
        raise
    result.raise_first()


def _finish(connection: "Connection", settings: Settings, run_id: str, counts: "RunCounts", ending: _Ending) -> None:
    """Finish the run unless it is to stop after loading, then print its counts; exit with 1 when some ids failed."""
    from cce_etl.pipeline.run import finish

    started = time.perf_counter()
    is_published = False
    refusal: CheckError | None = None
    try:
        if not ending.no_build:
            output.failed_checks(finish(connection, settings, run_id, publish_anyway=ending.publish_anyway))
            is_published = True
    except CheckError as error:
        refusal = error
    finally:  # what was fetched is kept, so its counts are printed whatever became of the rest
        counts.seconds = round(counts.seconds + time.perf_counter() - started, 3)
        if ending.as_json:
            output.json_line(counts)
    if not ending.as_json:
        output.summary(counts, settings, is_published=is_published)
    if refusal is not None:
        raise refusal
    if counts.failed:
        raise typer.Exit(1)
