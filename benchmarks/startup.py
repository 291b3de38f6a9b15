"""Measure how long a user waits before work begins: help, a query, Dagster's definitions, a run under Dagster."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.commands import CCE_ETL, our_environment, run_command
from benchmarks.contender import Stopwatch
from benchmarks.fetch import LATENCY_SECONDS
from benchmarks.harness import ROOT, Contender, Role, Row, Scale, Target, at_most, compare, serving
from benchmarks.job_server import fleet_ids, serve_fleet

_JOBS: Final = 50
_NIGHT_REPEATS: Final = 3
_PYTHON: Final = sys.executable
# Each with what it is held against, as argument lists, and its limit in seconds.
_COMMANDS: Final = {
    "cce-etl --help": ([*CCE_ETL, "--help"], [_PYTHON, "-c", "import typer"], 0.3),
    "cce-etl run --help": ([*CCE_ETL, "run", "--help"], [_PYTHON, "-c", "import typer"], 0.8),
    "cce-etl sql": ([*CCE_ETL, "sql", "SELECT 1"], [_PYTHON, "-c", "import typer, duckdb"], 0.6),
    "Dagster's definitions": (
        [_PYTHON, "-c", "from cce_etl.definitions import defs; defs.get_repository_def()"],
        [_PYTHON, "-c", "import dagster"],
        5.0,
    ),
}


def rows(scale: Scale) -> Iterator[Row]:
    """Yield each command beside a process that only imports what it needs; then nights by Dagster and by the CLI."""
    with tempfile.TemporaryDirectory(prefix="cce-etl-benchmark-") as name:
        folder = Path(name)
        compare({"publishing": Contender(publish_nothing, {"folder": name})}, 1)
        for words, (command, floor, limit_seconds) in _COMMANDS.items():
            found = compare({"it": _command(command, folder), "floor": _command(floor, folder)}, scale.repeats)
            targets = (at_most("seconds", found["it"].seconds, limit_seconds),)
            yield Row(f"start: {words}", "start", "cce-etl", Role.OURS, found["it"], targets)
            yield Row(f"start: {words}", "start", "its imports", Role.FLOOR, found["floor"])
        if scale is not Scale.QUICK:  # two nights take longer than all else that is quick
            yield from _night(folder)


def _night(folder: Path) -> Iterator[Row]:
    (folder / "ids.txt").write_text("\n".join(fleet_ids(_JOBS)), encoding="utf-8")
    with serving(serve_fleet, {"job_count": _JOBS, "latency_seconds": LATENCY_SECONDS}) as endpoint:
        arguments = {"folder": str(folder), "endpoint": endpoint}
        contenders = {
            "Dagster": Contender(night_by_dagster, arguments),
            "within the run": Contender(night_within_run, arguments),
            "nothing": Contender(night_of_nothing, {"folder": str(folder)}),
            "CLI": Contender(night_by_cli, arguments),
        }
        found = compare(contenders, _NIGHT_REPEATS)
    beyond = found["Dagster"].seconds - found["CLI"].seconds
    targets: tuple[Target, ...] = (
        at_most("seconds beyond the CLI's", beyond, 13.0),
        at_most(
            "of these between the run's start and end", found["within the run"].seconds - found["CLI"].seconds, 4.0
        ),
    )
    yield Row("a night", "night", "dagster job execute", Role.OURS, found["Dagster"], targets)
    yield Row("a night", "night", "its run, start to end", Role.OURS_TOO, found["within the run"])
    yield Row("a night", "night", "cce-etl run and report", Role.FLOOR, found["CLI"])
    yield Row("a night", "night", "a run of the same graph, nothing done", Role.FLOOR, found["nothing"])


def _command(command: list[str], folder: Path) -> Contender:
    return Contender(run_command, {"command": command, "environment": our_environment(folder)})


def publish_nothing(watch: Stopwatch, *, folder: str) -> int:
    """Publish an empty warehouse, so that there is a file to ask."""
    from cce_etl.publish.publish import publish
    from cce_etl.warehouse.connection import open_warehouse

    warehouse = Path(folder, "warehouse.duckdb")
    with watch, open_warehouse(warehouse) as connection:
        publish(connection, warehouse, Path(folder, "published.duckdb"), "benchmark", 0)
    return 1


def night_by_dagster(watch: Stopwatch, *, folder: str, endpoint: str) -> int:
    """Execute the nightly graph on a new warehouse."""
    return run_command(watch, command=_execute("cce_etl.definitions"), environment=_fresh(folder, endpoint))


def night_within_run(watch: Stopwatch, *, folder: str, endpoint: str) -> int:  # noqa: ARG001
    """Measure the time between the start and the end of the run before."""
    watch.seconds = _seconds_of_last_run(folder)
    return 1


def night_of_nothing(watch: Stopwatch, *, folder: str) -> int:
    """Measure the same for a graph of the same assets and checks that do nothing."""
    run_command(Stopwatch(), command=_execute("benchmarks.night_of_nothing"), environment=_fresh(folder, ""))
    watch.seconds = _seconds_of_last_run(folder)
    return 1


def _execute(module: str) -> list[str]:
    return [_PYTHON, "-m", "dagster", "job", "execute", "-m", module, "-j", "nightly"]


def _seconds_of_last_run(folder: str) -> float:
    """Return the time between a run's start and its end by Dagster's own record."""
    from dagster import DagsterInstance

    with DagsterInstance.from_config(str(Path(folder, "dagster"))) as instance:
        (record,) = instance.get_run_records(limit=1)
    return (record.end_time or 0.0) - (record.start_time or 0.0)


def night_by_cli(watch: Stopwatch, *, folder: str, endpoint: str) -> int:
    """Do the same work by two commands on a new warehouse."""
    environment = _fresh(folder, endpoint)
    run_command(watch, command=[*CCE_ETL, "run"], environment=environment)
    report = str(Path(folder, "report.html"))
    return run_command(watch, command=[*CCE_ETL, "report", "--output", report], environment=environment)


def _fresh(folder: str, endpoint: str) -> dict[str, str]:
    path = Path(folder)
    for old in path.glob("*.duckdb*"):
        old.unlink()
    home = path / "dagster"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    shutil.copy(ROOT / "dagster_home" / "dagster.yaml", home)
    settings: dict[str, Any] = our_environment(path, endpoint)
    return settings | {"CCE_JOB_IDS": str(path / "ids.txt"), "DAGSTER_HOME": str(home)}
