"""Load, read, build and publish the same jobs in a lake and in one file, and compare the bytes that are kept.

One process works at a time; `workers` measures several.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.contender import Stopwatch
from benchmarks.growth import make_file
from benchmarks.harness import Contender, ContenderError, Result, Role, Row, Scale, Target, at_most, compare
from tests.integration.ops.postgres import Postgres, find_programs, running_postgres
from tests.integration.scale.deployment import create_database

if TYPE_CHECKING:
    from cce_etl.settings.location import Location

_JOBS: Final = {Scale.QUICK: 200, Scale.STANDARD: 5_000}
_LAKE, _FILE = "DuckLake", "DuckDB file"
_WAREHOUSE: Final = "warehouse.duckdb"
_LOAD: Final = "lake, load"
# A file of bodies alone counts as fetched when each job last changed: a file a day of them in a lake. One that says
# when they were fetched is as a night's answers are: of one day.
_HISTORY, _NIGHT = "jobs.ndjson", "night.ndjson"
_FETCHED_AT: Final = b"2026-03-01T02:00:00Z"
# What five seconds at ten requests a second bring; beside batches of 2,000 they show what a batch costs by itself.
_SMALL_BATCH, _LARGE_BATCH = 50, 2_000
# The blocks of a table's columns, with those of long values.
_STORED: Final = """
    SELECT count(DISTINCT block) * (SELECT any_value(block_size) FROM pragma_database_size())
    FROM (SELECT unnest(list_append(additional_block_ids, block_id)) AS block FROM pragma_storage_info($1))
    WHERE block >= 0
