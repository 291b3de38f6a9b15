"""Which trees the incremental models are built for: those that changed and those linked to them, in batches.

A batch has a bounded number of rows. Trees that share a job's id are in the same batch.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from cce_etl.models.model import Model
from cce_etl.warehouse.connection import Connection

# Some 23,000 trees of 13 rows. With all tables built from them they take some 300 MB of memory.
BATCH_ROWS: Final = 300_000

# A tree that shares an id with an affected tree, now or when it was last built, may contain it or be inside it.
_ADD_LINKED: Final = """
    INSERT INTO affected
    WITH ids AS (
        SELECT source, job_id FROM {warehouse}.core.jobs SEMI JOIN affected USING (source, root_job_id)
        {ids_before}
    )
    SELECT DISTINCT source, root_job_id
    FROM {warehouse}.core.jobs SEMI JOIN ids USING (source, job_id) ANTI JOIN affected USING (source, root_job_id)
"""
_IDS_BEFORE: Final = """
    UNION SELECT source, job_id FROM {warehouse}.{table} AS before
    SEMI JOIN affected ON before.source = affected.source AND before.{key} = affected.root_job_id
"""
_OTHERS: Final = """
    SELECT count(*) FROM (SELECT DISTINCT source, root_job_id FROM {warehouse}.core.jobs)
    ANTI JOIN affected USING (source, root_job_id)
"""
# A tree begins as a component of its own, whose number is the row id of its first row.
_MEMBERS: Final = """
    CREATE TABLE members AS
    SELECT
        affected.source, affected.root_job_id, coalesce(min(jobs.rowid), -1) AS first_row,
        coalesce(max(jobs.rowid), -1) AS last_row, count(jobs.source) AS row_count, first_row AS component
    FROM affected LEFT JOIN {warehouse}.core.jobs AS jobs USING (source, root_job_id)
    GROUP BY affected.source, affected.root_job_id
"""
# Ids are counted by their hashes: texts, kept for the second scan, took twice as long. Different ids with one hash
# are told apart afterwards, when trees are joined by the ids themselves.
_SHARED: Final = """
    CREATE TABLE shared AS
    WITH repeated AS (
        SELECT hash(source, job_id) AS id FROM {warehouse}.core.jobs SEMI JOIN affected USING (source, root_job_id)
        GROUP BY id HAVING count(*) > 1
    )
    SELECT DISTINCT source, job_id, root_job_id FROM {warehouse}.core.jobs AS jobs
    SEMI JOIN repeated ON hash(jobs.source, jobs.job_id) = repeated.id SEMI JOIN affected USING (source, root_job_id)
"""
# In each round, every tree takes the smallest component of the trees it shares an id with.
_JOIN_COMPONENTS: Final = """
    UPDATE members SET component = linked.component
    FROM (
        SELECT source, root_job_id, min(smallest) AS component
        FROM (
            SELECT source, root_job_id, min(component) OVER (PARTITION BY source, job_id) AS smallest
            FROM shared JOIN members USING (source, root_job_id)
        )
        GROUP BY source, root_job_id
    ) AS linked
    WHERE members.source = linked.source AND members.root_job_id = linked.root_job_id
        AND linked.component < members.component
"""
_BATCHES: Final = """
    CREATE TABLE batches AS
    WITH components AS (
        SELECT component, sum(row_count) AS row_count FROM members GROUP BY component
    ), numbered AS (
        SELECT component, (sum(row_count) OVER (ORDER BY component) - row_count)::BIGINT // $1 AS batch FROM components
    )
    SELECT * FROM members JOIN numbered USING (component)
"""


class Worker(msgspec.Struct, frozen=True):
    """A connection that uses a database in memory, and the names of the warehouse and of the plan's database there.

    All tables that this module creates are in those databases, and are dropped with them.
    """

    connection: Connection
    warehouse: str
    plan: str


class Batch(msgspec.Struct, frozen=True):
    """A batch of trees: its number, its first and last row id in core.jobs, and its number of rows."""

    number: int
    first_row: int
    last_row: int
    row_count: int


def plan_batches(worker: Worker, tables: Sequence[Model]) -> list[Batch]:
    """Return batches of some BATCH_ROWS rows of core.jobs, in storage order. Together they hold all affected trees.

    `tables` are the incremental models: their rows say which trees were linked when they were last built.
    """
    run = worker.connection.execute
    run(f"CREATE TABLE affected AS SELECT DISTINCT source, root_job_id FROM {worker.warehouse}.raw.changed_roots")
    _add_linked_trees(worker, tables)
    run(_MEMBERS.format(warehouse=worker.warehouse))
    run(_SHARED.format(warehouse=worker.warehouse))
    while _changed(worker, _JOIN_COMPONENTS):
        pass
    run(_BATCHES, [BATCH_ROWS])
    found = run(
        "SELECT batch, min(first_row), max(last_row), sum(row_count)::BIGINT FROM batches GROUP BY batch ORDER BY batch"
    ).fetchall()
    return [Batch(*row) for row in found]


def select_batch(worker: Worker, batch: Batch) -> None:
    """Make the worker's core.jobs a view of a batch's rows, and list its trees in the table `batch`."""
    run = worker.connection.execute
    run(
        f"CREATE OR REPLACE TABLE batch AS SELECT source, root_job_id FROM {worker.plan}.main.batches WHERE batch = $1",
        [batch.number],
    )
    # A batch's rows mostly stand together: with a range of row ids, DuckDB does not read the rest of a large table.
    jobs = f"{worker.warehouse}.core.jobs AS jobs"
    is_near = f"jobs.rowid BETWEEN {batch.first_row} AND {batch.last_row}"
    of_batch = ""
    if batch.last_row - batch.first_row + 1 > batch.row_count:
        # Rows of other trees stand between them. The rows are found by name once, here; a dozen scans then use row ids.
        named = f"FROM {jobs} SEMI JOIN batch USING (source, root_job_id) WHERE {is_near}"
        run(f"CREATE OR REPLACE TABLE batch_rows AS SELECT jobs.rowid AS row_id {named}")
        of_batch = "SEMI JOIN batch_rows ON jobs.rowid = batch_rows.row_id"
    run(f"CREATE OR REPLACE VIEW core.jobs AS SELECT jobs.* FROM {jobs} {of_batch} WHERE {is_near}")


def root_column(model: Model) -> str:
    """Return the column that names the tree of a row: the second one of the model's grain."""
    return model.grain.split(", ")[1]


def _add_linked_trees(worker: Worker, tables: Sequence[Model]) -> None:
    if not _changed(worker, _OTHERS.format(warehouse=worker.warehouse)):
        return
    with_ids = [model for model in tables if "job_id" in model.columns]
    before = [
        _IDS_BEFORE.format(warehouse=worker.warehouse, table=model.name, key=root_column(model)) for model in with_ids
    ]
    while _changed(worker, _ADD_LINKED.format(warehouse=worker.warehouse, ids_before="".join(before))):
        pass


def _changed(worker: Worker, statement: str) -> int:
    ((count,),) = worker.connection.execute(statement).fetchall()
    return int(count)
