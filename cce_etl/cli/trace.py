"""The command `trace`: one job's tree as a waterfall in the terminal, or as a file for trace viewers."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cce_etl.cli import output
from cce_etl.cli.app import app
from cce_etl.cli.options import with_settings
from cce_etl.cli.text import one_line
from cce_etl.settings.settings import Settings
from cce_etl.timestamps import utc_text

if TYPE_CHECKING:
    from cce_etl.analysis.traces.tree import Trace
    from cce_etl.cli.waterfall import Shown

_STYLES: Final = {"Success": "green", "Failed": "bold red", "Running": "yellow"}
# Wide enough for most trees, and for a page of a ticket.
_PLAIN_WIDTH: Final = 120


class TraceFormat(StrEnum):
    """The formats that `trace -o` writes."""

    CHROME = "chrome"
    OTLP = "otlp"


@app.command()
@with_settings("published")
def trace(
    *,
    settings: Settings,
    job_id: Annotated[str, typer.Argument(help="The id of a root job, or of a step of the tree to show.")],
    source: Annotated[str | None, typer.Option("--source", help="The source, when several hold the id.")] = None,
    depth: Annotated[
        int | None, typer.Option("--depth", min=0, help="Show only so many levels below the root.")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option("--output", "-o", help="Write the whole tree to this file instead; - is standard output."),
    ] = None,
    form: Annotated[
        TraceFormat | None,
        typer.Option(
            "--format", help="The file's format: chrome (Trace Event JSON, for Perfetto; the default), or otlp."
        ),
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

    document = {TraceFormat.CHROME: trace_events, TraceFormat.OTLP: otlp}[form](tree)
    if target == "-":
        typer.echo(document)
        return
    Path(target).write_bytes(document + b"\n")
    counts = tree.no_span_counts()
    left_out = sum(counts.values())
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in counts.items())
    output.note(
        f"Wrote {len(tree.nodes) - left_out:,} of {len(tree.nodes):,} nodes to {target}."
        + (f" Left out: {reasons}." if left_out else "")
    )


def _draw(tree: "Trace", depth: int | None) -> None:
    from rich.console import Console
    from rich.text import Text

    from cce_etl.cli.waterfall import waterfall_lines

    console = Console(width=None if sys.stdout.isatty() else _PLAIN_WIDTH)
    shown = waterfall_lines(tree, console.width, depth)
    with console.capture() as captured:
        for line in shown.lines:
            console.print(Text(line.text, style=_STYLES.get(line.phase or "", "")), no_wrap=True, overflow="crop")
    root = tree.root
    started = "start unknown" if root.created_ns is None else f"started {utc_text(root.created_ns)} UTC"
    about = [root.phase or "no phase sent", started, f"{len(tree.nodes) - 1:,} steps", f"source {tree.source}"]
    head = [f"{root.job_type or 'No type sent'} {tree.root_job_id}", ", ".join(about)]
    lines = [*map(one_line, head), shown.head, captured.get().rstrip("\n"), *_remarks(tree, shown)]
    typer.echo("\n".join(lines))


def _remarks(tree: "Trace", shown: "Shown") -> list[str]:
    remarks = []
    if any(node.is_on_critical_path for node in tree.nodes):
        remarks.append("* and █: on the critical path.")
    if any(tree.asked_paths):
        remarks.append("> before a name: the step asked for.")
    observed_ns = tree.root.observed_ns
    if observed_ns is not None and any(node.is_running for node in tree.nodes):
        remarks.append(f"> after a bar, + after seconds: still running at {utc_text(observed_ns)} UTC.")
    if shown.too_deep_count:
        remarks.append(f"{shown.too_deep_count:,} steps are deeper than --depth and are not shown.")
    if shown.left_out_count:
        remarks.append(f"{shown.left_out_count:,} shorter steps are not shown; -o FILE writes all, --depth shows less.")
    return remarks
