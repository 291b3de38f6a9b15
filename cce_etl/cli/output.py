"""What the commands print: progress, summaries, results and warnings."""

import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import typer

from cce_etl.cli.tables import number_text, print_rows, print_table
from cce_etl.cli.text import visible

if TYPE_CHECKING:
    from cce_etl.demo.showcase import DemoResult, DemoServer
    from cce_etl.extract.id_lists import BadId
    from cce_etl.pipeline.discover import DiscoveryReport
    from cce_etl.pipeline.doctor import Finding
    from cce_etl.pipeline.fetch import Progress
    from cce_etl.pipeline.gates import FailedCheck
    from cce_etl.pipeline.retention import Vacuumed
    from cce_etl.publish.health import HealthCheck
    from cce_etl.settings.settings import Settings
    from cce_etl.warehouse.backup import BackupResult
    from cce_etl.warehouse.dead_letters import OpenDeadLetter
    from cce_etl.warehouse.fetch_runs import RunCounts
    from cce_etl.warehouse.migrate import Migrated
    from cce_etl.warehouse.status import PayloadSizes, Status

_PLAIN_SECONDS: Final = 5.0
_WARNINGS_SHOWN: Final = 20


def note(line: str = "") -> None:
    """Print a line for people on standard error, which holds no results."""
    typer.echo(visible(line), err=True)


def json_line(value: object) -> None:
    """Print a value as one line of JSON on standard output."""
    typer.echo(msgspec.json.encode(value).decode())


@contextmanager
def progress_bar(title: str) -> "Iterator[Callable[[Progress], None]]":
    """Show the progress of a run: a live bar on a terminal, elsewhere a plain line every five seconds."""
    if not sys.stderr.isatty():
        yield _plain_progress(title)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]} failed, {task.fields[rate]:.0f}/s, left"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None, failed=0, rate=0.0)
        started = time.monotonic()

        def on_progress(progress: "Progress") -> None:
            rate = progress.done / max(time.monotonic() - started, 1e-9)
            bar.update(task, total=progress.total, completed=progress.done, failed=progress.failed, rate=rate)

        yield on_progress


def _plain_progress(title: str) -> "Callable[[Progress], None]":
    started = shown = time.monotonic()

    def on_progress(progress: "Progress") -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown < _PLAIN_SECONDS:
            return
        shown = now
        rate = progress.done / (now - started)
        left = (progress.total - progress.done) / rate if rate else 0.0
        counts = f"{progress.done:,} of {progress.total:,} done, {progress.failed:,} failed"
        note(f"{title}: {counts}, {rate:.0f}/s, {left:.0f} s left")

    return on_progress


def bad_ids(bad: "Sequence[BadId]") -> None:
    """Warn of list entries that are no job ids, each with file and line."""
    for entry in bad[:_WARNINGS_SHOWN]:
        note(f"Warning: {entry.file}:{entry.line}: {entry.text!r} is no job id; it is left out.")
    if len(bad) > _WARNINGS_SHOWN:
        note(f"Warning: {len(bad) - _WARNINGS_SHOWN:,} more entries are no job ids.")


def failed_checks(failed: "Sequence[FailedCheck]") -> None:
    """Print the checks that found rows which must not exist."""
    for check in failed:
        kind = "Warning" if check.severity == "warning" else "Error"
        note(f"{kind}: the check {check.name} found rows in {check.table}: {check.description} First: {check.rows[0]}")


def summary(result: "RunCounts", settings: "Settings", *, is_published: bool) -> None:
    """Print what became of a run's ids, and where everything is."""
    typer.echo(
        f"{result.requested:,} requested: {result.fetched:,} fetched, {result.unchanged:,} unchanged, "
        f"{result.skipped:,} finished before, {result.gone:,} gone, {result.failed:,} failed."
    )
    typer.echo(f"{result.rows:,} rows written to core.jobs of {settings.warehouse} in {result.seconds:.1f} s.")
    if is_published:
        published(settings.published)
    if result.requested == 0:
        note("There was nothing to do. Give a list with --ids, or set CCE_JOB_IDS.")
    if result.dead_lettered:
        note("Failures are kept in raw.dead_letters of the warehouse; `cce-etl dead-letters` lists them.")


def published(path: Path) -> None:
    """Say where the analysts' file is."""
    typer.echo(f"Published {path}.")


def built(rows: dict[str, int], failed: "Sequence[FailedCheck]") -> None:
    """Print the rows of each table that was built, then the checks that failed."""
    print_table(["table", "rows"], ([name, f"{count:,}"] for name, count in rows.items()), numbers={1})
    failed_checks(failed)


