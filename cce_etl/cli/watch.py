"""The command `watch`: follows a live job until it ends, as a tree on a terminal, else with a line for each change."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cce_etl.cli import output
from cce_etl.cli.app import app
from cce_etl.cli.options import FETCHING, with_settings
from cce_etl.cli.text import one_line, seconds_text
from cce_etl.errors import CceEtlError
from cce_etl.settings.settings import Settings
from cce_etl.timestamps import utc_text

if TYPE_CHECKING:
    from cce_etl.analysis.live import Change, LiveStep
    from cce_etl.pipeline.watch import Snapshot

    Show = Callable[[Snapshot, list[LiveStep]], None]

_OPTIONS: Final = tuple(name for name in FETCHING if name not in ("warehouse", "lock_wait_seconds"))


@app.command()
@with_settings(*_OPTIONS)
def watch(
    *,
    settings: Settings,
    job_id: Annotated[str, typer.Argument(help="The id of a job that still runs.")],
    every: Annotated[float, typer.Option("--every", min=0, help="Seconds between two requests.")] = 10.0,
    autopilot: Annotated[bool, typer.Option("--autopilot", help="The job is of an Autopilot cluster.")] = False,
) -> None:
    """Follow a live job until it ends: exit 0 on Success, 1 on Failed, 5 if it could not be followed to its end.

    Compares the age of each running step with finished steps of its type in the published file, and shows its chance to
    succeed within 10 and 30 minutes. Nothing is stored: `run` stores jobs in the warehouse.
    """
    from cce_etl.analysis.live import SurvivalCurves, live_steps
    from cce_etl.pipeline import watch as watching
    from cce_etl.settings.sources import require_source

    settings = watching.one_source(settings)
    curves = SurvivalCurves(settings.published, require_source(settings).name)
    unavailable = curves.unavailable_reason()
    if unavailable:
        output.note(f"Ages are not compared: {unavailable}")
    try:
        with _display(every) as show:

            def on_snapshot(snapshot: "Snapshot") -> None:
                show(snapshot, live_steps(snapshot, lambda row: None if unavailable else curves.of_job(row)))

            last = watching.watch(settings, job_id, every, on_snapshot, is_autopilot=autopilot)
    except CceEtlError as error:
        if error.exit_code == 1:  # which would mean that the job failed
            error.exit_code = 5
        raise
    raise typer.Exit(0 if last.root.canonical_phase == "Success" else 1)


@contextmanager
def _display(every_seconds: float) -> "Iterator[Show]":
    if not sys.stdout.isatty():
        yield _print_changes()
        return
    from rich.live import Live

    from cce_etl.cli.live_tree import live_tree

    with Live(auto_refresh=False, vertical_overflow="crop") as live:

        def show(snapshot: "Snapshot", steps: "list[LiveStep]") -> None:
            live.update(live_tree(snapshot, steps, live.console.height, every_seconds), refresh=True)

        yield show


def _print_changes() -> "Show":
    from cce_etl.analysis.live import changes

    before: list[LiveStep] = []

    def show(snapshot: "Snapshot", steps: "list[LiveStep]") -> None:
        nonlocal before
        names: dict[str, str] = {}
        for step in [*before, *steps]:
            above = names.get(step.path.rpartition("/")[0]) if step.depth else None
            names[step.path] = f"{above} > {step.name}" if above else step.name
        for change in changes(before, steps):
            typer.echo(one_line(_change_line(snapshot, change, names[change.step.path])))
        before = steps
        sys.stdout.flush()

    return show


def _change_line(snapshot: "Snapshot", change: "Change", name: str) -> str:
    step = change.step
    if change.is_gone:
        became = f"{step.phase}, no longer in the tree"
    else:
        became = f"{change.phase_before} -> {step.phase}" if change.phase_before else step.phase
    parts = [became]
    if step.seconds is not None:
        parts.append(f"{'for' if step.is_running else 'after'} {seconds_text(step.seconds)} s")
        if step.age_percentile is not None:
            parts.append(f"older than {step.age_percentile:.0f}% of its type (n = {step.compared_count:,})")
        for minutes, rate in ((10, step.success_rate_10_minutes), (30, step.success_rate_30_minutes)):
            parts += [] if rate is None else [f"{rate:.0%} succeed within {minutes} min"]
    parts += [step.reason] if step.reason else []
    return f"{utc_text(snapshot.fetched_at)[:19]} UTC {name} ({step.job_id}): {', '.join(parts)}"
