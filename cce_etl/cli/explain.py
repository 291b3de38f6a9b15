"""The command `explain`: one page about a step type, as JSON, or the queries behind it."""

from textwrap import wrap
from typing import Annotated, Final

import typer

from cce_etl.cli import output
from cce_etl.cli.app import app
from cce_etl.cli.ingest import AsJson
from cce_etl.cli.options import with_settings
from cce_etl.cli.text import visible
from cce_etl.errors import ConfigError
from cce_etl.settings.settings import Settings

_INSTANT: Final = "A date (2026-05-22), a time (UTC) or a span back from the end of the data (7d, 4w)."
_WIDTH: Final = 79


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
            help=f"{_INSTANT} Default: the last change of the step or of a slow cohort, else 28 days before the end.",
        ),
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help=f"{_INSTANT} Default: the end of the data.")] = None,
    source: Annotated[str | None, typer.Option("--source", help="One source. Default: all together.")] = None,
    root_type: Annotated[
        str | None, typer.Option("--root-type", help="One type of root job, e.g. CreateCluster. Default: all.")
    ] = None,
    as_json: AsJson = False,
    as_sql: Annotated[bool, typer.Option("--sql", help="Print the query behind each number instead.")] = False,
) -> None:
    """Explain a step: now against before, since when, for whom, at what cost, how often and why it fails."""
    from cce_etl.analysis import explain as explain_step
    from cce_etl.analysis import open_published

    if as_json and as_sql:
        raise ConfigError("--json and --sql are two forms of the answer: choose one.")
    with open_published(settings.published) as published:
        found = explain_step(published, step, since=since, until=until, source=source, root_type=root_type)
    if as_sql:
        for part, query in found.queries.items():
            # Not as a "--" comment: a shell argument that begins with it would be taken for an option.
            typer.echo(f"/* {part} */\n{query};\n")
    elif as_json:
        output.json_line(found.to_dict())
    else:
        for number, section in enumerate(found.sections):
            title = _wrapped(section.title, "", "  ")
            typer.echo(("\n" if number else "") + typer.style(title, bold=True))  # plain when it is no terminal
            for line in section.lines:
                typer.echo(_wrapped(line, "  ", "    "))


def _wrapped(text: str, first: str, others: str) -> str:
    # Not at hyphens: an id that is cut in two cannot be copied.
    lines = wrap(visible(text), _WIDTH, initial_indent=first, subsequent_indent=others, break_on_hyphens=False)
    return "\n".join(lines)
