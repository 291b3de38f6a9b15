"""core.jobs: every node of every job, a row each.

Lives here: replacing a root's rows, moving the time it was last observed.
Does not: making rows from bodies (`job`, `flatten`), the models built from them (`models`).
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import pyarrow as pa

from cce_etl.job import JobRow
from cce_etl.warehouse.connection import Connection

_TIMESTAMP: Final = pa.timestamp("ns")
_TYPES: Final[dict[str, pa.DataType]] = {
    "depth": pa.int32(),
    "ordinal": pa.int32(),
    "planned_at": _TIMESTAMP,
    "created_at": _TIMESTAMP,
    "updated_at": _TIMESTAMP,
    "completed_at": _TIMESTAMP,
    "extend_param": pa.map_(pa.string(), pa.string()),
    "is_leaf": pa.bool_(),
    "has_uid": pa.bool_(),
}


class Tree(msgspec.Struct, frozen=True):
    """Hold the rows of one root."""

    root_job_id: str
    rows: list[JobRow]


def replace_trees(connection: Connection, source: str, trees: Sequence[Tree], loaded_before: Sequence[str]) -> int:
    """Put the trees into core.jobs in place of what it has of their roots; return the number of rows written.

    Only roots in `loaded_before` are looked for and deleted, so that a first load never searches the table. The
    observation time is the one raw.job_ids has for the root by now: elapsed times run to it.
    """
    if loaded_before:
        connection.register("incoming", pa.table({"root_job_id": pa.array(loaded_before, pa.string())}))
        # Equalities on columns become a hash join; a tuple IN (...) does not.
        connection.execute(
            """
            DELETE FROM core.jobs USING incoming
            WHERE jobs.source = $1 AND jobs.root_job_id = incoming.root_job_id
            """,
            [source],
        )
    table = _table(trees)
    if table.num_rows:
        connection.register("incoming", table)
        connection.execute(
            """
            INSERT INTO core.jobs BY NAME
            SELECT $1 AS source, incoming.*, job_ids.last_fetched_at AS observed_at
            FROM incoming LEFT JOIN raw.job_ids
                ON job_ids.source = $1 AND job_ids.job_id = incoming.root_job_id
            """,
            [source],
        )
    return table.num_rows  # type: ignore[no-any-return]


def _table(trees: Sequence[Tree]) -> pa.Table:
    rows = [msgspec.structs.astuple(row) for tree in trees for row in tree.rows]
    columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * len(JobRow.__struct_fields__)
    arrays = {name: _array(name, values) for name, values in zip(JobRow.__struct_fields__, columns, strict=True)}
    return pa.table(arrays)


def _array(name: str, values: Sequence[Any]) -> pa.Array:
    if name == "extend_param":
        values = [list(value.items()) for value in values]
    return pa.array(values, _TYPES.get(name, pa.string()))


def move_observed(connection: Connection, source: str, root_job_ids: Sequence[str]) -> None:
    """Move the observation time of trees that were seen again unchanged to what raw.job_ids has by now."""
    if not root_job_ids:
        return
    connection.register("incoming", pa.table({"job_id": pa.array(root_job_ids, pa.string())}))
    connection.execute(
        """
        UPDATE core.jobs SET observed_at = seen.last_fetched_at
        FROM (
            SELECT job_id, last_fetched_at FROM raw.job_ids SEMI JOIN incoming USING (job_id) WHERE source = $1
        ) AS seen
        WHERE jobs.source = $1 AND jobs.root_job_id = seen.job_id
            AND jobs.observed_at IS DISTINCT FROM seen.last_fetched_at
        """,
        [source],
    )


def clear_core(connection: Connection) -> None:
    """Empty core.jobs, to be filled again from raw."""
    connection.execute("TRUNCATE core.jobs")
