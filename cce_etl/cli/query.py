"""Commands about what is there: replay, build, publish, sql, doctor.

Lives here: their options, and which pieces they call.
Does not: bringing jobs in (`fetching`), keeping the files (`keeping`), logic (`pipeline`, `doctor`).
"""

import sys
from typing import Annotated

import typer

from cce_etl.cli.app import app
from cce_etl.cli.options import FETCHING, FILES, with_settings
from cce_etl.cli.tables import Format, print_result
from cce_etl.settings.settings import Settings


@app.command()
@with_settings(*FILES)
def replay(*, settings: Settings) -> None:
    """Make core and marts anew from the raw payloads alone."""
    from cce_etl.cli import output
    from cce_etl.pipeline import run as pipeline
    from cce_etl.warehouse.connection import open_existing_warehouse

    with open_existing_warehouse(settings.warehouse, settings.lock_wait_seconds) as connection:
        rows = pipeline.replay(connection)
        output.built({"core.jobs": rows} | pipeline.build(connection, settings.slo), pipeline.check(connection))


@app.command()
@with_settings(*FILES)
def build(*, settings: Settings) -> None:
    """Build every SQL model anew and run the checks."""
    from cce_etl.cli import output
    from cce_etl.pipeline import run as pipeline
    from cce_etl.warehouse.connection import open_existing_warehouse

    with open_existing_warehouse(settings.warehouse, settings.lock_wait_seconds) as connection:
        output.built(pipeline.build(connection, settings.slo), pipeline.check(connection))


@app.command()
@with_settings(*FILES)
def publish(*, settings: Settings) -> None:
    """Swap in a fresh read-only copy of core and marts for analysts."""
    from cce_etl.cli import output
    from cce_etl.pipeline import run as pipeline
    from cce_etl.warehouse.connection import open_existing_warehouse

    with open_existing_warehouse(settings.warehouse, settings.lock_wait_seconds) as connection:
        pipeline.publish(connection, settings, pipeline.new_run_id())
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
    """Check each setting, reach the API, and say what is wrong and how to mend it."""
    from cce_etl.cli import output
    from cce_etl.pipeline import doctor as examination

    findings = examination.examine(settings)
    output.findings(findings)
    raise typer.Exit(examination.exit_code(findings))