"""


def rows(scale: Scale) -> Iterator[Row]:
    """Yield each step on a lake beside the same on a file."""
    programs = find_programs()
    if programs is None:
        raise ContenderError("a lake's catalog needs PostgreSQL: apt-get install postgresql")
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="cce-etl-benchmark-"))
        postgres = stack.enter_context(running_postgres(programs))
        arguments = {"folder": folder, "job_count": _JOBS[scale]}
        compare({"making": Contender(make_files, arguments)}, 1)
        found = compare(_contenders(arguments, postgres), scale.repeats)
    for name, result in found.items():
        step, _, kind = name.partition(" / ")
        is_lake = kind == _LAKE
        targets = _targets(result, found[f"{_LOAD} / {_FILE}"]) if step == _LOAD and is_lake else ()
        yield Row(
            step,
            "bytes" if "read" in step else "jobs" if "build" in step or "publish" in step else "rows",
            kind,
            Role.OURS if is_lake else Role.FLOOR,
            result,
            targets if scale is Scale.STANDARD else (),
        )


def _targets(lake: Result, file: Result) -> tuple[Target, ...]:
    cpu = lake.cpu_seconds_per_unit / file.cpu_seconds_per_unit
    return (
        at_most("CPU a row to the DuckDB file's", cpu, 2.0),
        at_most("seconds to the DuckDB file's", lake.seconds / file.seconds, 2.0),
    )


def _contenders(arguments: Mapping[str, Any], postgres: Postgres) -> dict[str, Contender]:
    steps: dict[str, tuple[Callable[..., int], Mapping[str, Any]]] = {
        f"{_LOAD} a night by {_SMALL_BATCH}": (load, {"file": _NIGHT, "batch_jobs": _SMALL_BATCH}),
        f"{_LOAD} a night": (load, {"file": _NIGHT, "batch_jobs": _LARGE_BATCH}),
        _LOAD: (load, {"file": _HISTORY, "batch_jobs": _LARGE_BATCH}),
        "lake, read raw.job_payloads": (read, {"table": "raw.job_payloads"}),
        "lake, read core.jobs": (read, {"table": "core.jobs"}),
        "lake, build": (build, {}),
        "lake, publish": (publish, {}),
    }
    # How libpq takes them; what takes a password by its arguments shows it to every user of the machine.
    server = {"PGHOST": "127.0.0.1", "PGPORT": str(postgres.port), "PGUSER": "dagster", "PGPASSWORD": postgres.password}
    return {
        f"{step} / {kind}": Contender(function, {**arguments, **more, "kind": kind}, server)
        for step, (function, more) in steps.items()
        for kind in (_LAKE, _FILE)
    }


def make_files(watch: Stopwatch, *, folder: str, job_count: int) -> int:
    """Write the jobs as bodies alone, and again with the time at which they were fetched."""
    make_file(watch, folder=folder, job_count=job_count)
    with Path(folder, _HISTORY).open("rb") as bodies, Path(folder, _NIGHT).open("wb") as night:
        night.writelines(b'{"fetched_at":"%b","payload":%b}\n' % (_FETCHED_AT, body.rstrip()) for body in bodies)
    return job_count


def load(watch: Stopwatch, *, folder: str, job_count: int, kind: str, file: str, batch_jobs: int) -> int:
    """Load a file into a new warehouse whose tables are there already: they cost the same however many rows come."""
    from unittest.mock import patch

    from cce_etl.pipeline.load_files import load_files
    from cce_etl.warehouse.connection import open_warehouse

    location = _new(Path(folder), kind)
    with open_warehouse(location):
        pass
    with patch("cce_etl.pipeline.load_files.BATCH_RECORDS", batch_jobs), watch, open_warehouse(location) as connection:
        summary = load_files(connection, "benchmark", [str(Path(folder, file))], "load")
    if summary.fetched != job_count:
        raise RuntimeError(f"{summary.fetched} of {job_count} jobs were loaded")
    return summary.rows


def read(watch: Stopwatch, *, folder: str, job_count: int, kind: str, table: str) -> int:  # noqa: ARG001
    """Read every value of a table; its units are the bytes that are stored of it."""
    from cce_etl.warehouse.connection import open_warehouse

    with open_warehouse(_location(Path(folder), kind)) as connection:
        with watch:
            connection.execute(f"SELECT sum(hash(one)) FROM {table} AS one").fetchall()
        if kind == _FILE:
            connection.execute("CHECKPOINT")
            ((stored,),) = connection.execute(_STORED, [table]).fetchall()
            return int(stored)
    files = Path(folder, "files", *table.split(".")).rglob("*.parquet")
    return sum(file.stat().st_size for file in files)


def build(watch: Stopwatch, *, folder: str, job_count: int, kind: str) -> int:
    """Build every model for the first time."""
    from cce_etl.pipeline import run as pipeline
    from cce_etl.warehouse.connection import open_warehouse

    with watch, open_warehouse(_location(Path(folder), kind)) as connection:
        pipeline.build(connection)
    return job_count


def publish(watch: Stopwatch, *, folder: str, job_count: int, kind: str) -> int:
    """Publish what was built."""
    from cce_etl.publish.publish import publish
    from cce_etl.warehouse.connection import open_warehouse

    location = _location(Path(folder), kind)
    with open_warehouse(location) as connection, watch:
        publish(connection, location, Path(folder, "published.duckdb"), "benchmark", 1_772_323_200_000_000_000)
    return job_count


def _new(folder: Path, kind: str) -> "Location":
    """Return a warehouse that is not there, in place of the one before."""
    if kind == _LAKE:
        shutil.rmtree(folder / "files", ignore_errors=True)
        name = f"lake_{secrets.token_hex(4)}"
        server = Postgres(int(os.environ["PGPORT"]), folder, os.environ["PGPASSWORD"])
        create_database(server, name)
        (folder / "catalog").write_text(name, encoding="utf-8")
    else:
        (folder / _WAREHOUSE).unlink(missing_ok=True)
    return _location(folder, kind)


def _location(folder: Path, kind: str) -> "Location":
    from cce_etl.settings.location import Lake

    if kind == _FILE:
        return folder / _WAREHOUSE
    return Lake(f"postgres:dbname={(folder / 'catalog').read_text(encoding='utf-8')}", str(folder / "files"))
