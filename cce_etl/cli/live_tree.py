"""A live job's tree as a table that fits the terminal.

Lives here: columns, colours, which steps are shown when there are too many. Does not: looking, figures.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from cce_etl.cli.text import one_line, seconds_text

if TYPE_CHECKING:
    from rich.console import Group

    from cce_etl.analysis.live import LiveStep
    from cce_etl.pipeline.watch import Snapshot

_STYLES: Final = {"Success": "green", "Failed": "bold red", "Running": "yellow", "Initializing": "dim"}
_DEEPEST_INDENT: Final = 8
# What stands around the rows: title, blank lines, head, rule, four remarks, the cursor.
_AROUND: Final = 10


def live_tree(snapshot: "Snapshot", steps: "Sequence[LiveStep]", height: int, every_seconds: float) -> "Group":
    """Return the tree as a table less than `height` lines high; steps that ended well are the first to be left out."""
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    shown = _worth_showing(steps, max(height - _AROUND, 1))
    title = Text(one_line(f"{steps[0].name} {steps[0].job_id}"), overflow="ellipsis", no_wrap=True)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("step")
    table.add_column("phase", no_wrap=True, max_width=14)
    for name in ("seconds", "older than", "10 min", "30 min"):
        table.add_column(name, justify="right", no_wrap=True)
    for step in shown:
        style = _STYLES.get(step.phase, "")
        # Only the column of names may shrink: its cells, not the column itself, keep to one line.
        table.add_row(*(Text(cell, style=style, no_wrap=True, overflow="ellipsis") for cell in _cells(step)))
    remarks = [
        Text(line, overflow="ellipsis", no_wrap=True) for line in _remarks(snapshot, steps, shown, every_seconds)
    ]
    return Group(title, table, *remarks)


def _cells(step: "LiveStep") -> list[str]:
    age = "" if step.age_percentile is None else f"{step.age_percentile:.0f}%"
    rates = (step.success_rate_10_minutes, step.success_rate_30_minutes)
    return [
        "  " * min(step.depth, _DEEPEST_INDENT) + one_line(step.name),
        one_line(step.phase),
        "" if step.seconds is None else seconds_text(step.seconds),
        age,
        *("" if rate is None else f"{rate:.0%}" for rate in rates),
    ]


def _worth_showing(steps: "Sequence[LiveStep]", count: int) -> "list[LiveStep]":
    """Return at most so many steps in the order of the tree: first the running, then failed, planned, ended ones."""
    above = {step.path.rpartition("/")[0] for step in steps if step.is_running and step.depth}

    def rank(place: int) -> tuple[int, int, int]:
        step = steps[place]
        kind = 0 if step.is_running or step.path in above else 1 if step.phase == "Failed" else 2 + step.is_over
        return kind if step.depth else 0, step.depth, place

    return [steps[place] for place in sorted(sorted(range(len(steps)), key=rank)[:count])]


def _remarks(
    snapshot: "Snapshot", steps: "Sequence[LiveStep]", shown: "Sequence[LiveStep]", every_seconds: float
) -> list[str]:
    from cce_etl.analysis.explain.periods import sql_text

    at = f"Looked at {sql_text(snapshot.fetched_at)[:19]} UTC"
    lines = [
        f"{at}; the job has ended." if snapshot.is_last else f"{at}, again every {every_seconds:g} s, until Ctrl-C."
    ]
    if any(step.age_percentile is not None for step in steps):
        lines.append("older than: share of its kind that had ended by this age; 10, 30 min: chance to succeed by then.")
    if len(shown) < len(steps):
        lines.append(f"{len(steps) - len(shown):,} more steps are not shown.")
    return lines + ([one_line(steps[0].reason)] if steps[0].reason else [])
