"""The command `report`: one HTML page about the published file."""

from pathlib import Path
from typing import Annotated

import typer

from cce_etl.cli.app import app
from cce_etl.cli.options import with_settings
from cce_etl.cli.text import visible
from cce_etl.settings.settings import Settings


@app.command()
@with_settings("published")
def report(
    *,
    settings: Settings,
    target: Annotated[
        str | None,
        typer.Option(
            *("--output", "-o"),
            help="The page to write; - is standard output. Default: report.html beside the published file.",
        ),
    ] = None,
) -> None:
    """Write one page about the published file: durations, changes, failures, what runs and what is stuck."""
    from cce_etl.analysis.report import report_page, write_report

    if target == "-":
        typer.echo(report_page(settings.published))
        return
    path = settings.published.with_name("report.html") if target is None else Path(target)
    write_report(settings.published, path)
    typer.echo(f"Wrote {visible(str(path))}.")
