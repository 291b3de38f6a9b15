"""The plainest scripts that put the same rows into the same table as `cce-etl load`.

They read bodies of the documented shape alone. They keep no bodies, no payload versions, no dead letters and no run
counts. `load.differing_rows` compares their rows with ours.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.contender import Stopwatch

BATCH_JOBS: Final = 5_000
_COLUMNS: Final = (
    "job_id", "parent_job_id", "root_job_id", "path", "depth", "ordinal", "job_type", "cluster_id", "resource_id",
    "resource_name", "phase", "reason", "planned_at", "created_text", "updated_text", "extend_param", "is_leaf",
    "has_uid",
)  # fmt: skip
_GREGORIAN_TICKS: Final = 0x01B21DD213814000
# DuckDB reads the clocks: synthetic ones are in UTC, or the zero time.
_INSERT: Final = """
    INSERT INTO core.jobs BY NAME
    SELECT 's' AS source, *, phase AS canonical_phase,
        replace(nullif(created_text, '0001-01-01 00:00:00 +0000 UTC'), ' +0000 UTC', '')::TIMESTAMP_NS AS created_at,
        replace(nullif(updated_text, '0001-01-01 00:00:00 +0000 UTC'), ' +0000 UTC', '')::TIMESTAMP_NS AS updated_at
    FROM incoming
"""


def msgspec_and_arrow(watch: Stopwatch, *, path: str) -> int:
    """Decode with msgspec."""
    import msgspec

    return _in_own_file(watch, path, msgspec.json.Decoder().decode)


def orjson_and_arrow(watch: Stopwatch, *, path: str) -> int:
    """Decode with orjson."""
    import orjson

    return _in_own_file(watch, path, orjson.loads)


def _in_own_file(watch: Stopwatch, path: str, decode: Callable[[bytes], Any]) -> int:
    from cce_etl.warehouse.connection import open_warehouse

    with TemporaryDirectory() as folder, watch, open_warehouse(Path(folder) / "floor.duckdb") as connection:
        return load(connection, path, decode)


def load(connection: Any, path: str, decode: Callable[[bytes], Any]) -> int:
    """Load a file of documented bodies in batches, each a transaction; return the rows."""
    import pyarrow as pa

    from cce_etl.warehouse.connection import transaction
    from cce_etl.warehouse.jobs import bulk_loading

    types = {"depth": pa.int32(), "ordinal": pa.int32(), "planned_at": pa.timestamp("ns")} | {
        "extend_param": pa.map_(pa.string(), pa.string()),
        "is_leaf": pa.bool_(),
        "has_uid": pa.bool_(),
    }
    row_count = 0
    with Path(path).open("rb") as file, bulk_loading(connection):
        while lines := list(islice(file, BATCH_JOBS)):
            columns = zip(*(row for line in lines for row in _rows(decode(line))), strict=True)
            named = zip(_COLUMNS, columns, strict=True)
            table = pa.table({name: pa.array(values, types.get(name, pa.string())) for name, values in named})
            with transaction(connection):
                connection.register("incoming", table)
                connection.execute(_INSERT)
            row_count += table.num_rows
    return row_count


def _rows(root: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    root_id = root["metadata"]["uid"]
    pending: list[tuple[dict[str, Any], str | None, str, int, int]] = [(root, None, "", 0, 0)]
    for job, parent_id, path, depth, ordinal in pending:
        metadata, spec, status = job["metadata"], job["spec"], job["status"]
        uid, steps = metadata["uid"], spec.get("subJobs") or ()
        yield (
            uid, parent_id, root_id, path, depth, ordinal, spec["type"], spec.get("clusterUID"), spec.get("resourceID"),
            spec.get("resourceName"), status["phase"], status.get("reason"), _planned(uid),
            metadata["creationTimestamp"], metadata["updateTimestamp"], list(spec.get("extendParam", {}).items()),
            not steps, True,
        )  # fmt: skip
        prefix = path and f"{path}/"
        pending.extend((step, uid, f"{prefix}{number}", depth + 1, number) for number, step in enumerate(steps))


def _planned(uid: str) -> int | None:
    if len(uid) != 36 or uid[14] != "1":
        return None
    return (int(uid[15:18] + uid[9:13] + uid[:8], 16) - _GREGORIAN_TICKS) * 100


def read_json_and_cte(watch: Stopwatch, *, path: str) -> int:
    """Let DuckDB read the file and walk the trees by a recursive query, into a table of the same grain."""
    from cce_etl.warehouse.connection import open_warehouse

    with TemporaryDirectory() as folder, watch, open_warehouse(Path(folder) / "floor.duckdb") as connection:
        connection.execute(_RECURSIVE, [path])
        ((count,),) = connection.execute("SELECT count(*) FROM core.jobs").fetchall()
    return int(count)


_RECURSIVE: Final = """
    INSERT INTO core.jobs BY NAME
    WITH RECURSIVE nodes AS (
        SELECT json AS job, json ->> '$.metadata.uid' AS root_job_id, NULL::VARCHAR AS parent_job_id, '' AS path,
            0 AS depth, 0 AS ordinal
        FROM read_json_objects($1, format = 'newline_delimited', maximum_object_size = 67108864)
        UNION ALL
        SELECT job -> ('$.spec.subJobs[' || step || ']'), root_job_id, job ->> '$.metadata.uid',
            CASE path WHEN '' THEN '' ELSE path || '/' END || step, depth + 1, step
        FROM (
            SELECT *, unnest(range(json_array_length(job, '$.spec.subJobs')::BIGINT))::INTEGER AS step FROM nodes
        )
    )
    SELECT 's' AS source, job ->> '$.metadata.uid' AS job_id, parent_job_id, root_job_id, path, depth, ordinal,
        job ->> '$.spec.type' AS job_type, job ->> '$.spec.clusterUID' AS cluster_id,
        job ->> '$.spec.resourceID' AS resource_id, job ->> '$.spec.resourceName' AS resource_name,
        job ->> '$.status.phase' AS phase, job ->> '$.status.phase' AS canonical_phase,
        job ->> '$.status.reason' AS reason, job ->> '$.metadata.creationTimestamp' AS created_text,
        job ->> '$.metadata.updateTimestamp' AS updated_text,
        coalesce((job -> '$.spec.extendParam')::MAP(VARCHAR, VARCHAR), MAP {}) AS extend_param,
        replace(nullif(created_text, '0001-01-01 00:00:00 +0000 UTC'), ' +0000 UTC', '')::TIMESTAMP_NS AS created_at,
        replace(nullif(updated_text, '0001-01-01 00:00:00 +0000 UTC'), ' +0000 UTC', '')::TIMESTAMP_NS AS updated_at,
        coalesce(json_array_length(job, '$.spec.subJobs'), 0) = 0 AS is_leaf, true AS has_uid
    FROM nodes
"""
