"""A live job's tree as a table that fits the terminal."""

from collections.abc import Sequence
from typing import Final

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from cce_etl.analysis.live import LiveStep
from cce_etl.cli.text import one_line, seconds_text
from cce_etl.pipeline.watch import Snapshot
from cce_etl.timestamps import utc_text

_STYLES: Final = {"Success": "green", "Failed": "bold red", "Running": "yellow", "Initializing": "dim"}
_MAX_INDENT: Final = 8
# The lines around the rows: title, blank lines, head, rule, four remarks, the cursor.
_OTHER_LINES: Final = 10


def live_tree(snapshot: Snapshot, steps: Sequence[LiveStep], height: int, every_seconds: float) -> Group:
    """Return the tree as a table of fewer than `height` lines; steps that succeeded are left out first."""
    shown = _most_relevant(steps, max(height - _OTHER_LINES, 1))
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


def _cells(step: LiveStep) -> list[str]:
    rates = (step.success_rate_10_minutes, step.success_rate_30_minutes)
    return [
        "  " * min(step.depth, _MAX_INDENT) + one_line(step.name),
        one_line(step.phase),
        "" if step.seconds is None else seconds_text(step.seconds),
        "" if step.age_percentile is None else f"{step.age_percentile:.0f}%",
        *("" if rate is None else f"{rate:.0%}" for rate in rates),
    ]


def _most_relevant(steps: Sequence[LiveStep], count: int) -> list[LiveStep]:
    """Return at most `count` steps, in tree order: running steps first, then failed, not started and succeeded ones."""
    above = {step.path.rpartition("/")[0] for step in steps if step.is_running and step.depth}

    def rank(index: int) -> tuple[int, int, int]:
        step = steps[index]
        group = 0 if step.is_running or step.path in above else 1 if step.phase == "Failed" else 2 + step.is_finished
        return group if step.depth else 0, step.depth, index

    return [steps[index] for index in sorted(sorted(range(len(steps)), key=rank)[:count])]


def _remarks(
    snapshot: Snapshot, steps: Sequence[LiveStep], shown: Sequence[LiveStep], every_seconds: float
) -> list[str]:
    at = f"Fetched at {utc_text(snapshot.fetched_at)[:19]} UTC"
    is_last = snapshot.is_last
    lines = [f"{at}; the job has ended." if is_last else f"{at}, again every {every_seconds:g} s, until Ctrl-C."]
    if any(step.age_percentile is not None for step in steps):
        lines.append("older than: share of its type ended by this age; 10, 30 min: chance of success.")
    if len(shown) < len(steps):
        lines.append(f"{len(steps) - len(shown):,} more steps are not shown.")
    return lines + ([one_line(steps[0].reason)] if steps[0].reason else [])
