"""Load and build ten times as many jobs, to see that the cost of one job does not grow."""

import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from benchmarks.contender import Stopwatch
from benchmarks.harness import Contender, Result, Role, Row, Scale, Target, at_most, compare

_SIZES: Final = {
    Scale.QUICK: (100, 400),
    Scale.STANDARD: (10_000, 100_000),
    Scale.LARGE: (100_000, 1_000_000),
}
_REPEATS: Final = {Scale.QUICK: 1, Scale.STANDARD: 3, Scale.LARGE: 1}
_FLAT: Final = 1.25


def rows(scale: Scale) -> Iterator[Row]:
    """Yield load and build of the smaller and the larger fleet; jobs as units."""
    found: dict[int, dict[str, Result]] = {}
    for job_count in _SIZES[scale]:
        with tempfile.TemporaryDirectory(prefix="cce-etl-benchmark-") as folder:
            arguments = {"folder": folder, "job_count": job_count}
            compare({"making": Contender(make_file, arguments)}, 1)
            contenders = {"load": Contender(load, arguments), "build": Contender(build, arguments)}
            found[job_count] = compare(contenders, _REPEATS[scale])
    small, large = _SIZES[scale]
    for step in ("load", "build"):
        targets = _targets(found[small][step], found[large][step]) if scale is not Scale.QUICK else ()
        yield Row(f"growth, {step}", "jobs", f"{large:,} jobs", Role.OURS, found[large][step], targets)
        yield Row(f"growth, {step}", "jobs", f"{small:,} jobs", Role.SMALLER, found[small][step])


def _targets(small: Result, large: Result) -> tuple[Target, ...]:
    seconds = (large.seconds / large.units) / (small.seconds / small.units)
    cpu = (large.cpu_seconds / large.units) / (small.cpu_seconds / small.units)
    memory = large.peak_bytes_per_unit / small.peak_bytes_per_unit
    return (
        at_most("time a job to that of the smaller fleet", seconds, _FLAT),
        at_most("CPU a job to that of the smaller fleet", cpu, _FLAT),
        at_most("memory a job to that of the smaller fleet", memory, _FLAT),
    )


def make_file(watch: Stopwatch, *, folder: str, job_count: int) -> int:
    """Write that many jobs as NDJSON."""
    with watch, Path(folder, "jobs.ndjson").open("wb") as file:
        file.writelines(body + b"\n" for body in _bodies(job_count))
    return job_count


def _bodies(job_count: int) -> Iterator[bytes]:
    from benchmarks.job_server import ENDS_AT_NS, SEED
    from cce_etl.demo.fleet import build_fleet

    # The documented example, which comes first, is no job of the fleet's.
    return islice((body for _, body in build_fleet(SEED, job_count + 1, ENDS_AT_NS).v3_bodies()), 1, None)


def load(watch: Stopwatch, *, folder: str, job_count: int) -> int:
    """Load the file into a new warehouse."""
    from cce_etl.pipeline.load_files import load_files
    from cce_etl.warehouse.connection import open_warehouse

    warehouse = Path(folder, "warehouse.duckdb")
    warehouse.unlink(missing_ok=True)
    with watch, open_warehouse(warehouse) as connection:
        summary = load_files(connection, "benchmark", [str(Path(folder, "jobs.ndjson"))], "load")
    if summary.fetched != job_count:
        raise RuntimeError(f"{summary.fetched} of {job_count} jobs were loaded")
    return job_count


def build(watch: Stopwatch, *, folder: str, job_count: int) -> int:
    """Build every model of the warehouse for the first time."""
    from cce_etl.pipeline.run import build
    from cce_etl.warehouse.connection import open_warehouse

    with watch, open_warehouse(Path(folder, "warehouse.duckdb")) as connection:
        build(connection)
    return job_count
