"""The commands of `cce-etl`, each a few calls to the pipeline and one to show the result.

Lives here: what a user can type, exit codes.
Does not: options of settings (`options`), tables and bars (`show`), logic (`pipeline`, `doctor`, `demo/`).
"""

import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cce_etl.cli.options import FETCHING, FILES, with_settings
from cce_etl.errors import CceEtlError
from cce_etl.settings import Settings

if TYPE_CHECKING:
    from cce_etl.pipeline import Summary
    from cce_etl.warehouse.connection import Connection

app = typer.Typer(
    name="cce-etl",
    help="Turn Huawei Cloud CCE jobs into answers: how long each step takes, and how often it fails.",
    epilog="Settings come from options, the environment (in brackets) or cce-etl.toml. The token: CCE_AUTH_TOKEN.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
NoBuild = Annotated[bool, typer.Option("--no-build", help="Stop after core.jobs: build no models, publish nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object on standard output.")]
DemoJobs = Annotated[int, typer.Option("--jobs", min=1, help="How many synthetic jobs.")]
DemoSeed = Annotated[int, typer.Option("--seed", help="Which synthetic fleet.")]


class Format(StrEnum):
    """Name how `sql` prints a result."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    MARKDOWN = "markdown"


def main() -> None:
    """Run the command line; a mistake of the user ends in one clear line and an exit code, never in a traceback."""
    try:
        app()
    except CceEtlError as error:
        typer.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)
    except RuntimeError as error:
        # A Ctrl-C elsewhere, and a reader of our output that has had enough, as `head` has, are Typer's business.
        if not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        typer.echo("Stopped.", err=True)  # in the middle of a query, DuckDB's word for it is RuntimeError
        sys.exit(130)


@app.command()
@with_settings(*FETCHING)
def run(
    *,
    settings: Settings,
    ids: Annotated[
        list[str] | None, typer.Option("--ids", help="A list of job ids; may be given again; - is standard input.")
    ] = None,
    no_build: NoBuild = False,
    as_json: AsJson = False,
) -> None:
    """Do the whole job: fetch the listed jobs, load them, build the models, publish.

    Without --ids: the lists that CCE_JOB_IDS names, else every job known that has not ended.
    """
    from cce_etl import pipeline
    from cce_etl.cli import show
    from cce_etl.warehouse.connection import open_warehouse

    pipeline.require_access(settings)
    listing = pipeline.list_ids(settings, ids or [])
    show.bad_ids(listing.bad if listing else [])
    with open_warehouse(settings.warehouse) as connection:
        run_id = pipeline.new_run_id()
        with show.progress_bar("Fetching jobs") as on_progress:
            summary = pipeline.fetch(connection, settings, listing, run_id=run_id, on_progress=on_progress)
        _finish(connection, settings, run_id, summary, no_build=no_build, as_json=as_json)


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
    from cce_etl import pipeline
    from cce_etl.cli import show
    from cce_etl.warehouse.connection import open_warehouse

    with open_warehouse(settings.warehouse) as connection:
        run_id = pipeline.new_run_id()
        with show.progress_bar("Loading payloads") as on_progress:
            summary = pipeline.load(
                connection, settings.source or "files", paths, run_id=run_id, on_progress=on_progress
            )
        _finish(connection, settings, run_id, summary, no_build=no_build, as_json=as_json)


@app.command()
@with_settings(*FILES)
def replay(*, settings: Settings) -> None:
    """Make core and marts anew from the raw payloads alone."""
    from cce_etl import pipeline
    from cce_etl.cli import show
    from cce_etl.warehouse.connection import open_existing_warehouse

    with open_existing_warehouse(settings.warehouse) as connection:
        rows = pipeline.replay(connection)
        show.built({"core.jobs": rows} | pipeline.build(connection), pipeline.check(connection))


@app.command()
@with_settings(*FILES)
def build(*, settings: Settings) -> None:
    """Build every SQL model anew and run the checks."""
    from cce_etl import pipeline
    from cce_etl.cli import show
    from cce_etl.warehouse.connection import open_existing_warehouse

    with open_existing_warehouse(settings.warehouse) as connection:
        show.built(pipeline.build(connection), pipeline.check(connection))


@app.command()
@with_settings(*FILES)
def publish(*, settings: Settings) -> None:
    """Swap in a fresh read-only copy of core and marts for analysts."""
    from cce_etl import pipeline
    from cce_etl.cli import show
    from cce_etl.warehouse.connection import open_existing_warehouse

    with open_existing_warehouse(settings.warehouse) as connection:
        pipeline.publish(connection, settings, pipeline.new_run_id())
    show.published(settings.published)


@app.command()
@with_settings("published")
def sql(
    *,
    settings: Settings,
    query: Annotated[str, typer.Argument(help="One SQL query; - reads it from standard input.")],
    output: Annotated[Format, typer.Option("--format", "-f", help="How to print the result.")] = Format.TABLE,
) -> None:
    """Query the published file, read-only."""
    from cce_etl.cli import results
    from cce_etl.warehouse.query import open_published
    from cce_etl.warehouse.query import query as run_query

    text = sys.stdin.read() if query == "-" else query
    with open_published(settings.published) as connection:
        results.print_result(run_query(connection, text), output.value)


@app.command()
@with_settings(*FILES)
def status(*, settings: Settings, as_json: AsJson = False) -> None:
    """Show what the warehouse holds, what is pending, what failed, and the last runs."""
    from cce_etl.cli import show
    from cce_etl.warehouse.connection import open_warehouse_to_read
    from cce_etl.warehouse.query import read_status

    with open_warehouse_to_read(settings.warehouse) as connection:
        state = read_status(connection)
    if as_json:
        show.json_line(state)
    else:
        show.status(state, settings)


@app.command()
@with_settings(*FETCHING)
def doctor(*, settings: Settings) -> None:
    """Check each setting, reach the API, and say what is wrong and how to mend it."""
    from cce_etl import doctor as examination
    from cce_etl.cli import show

    findings = examination.examine(settings)
    show.findings(findings)
    raise typer.Exit(examination.exit_code(findings))


@app.command()
def demo(
    *,
    jobs: DemoJobs = 2_000,
    seed: DemoSeed = 7,
    folder: Annotated[Path, typer.Option("--folder", help="Where the demo keeps its files.")] = Path("data/demo"),
) -> None:
    """Run the whole job against a synthetic fleet on this machine, and show the answers."""
    from cce_etl.cli import show
    from cce_etl.demo.showcase import run_demo

    with show.progress_bar("Fetching synthetic jobs") as on_progress:
        shown = run_demo(folder, seed, jobs, on_progress)
    show.demo(shown)


@app.command("demo-server")
def demo_server(
    *,
    jobs: DemoJobs = 2_000,
    seed: DemoSeed = 7,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65_535, help="Port on loopback; 0: any free one.")
    ] = 8_780,
    ids: Annotated[Path, typer.Option("--ids", help="Where to write the list of the fleet's job ids.")] = Path(
        "demo-job-ids.txt"
    ),
) -> None:
    """Serve a synthetic fleet over HTTP on this machine until stopped, to try `cce-etl run` against."""
    from cce_etl.cli import show
    from cce_etl.demo.showcase import serve_demo

    serve_demo(seed, jobs, port, ids, show.demo_server_ready)


def _finish(
    connection: "Connection", settings: Settings, run_id: str, summary: "Summary", *, no_build: bool, as_json: bool
) -> None:
    from cce_etl import pipeline
    from cce_etl.cli import show

    started = time.perf_counter()
    if not no_build:
        show.failed_checks(pipeline.complete(connection, settings, run_id))
    summary = pipeline.lasting(summary, time.perf_counter() - started)
    if as_json:
        show.json_line(summary)
    else:
        show.summary(summary, settings, is_published=not no_build)
    if summary.failed:
        raise typer.Exit(1)
