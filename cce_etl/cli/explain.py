"""The command that explains a step: explain.

Lives here: its options, and which form of the answer is printed.
Does not: the answer (`analysis/explain`), how it looks (`explain_page`).
"""

from typing import Annotated

import typer

from cce_etl.cli.app import app
from cce_etl.cli.ingest import AsJson
from cce_etl.cli.options import with_settings
from cce_etl.errors import ConfigError
from cce_etl.settings.settings import Settings

_MOMENT = "A date (2026-05-22), time (UTC) or span back from the end of the data (7d, 4w)."


@app.command()
@with_settings("published")
def explain(
    *,
    settings: Settings,
    step: Annotated[str, typer.Argument(help="A step type, e.g. InstallMaster.")],
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            help=f"{_MOMENT} Default: the last change of the step or a slow cohort, else 28 days before the end.",
        ),
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help=f"{_MOMENT} Default: the end of the data.")] = None,
    source: Annotated[str | None, typer.Option("--source", help="One source. Default: all together.")] = None,
    root_type: Annotated[
        str | None, typer.Option("--root-type", help="One type of root job, e.g. CreateCluster. Default: all.")
    ] = None,
    as_json: AsJson = False,
    as_sql: Annotated[bool, typer.Option("--sql", help="Print the query behind each number instead.")] = False,
) -> None:
    """Explain a step: now against before, since when, for whom, at what cost, how often and why it fails."""
    import msgspec

    from cce_etl.analysis import open_published
    from cce_etl.analysis.explain.explain import explain as explain_step
    from cce_etl.cli import explain_page

    if as_json and as_sql:
        raise ConfigError("--json and --sql are two forms of the answer: choose one.")
    with open_published(settings.published) as published:
        found = explain_step(published, step, since=since, until=until, source=source, root_type=root_type)
    if as_sql:
        explain_page.print_queries(found)
    elif as_json:
        typer.echo(msgspec.json.encode(found.to_dict()).decode())
    else:
        explain_page.print_page(found)
