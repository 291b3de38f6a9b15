"""The command that shows one job's tree: trace.

Lives here: its options, and where the result goes.
Does not: reading the tree and documents of it (`analysis/`), drawing (`waterfall`).
"""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cce_etl.cli.app import app
from cce_etl.cli.options import with_settings
from cce_etl.settings.settings import Settings

if TYPE_CHECKING:
    from cce_etl.analysis.traces.tree import Trace

_STYLES: Final = {"Success": "green", "Failed": "bold red", "Running": "yellow"}
# Wide enough for most trees, and for a page of a ticket.
_PLAIN_WIDTH: Final = 120


class TraceFormat(StrEnum):
    """Name what `trace -o` writes."""

    CHROME = "chrome"
    OTLP = "otlp"


@app.command()
@with_settings("published")
def trace(
    *,
    settings: Settings,
    job_id: Annotated[str, typer.Argument(help="A root job's id, or a step's: then the tree it stands in.")],
    source: Annotated[str | None, typer.Option("--source", help="Of which source, when several hold the id.")] = None,
    depth: Annotated[int | None, typer.Option("--depth", min=0, help="Show so many levels below the root.")] = None,
    target: Annotated[
        str | None, typer.Option("--output", "-o", help="Write the whole tree to this file instead; - is the output.")
    ] = None,
    form: Annotated[
        TraceFormat | None,
        typer.Option("--format", help="What to write: chrome (Trace Event JSON, for Perfetto; the default), or otlp."),
    ] = None,
) -> None:
    """Show one job of the published file as a waterfall, or write it for Perfetto or a tracing system."""
    from cce_etl.analysis.published import open_published
    from cce_etl.analysis.traces.tree import read_trace

    with open_published(settings.published) as published:
        tree = read_trace(published, job_id, source)
    if target is None and form is None:
        _draw(tree, depth)
    else:
        _write(tree, target or "-", form or TraceFormat.CHROME)


def _write(tree: "Trace", target: str, form: TraceFormat) -> None:
    from cce_etl.analysis.traces.chrome import trace_events
    from cce_etl.analysis.traces.otlp import otlp
    from cce_etl.cli import output

    document = {TraceFormat.CHROME: trace_events, TraceFormat.OTLP: otlp}[form](tree)
    if target == "-":
        typer.echo(document)
        return
    Path(target).write_bytes(document + b"\n")
    left_out = sum(tree.lacks().values())
    reasons = ", ".join(f"{count:,} {lack}" for lack, count in tree.lacks().items())
    output.note(
        f"Wrote {len(tree.nodes) - left_out:,} of {len(tree.nodes):,} nodes to {target}."
        + (f" Left out: {reasons}." if left_out else "")
    )


def _draw(tree: "Trace", depth: int | None) -> None:
    from rich.console import Console
    from rich.text import Text

    from cce_etl.cli.text import one_line
    from cce_etl.cli.waterfall import waterfall_lines

    console = Console(width=None if sys.stdout.isatty() else _PLAIN_WIDTH)
    shown = waterfall_lines(tree, console.width, depth)
    with console.capture() as captured:
        for line in shown.lines:
            console.print(Text(line.text, style=_STYLES.get(line.phase or "", "")), no_wrap=True, overflow="crop")
    head = [one_line(words) for words in _title(tree)]
    remarks = _remarks(tree, shown.too_deep_count, shown.left_out_count)
    typer.echo("\n".join([*head, shown.head, captured.get().rstrip("\n"), *remarks]))


def _title(tree: "Trace") -> tuple[str, str]:
    from cce_etl.analysis.explain.periods import sql_text

    root = tree.root
    begun = "start unknown" if root.created_ns is None else f"started {sql_text(root.created_ns)} UTC"
    words = [root.phase or "no phase sent", begun, f"{len(tree.nodes) - 1:,} steps", f"source {tree.source}"]
    return f"{root.job_type or 'No type sent'} {tree.root_job_id}", ", ".join(words)


def _remarks(tree: "Trace", too_deep_count: int, left_out_count: int) -> list[str]:
    from cce_etl.analysis.explain.periods import sql_text

    remarks = []
    if any(node.is_on_critical_path for node in tree.nodes):
        remarks.append("* and █: on the critical path.")
    if any(tree.asked_paths):
        remarks.append("> before a name: the step asked for.")
    observed_ns = tree.root.observed_ns
    if observed_ns is not None and any(node.is_running for node in tree.nodes):
        remarks.append(f"> after a bar, + after seconds: had not ended at {sql_text(observed_ns)} UTC.")
    if too_deep_count:
        remarks.append(f"{too_deep_count:,} steps stand deeper than --depth and are not shown.")
    if left_out_count:
        remarks.append(f"{left_out_count:,} shorter steps are not shown; -o FILE writes all, --depth shows less.")
    return remarks
