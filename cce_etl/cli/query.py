"""The commands on data that is loaded, replay, build, publish and sql, and the command doctor."""

import sys
from typing import Annotated

import typer

from cce_etl.cli import output
from cce_etl.cli.app import app
from cce_etl.cli.ingest import PublishAnyway
from cce_etl.cli.options import FETCHING, FILES, with_settings
from cce_etl.cli.tables import Format, print_result
from cce_etl.settings.settings import Settings


@app.command()
@with_settings(*FILES)
def replay(*, settings: Settings) -> None:
    """Make core.jobs and every model again from the raw payloads alone, and run the checks."""
    from cce_etl.pipeline.replay import replay as replay_payloads
    from cce_etl.pipeline.run import build_checked, new_run_id
    from cce_etl.warehouse.connection import open_existing_warehouse

    with open_existing_warehouse(settings.warehouse, settings.lock_wait_seconds) as connection:
        rows = replay_payloads(connection)
        built, failed = build_checked(connection, settings, new_run_id())
    output.built({"core.jobs": rows} | built, failed)


@app.command()
@with_settings(*FILES)
def build(*, settings: Settings) -> None:
    """Check what was loaded, build every model, and check what was built."""
    from cce_etl.pipeline.run import build_checked, new_run_id
    from cce_etl.warehouse.connection import open_existing_warehouse

    with open_existing_warehouse(settings.warehouse, settings.lock_wait_seconds) as connection:
        built, failed = build_checked(connection, settings, new_run_id())
    output.built(built, failed)


@app.command()
@with_settings(*FILES)
def publish(*, settings: Settings, publish_anyway: PublishAnyway = False) -> None:
    """Check, build what was loaded since the last build, check, and replace the analysts' file by a fresh copy."""
    from cce_etl.pipeline.run import finish, new_run_id
    from cce_etl.warehouse.connection import open_existing_warehouse

    with open_existing_warehouse(settings.warehouse, settings.lock_wait_seconds) as connection:
        output.failed_checks(finish(connection, settings, new_run_id(), publish_anyway=publish_anyway))
    output.published(settings.published)


@app.command()
@with_settings("published")
def sql(
    *,
    settings: Settings,
    query: Annotated[str, typer.Argument(help="One SQL query; - reads it from standard input.")],
    form: Annotated[Format, typer.Option("--format", "-f", help="How to print the result.")] = Format.TABLE,
) -> None:
    """Query the published file, read-only."""
    from cce_etl.publish.query import open_published
    from cce_etl.publish.query import query as run_query

    text = sys.stdin.read() if query == "-" else query
    with open_published(settings.published) as connection:
        print_result(run_query(connection, text), form)


@app.command()
@with_settings(*FETCHING)
def doctor(*, settings: Settings) -> None:
    """Check each setting and the connection to the API, and say what is wrong and how to fix it."""
    from cce_etl.pipeline import doctor as examination

    findings = examination.examine(settings)
    output.findings(findings)
    raise typer.Exit(examination.exit_code(findings))
