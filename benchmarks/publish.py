"""Publish a file of 1 GB, beside a plain copy of it with fsync."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.contender import Stopwatch
from benchmarks.harness import Contender, Role, Row, Scale, at_most, compare

_MEGABYTES: Final = {Scale.QUICK: 10, Scale.STANDARD: 1_000}
# Of text in a row; DuckDB packs hexadecimal digits to about half.
_ROW_CHARACTERS: Final = 1_000
_ROW_BYTES: Final = 555


def rows(scale: Scale) -> Iterator[Row]:
    """Yield publishing, from CHECKPOINT to swapped in, beside the copy; megabytes as units."""
    with tempfile.TemporaryDirectory(prefix="cce-etl-benchmark-") as folder:
        warehouse = Path(folder) / "warehouse.duckdb"
        arguments = {"warehouse": str(warehouse)}
        compare({"making": Contender(make_warehouse, arguments | {"megabytes": _MEGABYTES[scale]})}, 1)
        found = compare(
            {
                "cce-etl": Contender(publish_file, arguments),
                "copy and fsync": Contender(copy_file, arguments),
            },
            scale.repeats,
        )
    ours, floor = found["cce-etl"], found["copy and fsync"]
    # Opening, stripping and verifying cost half a second whatever the size, which says nothing at small ones.
    targets = (
        (at_most("time to a copy and fsync", ours.seconds / floor.seconds, 1.5),) if scale is Scale.STANDARD else ()
    )
    yield Row("publish", "MB", "cce-etl", Role.OURS, ours, targets)
    yield Row("publish", "MB", "copy and fsync", Role.FLOOR, floor)


def make_warehouse(watch: Stopwatch, *, warehouse: str, megabytes: int) -> int:
    """Fill core.jobs with rows that do not compress, so that the file has about the size that is named."""
    from cce_etl.warehouse.connection import open_warehouse

    with watch, open_warehouse(Path(warehouse)) as connection:
        connection.execute(
            """
            INSERT INTO core.jobs BY NAME
            SELECT
                'benchmark' AS source, md5(number::VARCHAR) AS job_id, job_id AS root_job_id, '' AS path, 0 AS depth,
                0 AS ordinal, 'CreateCluster' AS job_type, 'Success' AS phase, true AS is_leaf, true AS has_uid,
                (SELECT string_agg(md5((number * 100 + part)::VARCHAR), '') FROM range($2) AS parts (part)) AS reason
            FROM range($1) AS numbers (number)
            """,
            [megabytes * 1_000_000 // _ROW_BYTES, _ROW_CHARACTERS // 32],
        )
    return Path(warehouse).stat().st_size // 1_000_000


def publish_file(watch: Stopwatch, *, warehouse: str) -> int:
    """Publish the warehouse to a file beside it."""
    from cce_etl.publish.publish import publish
    from cce_etl.warehouse.connection import open_warehouse

    path = Path(warehouse)
    with open_warehouse(path) as connection:
        # DuckDB 1.5 imports pandas, 0.4 s, with a process's first parameter; a run has given it many by then.
        connection.execute("SELECT $1", [1])
        with watch:
            publish(connection, path, path.with_name("published.duckdb"), "benchmark", 1_772_323_200_000_000_000)
    return path.stat().st_size // 1_000_000


def copy_file(watch: Stopwatch, *, warehouse: str) -> int:
    """Copy the same file and have it written to the disk."""
    import os
    import shutil

    copy = Path(warehouse).with_name("copy.duckdb")
    with watch:
        shutil.copyfile(warehouse, copy)
        with copy.open("rb") as written:
            os.fsync(written)
    return copy.stat().st_size // 1_000_000
