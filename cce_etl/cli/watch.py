"""The command that follows one live job: watch.

Lives here: its options, a live tree on a terminal, a line a change elsewhere.
Does not: looking (`watch`), figures (`analysis/watched`), the live tree's columns (`live_tree`).
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cce_etl.cli.app import app
from cce_etl.cli.options import FETCHING, with_settings
from cce_etl.errors import CceEtlError
from cce_etl.settings.settings import Settings

if TYPE_CHECKING:
    from cce_etl.analysis.live import Change, LiveStep
    from cce_etl.analysis.survival_curves import Curve, SurvivalCurves
    from cce_etl.pipeline.watch import Snapshot
    from cce_etl.transform.payload import JobRow

    Show = Callable[[Snapshot, list[LiveStep]], None]


_NOT_FOLLOWED: Final = 5
_WATCHING: Final = tuple(name for name in FETCHING if name not in ("warehouse", "lock_wait_seconds"))


@app.command()
@with_settings(*_WATCHING)
def watch(
    *,
    settings: Settings,
    job_id: Annotated[str, typer.Argument(help="The id of a job that is under way.")],
    every: Annotated[float, typer.Option("--every", min=0, help="Seconds between two looks.")] = 10.0,
    autopilot: Annotated[bool, typer.Option("--autopilot", help="It is a job of an Autopilot cluster.")] = False,
) -> None:
    """Follow a live job until it ends: exit 0 on Success, 1 on Failed, 5 if it could not be followed to its end.

    Shows each running step's age against its kind in the published file, and its chance to succeed within 10 and 30
    minutes. Nothing is kept: the warehouse is neither needed nor written, `run` does that.
    """
    from cce_etl.analysis.live import live_steps
    from cce_etl.analysis.survival_curves import SurvivalCurves
    from cce_etl.cli import output
    from cce_etl.pipeline import watch as watching
    from cce_etl.settings.settings import require_source

    settings = watching.one_source(settings)
    curves = SurvivalCurves(settings.published, require_source(settings).name)
    missing = curves.missing()
    if missing:
        output.note(f"No ages are compared: {missing}")
    find_curve = _nothing if missing else _finder(curves)
    with _told_apart(), _shown(every) as on_snapshot:
        last = watching.watch(
            settings,
            job_id,
            every,
            lambda snapshot: on_snapshot(snapshot, live_steps(snapshot, find_curve)),
            is_autopilot=autopilot,
        )
    raise typer.Exit(0 if last.root.canonical_phase == "Success" else 1)


@contextmanager
def _told_apart() -> "Iterator[None]":
    """Keep exit 1 for a job that failed: a job that is gone, or an answer that is none, is another matter."""
    try:
        yield
    except CceEtlError as error:
        if error.exit_code == CceEtlError.exit_code:
            error.exit_code = _NOT_FOLLOWED
        raise


def _nothing(_: "JobRow") -> "Curve | None":
    return None


def _finder(curves: "SurvivalCurves") -> "Callable[[JobRow], Curve | None]":
    def find(row: "JobRow") -> "Curve | None":
        if row.job_type is None:
            return None
        return curves.of_steps(row.job_type) if row.depth else curves.of_roots(row.job_type)

    return find


@contextmanager
def _shown(every_seconds: float) -> "Iterator[Show]":
    if not sys.stdout.isatty():
        yield _plain()
        return
    from rich.live import Live

    from cce_etl.cli.live_tree import live_tree

    with Live(auto_refresh=False, vertical_overflow="crop") as live:

        def on_snapshot(snapshot: "Snapshot", steps: "list[LiveStep]") -> None:
            live.update(live_tree(snapshot, steps, live.console.height, every_seconds), refresh=True)

        yield on_snapshot


def _plain() -> "Show":
    from cce_etl.analysis.live import changes

    before: list[LiveStep] = []

    def on_snapshot(snapshot: "Snapshot", steps: "list[LiveStep]") -> None:
        nonlocal before
        names = _full_names([*before, *steps])
        for change in changes(before, steps):
            _say(snapshot, change, names[change.step.path])
        before = steps
        sys.stdout.flush()

    return on_snapshot


def _full_names(steps: "list[LiveStep]") -> dict[str, str]:
    names: dict[str, str] = {}
    for step in steps:
        above = names.get(step.path.rpartition("/")[0]) if step.depth else None
        names[step.path] = f"{above} > {step.name}" if above else step.name
    return names


def _say(snapshot: "Snapshot", change: "Change", name: str) -> None:
    from cce_etl.analysis.explain.periods import sql_text
    from cce_etl.cli.text import one_line

    step = change.step
    if change.is_gone:
        became = f"{step.phase}, no longer in the tree"
    else:
        became = f"{change.phase_before} -> {step.phase}" if change.phase_before else step.phase
    words = [became, *_figures(step), *([step.reason] if step.reason else [])]
    line = f"{sql_text(snapshot.fetched_at)[:19]} UTC {name} ({step.job_id}): {', '.join(words)}"
    typer.echo(one_line(line))


def _figures(step: "LiveStep") -> list[str]:
    from cce_etl.cli.text import seconds_text

    if step.seconds is None:
        return []
    words = [f"{'for' if step.is_running else 'after'} {seconds_text(step.seconds)} s"]
    if step.age_percentile is not None:
        words.append(f"older than {step.age_percentile:.0f}% of its kind (n = {step.kind_count:,})")
    for minutes, rate in ((10, step.success_rate_10_minutes), (30, step.success_rate_30_minutes)):
        words += [] if rate is None else [f"{rate:.0%} succeed within {minutes} min"]
    return words
