"""Commands that bring jobs in: run, load, discover, dead-letters.

Lives here: their options, in which order the pieces are called, what is shown.
Does not: logic (`errands`, `pipeline`), options of settings (`options`).
"""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from cce_etl import telemetry
from cce_etl.cli.app import app
from cce_etl.cli.options import FETCHING, FILES, with_settings
from cce_etl.settings.settings import Settings

if TYPE_CHECKING:
    from cce_etl.pipeline.plan import Errand
    from cce_etl.warehouse.connection import Connection
    from cce_etl.warehouse.fetch_runs import RunCounts

NoBuild = Annotated[bool, typer.Option("--no-build", help="Stop after core.jobs: build no models, publish nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object on standard output.")]


@app.command()
@with_settings(*FETCHING)
def run(
    *,
    settings: Settings,
    ids: Annotated[
        list[str] | None, typer.Option("--ids", help="A list of job ids; may be given again; - is standard input.")
    ] = None,
    discover: Annotated[
        bool, typer.Option("--discover", help="First find jobs in the API's lists, as `discover`.")
    ] = False,
    deep: Annotated[int, typer.Option("--deep", min=0, help="Ask for steps by their own id, so many levels down.")] = 0,
    no_build: NoBuild = False,
    as_json: AsJson = False,
) -> None:
    """Do the whole job: fetch the listed jobs, load them, build the models, publish.

    Without --ids: the lists that CCE_JOB_IDS names, else every job known that has not ended.
    """
    from cce_etl.cli import output
    from cce_etl.pipeline import plan as errands
    from cce_etl.pipeline import run as pipeline
    from cce_etl.warehouse.connection import open_warehouse

    todo = errands.plan(settings, ids or [])
    for errand in todo:
        output.bad_ids(errand.listing.bad if errand.listing else [])
    with open_warehouse(settings.warehouse, settings.lock_wait_seconds) as connection:
        if discover:
            for report in errands.discover(connection, todo):
                output.discovery(report)
            todo = errands.with_open_ids(connection, todo)
        with telemetry.run(run_id := pipeline.new_run_id(), "run"):
            _fetch_and_finish(connection, settings, run_id, todo, deep_levels=deep, no_build=no_build, as_json=as_json)


@app.command()
@with_settings("source", *FILES)
def load(
    *,
    settings: Settings,
    paths: Annotated[list[str], typer.Argument(help="Files or folders of payloads: JSON, NDJSON, also gzip or zstd.")],
    no_build: NoBuild = False,
    as_json: AsJson = False,
) -> None:
    """Load job payloads saved earlier, without any network, then build and publish."""
    from cce_etl.cli import output
    from cce_etl.pipeline import run as pipeline
    from cce_etl.warehouse.connection import open_warehouse

    run_id = pipeline.new_run_id()
    with (
        open_warehouse(settings.warehouse, settings.lock_wait_seconds) as connection,
        telemetry.run(run_id, "load"),
    ):
        with output.progress_bar("Loading payloads") as on_progress:
            summary = pipeline.load(
                connection, settings.source or "files", paths, run_id=run_id, on_progress=on_progress
            )
        _finish(connection, settings, run_id, summary, no_build=no_build, as_json=as_json)


@app.command()
@with_settings(*FETCHING)
def discover(*, settings: Settings) -> None:
    """Find jobs in the API's lists of jobs, clusters and nodes, and note them as pending; `run` then fetches them."""
    from cce_etl.cli import output
    from cce_etl.pipeline import plan as errands
    from cce_etl.warehouse.connection import open_warehouse

    todo = errands.everywhere(settings)
    with open_warehouse(settings.warehouse, settings.lock_wait_seconds) as connection:
        for report in errands.discover(connection, todo):
            output.discovery(report)


@app.command("dead-letters")
@with_settings(*FETCHING)
def dead_letters(
    *,
    settings: Settings,
    retry: Annotated[
        bool, typer.Option("--retry", help="Fetch the jobs with open letters again, then publish.")
    ] = False,
    replay: Annotated[
        bool, typer.Option("--replay", help="Read their stored bodies again, as after an upgrade.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List what failed and is still open, by source and reason; letters that are resolved stay in raw.dead_letters."""
    from cce_etl.cli import output
    from cce_etl.pipeline import plan as errands
    from cce_etl.pipeline import run as pipeline
    from cce_etl.warehouse.connection import open_existing_warehouse
    from cce_etl.warehouse.dead_letters import open_dead_letters

    todo = errands.everywhere(settings) if retry else []
    with open_existing_warehouse(settings.warehouse, settings.lock_wait_seconds) as connection:
        if replay:
            output.note(f"{errands.replay_dead_letters(connection):,} jobs could be read after all.")
            output.failed_checks(pipeline.complete(connection, settings, pipeline.new_run_id()))
        if retry:
            todo = errands.to_retry(connection, todo)
            with telemetry.run(run_id := pipeline.new_run_id(), "dead-letters"):
                _fetch_and_finish(connection, settings, run_id, todo, deep_levels=0, no_build=False, as_json=as_json)
        elif as_json:
            output.json_line(open_dead_letters(connection))
        else:
            output.letters(open_dead_letters(connection))


def _fetch_and_finish(
    connection: "Connection",
    settings: Settings,
    run_id: str,
    todo: "list[Errand]",
    *,
    deep_levels: int,
    no_build: bool,
    as_json: bool,
) -> None:
    from cce_etl.cli import output
    from cce_etl.pipeline import plan as errands

    with output.progress_bar("Fetching jobs") as on_progress:
        outcome = errands.fetch(connection, todo, run_id=run_id, deep_levels=deep_levels, on_progress=on_progress)
    if len(outcome.stopped) == len(todo):
        if as_json:
            output.json_line(outcome.summary)
        outcome.raise_first()
    for source, error in outcome.stopped.items():
        output.note(f"Error: the source {source} was stopped: {error}")
    try:
        _finish(connection, settings, run_id, outcome.summary, no_build=no_build, as_json=as_json)
    finally:
        outcome.raise_first()


def _finish(
    connection: "Connection", settings: Settings, run_id: str, summary: "RunCounts", *, no_build: bool, as_json: bool
) -> None:
    from cce_etl.cli import output
    from cce_etl.pipeline import run as pipeline

    started = time.perf_counter()
    try:
        if not no_build:
            output.failed_checks(pipeline.complete(connection, settings, run_id))
    finally:  # what was fetched is kept, so its account is due whatever became of the rest
        summary = pipeline.lasting(summary, time.perf_counter() - started)
        if as_json:
            output.json_line(summary)
    if not as_json:
        output.summary(summary, settings, is_published=not no_build)
    if summary.failed:
        raise typer.Exit(1)