def status(state: "Status", bodies: "PayloadSizes", settings: "Settings") -> None:
    """Print the state of the warehouse: ids, failures, the last runs, the rows of each table, the raw bodies."""
    typer.echo(f"Warehouse {settings.warehouse}, published {settings.published}")
    print_table(
        ["source", "state", "ids"], ([one.source, one.state, f"{one.id_count:,}"] for one in state.states), numbers={2}
    )
    if state.failures:
        rows = ([one.source, one.kind, f"{one.letter_count:,}", one.example[:160]] for one in state.failures)
        print_table(["source", "failure", "open", "for example"], rows, numbers={2})
    names = ["started_at", "command", "source", "seconds", "requested", "fetched", "unchanged", "gone", "failed"]
    print_table(
        names, ([number_text(getattr(one, name)) for name in names] for one in state.runs), numbers=set(range(3, 9))
    )
    print_table(["table", "rows"], ([name, f"{count:,}"] for name, count in state.table_rows.items()), numbers={1})
    typer.echo(
        f"{bodies.body_count:,} raw bodies: {bodies.sent_bytes:,} bytes as sent, {bodies.stored_bytes:,} as stored."
    )


def copied(verb: str, made: "BackupResult") -> None:
    """Print the size and the rows of a verified copy."""
    rows = sum(made.table_rows.values())
    typer.echo(f"{verb} {made.path}: {made.byte_count:,} bytes, {rows:,} rows in {len(made.table_rows)} tables.")


def moved(done: "Migrated") -> None:
    """Print the rows that were copied to the new warehouse, and what to do next."""
    for table, rows in done.table_rows.items():
        typer.echo(f"{table}: {rows:,} rows, the same as before")
    typer.echo(f"Set CCE_WAREHOUSE to {done.target}, then run `cce-etl build` to build the models there.")


def vacuumed(done: "Vacuumed", settings: "Settings") -> None:
    """Print what a vacuum deleted, and the bytes before and after it."""
    forgotten = done.forgotten
    if settings.raw_history_days is not None:
        typer.echo(
            f"Deleted {forgotten.payload_count:,} superseded payloads ({forgotten.body_bytes:,} bytes as sent), "
            f"{forgotten.letter_count:,} resolved dead letters, {forgotten.run_count:,} records of runs."
        )
    typer.echo(f"{settings.warehouse}: {done.bytes_before:,} bytes before, {done.bytes_after:,} after.")


def discovery(report: "DiscoveryReport") -> None:
    """Print on standard error what the API's lists held; the result of the run follows on standard output."""
    for one in report.origins:
        note(f"{report.source}: {one.origin}: {one.found:,} jobs, {one.new:,} of them new")
    note(f"{report.source}: {report.clusters_seen:,} clusters, {report.clusters_changed:,} new or changed")
    for reason in report.passed_over:
        note(f"{report.source}: skipped {reason}")


def letters(found: "Sequence[OpenDeadLetter]") -> None:
    """Print the open dead letters."""
    if not found:
        typer.echo("No dead letter is open.")
        return
    names = ["source", "kind", "job_id", "http_status", "error_code", "attempts", "failed_at", "message"]
    rows = ([number_text(getattr(one, name)) for name in names] for one in found)
    print_table(names, rows, numbers={3, 5})


def findings(found: "Sequence[Finding | HealthCheck]") -> None:
    """Print a line for each finding of `doctor` or health check, with what to do when something is wrong."""
    for one in found:
        typer.echo(visible(f"{'ok   ' if one.is_well else 'WRONG'}  {one.subject}: {one.text}"))


def demo(result: "DemoResult") -> None:
    """Print the demo's two main tables and what to try next."""
    typer.echo("A synthetic fleet, made on this machine: no figure below is of any real cloud.\n")
    typer.echo("How long each step takes (marts.step_durations, seconds):")
    print_rows(result.durations)
    typer.echo("\nHow often each step fails (marts.step_failure_rates, with 95% intervals):")
    print_rows(result.failure_rates)
    summary(result.summary, result.settings, is_published=True)
    program = "cce-etl" if shutil.which("cce-etl") else sys.argv[0]
    typer.echo(
        "\nTry next:\n"
        f"  {program} explain InstallMaster --published {result.settings.published}     why is it slow, for whom?\n"
        f"  {program} report --published {result.settings.published}     one page about everything\n"
        f'  {program} sql --published {result.settings.published} "FROM marts.data_quality_findings"\n'
        f"  {program} status --warehouse {result.settings.warehouse}\n"
        "  make dagster     the same, every night, with a web page\n"
        "  notebooks/     four investigations to their conclusion"
    )


def demo_server_ready(server: "DemoServer") -> None:
    """Print the environment to set to run against the demo server, as shell commands."""
    typer.echo("# A synthetic fleet answers here until you press Ctrl-C. In another shell:")
    for name, value in server.environment.items():
        typer.echo(f"export {name}={value}")
    typer.echo(f"cce-etl run --ids {server.ids} --rate 0")
    sys.stdout.flush()
