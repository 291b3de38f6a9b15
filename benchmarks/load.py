"""Load saved bodies into core.jobs, beside scripts that do nothing else: `python -m benchmarks.load --jobs 50000`.

It also proves that our contender and the floors make the same rows.
"""

import argparse
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import gettempdir
from typing import Final

from benchmarks import load_floor
from benchmarks.contender import Stopwatch
from benchmarks.harness import Contender, Role, Row, Scale, at_least, at_most, compare
from benchmarks.table import HEADINGS, TARGET_HEADINGS, aligned, cells, target_cells

FOLDER: Final = Path(gettempdir()) / "cce-etl-benchmarks"
ENDS_AT_NS: Final = 1_790_000_000_000_000_000
_SEED: Final = 8
_JOBS: Final = {Scale.QUICK: 100, Scale.STANDARD: 50_000}
_MEGABYTE: Final = 1_000_000
_OURS, _BARE = "cce-etl load", "cce-etl load, bodies not kept"
_FLOORS: Final = ("msgspec and Arrow", "orjson and Arrow")


def rows(scale: Scale) -> Iterator[Row]:
    """Yield a full load, one that keeps no bodies, and the floors. A unit is a row of core.jobs."""
    return measure(_JOBS[scale], scale.repeats)


def measure(job_count: int, repeats: int) -> Iterator[Row]:
    """Yield the same for any number of jobs; raises ValueError when the floor's rows are not ours."""
    path = bodies(job_count)
    unlike = differing_rows(bodies(min(job_count, 500)))
    if unlike:
        raise ValueError(f"{unlike} rows of the floor differ from ours: it does less, or other, work")
    arguments = {"path": str(path)}
    found = compare(
        {
            _OURS: Contender(ours, arguments),
            _BARE: Contender(ours_without_bodies, arguments),
            _FLOORS[0]: Contender(load_floor.msgspec_and_arrow, arguments),
            _FLOORS[1]: Contender(load_floor.orjson_and_arrow, arguments),
            "read_json and recursive CTE": Contender(load_floor.read_json_and_cte, arguments),
        },
        repeats,
    )
    floor_seconds = min(found[name].cpu_seconds for name in _FLOORS)
    targets = (
        at_most("CPU to the faster floor's", found[_OURS].cpu_seconds / floor_seconds, 1.6),
        at_most("the same, bodies not kept", found[_BARE].cpu_seconds / floor_seconds, 1.3),
        at_least("rows/s", found[_OURS].units_per_second, 120_000),
        at_most("peak MB", found[_OURS].peak_bytes / _MEGABYTE, 700),
    )
    for name, result in found.items():
        role = Role.OURS if name == _OURS else Role.FLOOR if name in _FLOORS else Role.ALTERNATIVE
        yield Row("load", "rows", name, role, result, targets if role is Role.OURS else ())


def bodies(job_count: int) -> Path:
    """Return a file of synthetic bodies, a line each, made when it is not there yet."""
    path = FOLDER / f"bodies-{job_count}.ndjson"
    if not path.exists():
        from cce_etl.demo.fleet import build_fleet

        FOLDER.mkdir(exist_ok=True)
        unfinished = path.with_suffix(".part")
        with unfinished.open("wb") as file:
            for _, body in build_fleet(_SEED, job_count, ENDS_AT_NS).v3_bodies():
                file.write(body.replace(b"\n", b" ") + b"\n")
        unfinished.rename(path)
    return path


def ours(watch: Stopwatch, *, path: str) -> int:
    """Load as the command line does."""
    from tempfile import TemporaryDirectory

    from cce_etl.pipeline.load_files import load_files
    from cce_etl.warehouse.connection import open_warehouse

    with TemporaryDirectory() as folder, watch, open_warehouse(Path(folder) / "ours.duckdb") as connection:
        return load_files(connection, "s", [path], "load").rows


def ours_without_bodies(watch: Stopwatch, *, path: str) -> int:
    """Load all the same, but neither compress bodies nor write them to raw.job_payloads."""
    from hashlib import sha256
    from unittest.mock import Mock, patch

    from cce_etl.transform.versions import Payload

    def payload(job_id: str, dialect: str, fetched_at: int | None, body: bytes) -> Payload:
        return Payload(job_id, dialect, fetched_at, b"", len(body), sha256(body).digest())

    with (
        patch("cce_etl.pipeline.load.append_payloads"),
        patch("cce_etl.pipeline.load.PayloadCompressor", lambda: Mock(payload=payload)),
    ):
        return ours(watch, path=path)


def differing_rows(path: Path) -> int:
    """Return how many rows the floor makes of these bodies that we do not, or the other way round."""
    from tempfile import TemporaryDirectory

    import msgspec

    from cce_etl.pipeline.load_files import load_files
    from cce_etl.warehouse.connection import open_warehouse

    with TemporaryDirectory() as folder, open_warehouse(Path(folder) / "ours.duckdb") as connection:
        floor = Path(folder) / "floor.duckdb"
        with open_warehouse(floor) as other:
            load_floor.load(other, str(path), msgspec.json.decode)
        load_files(connection, "s", [str(path)], "load")
        connection.execute(f"ATTACH '{floor}' AS floor (READ_ONLY)")
        both = ("FROM core.jobs SELECT * EXCLUDE (observed_at)", "FROM floor.core.jobs SELECT * EXCLUDE (observed_at)")
        counts = [
            connection.execute(f"SELECT count(*) FROM ({one} EXCEPT {other})").fetchall()[0][0]
            for one, other in (both, both[::-1])
        ]
    return sum(counts)


def main() -> int:
    """Measure one size and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--jobs", type=int, default=_JOBS[Scale.STANDARD])
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    found = list(measure(arguments.jobs, arguments.repeats))
    sys.stdout.write(f"{aligned(HEADINGS, cells(found))}\n\n{aligned(TARGET_HEADINGS, target_cells(found))}\n")
    return 0 if all(target.is_met for row in found for target in row.targets) else 1


if __name__ == "__main__":
    # Under its own name, by which a contender's process finds its functions.
    sys.exit(importlib.import_module("benchmarks.load").main())
