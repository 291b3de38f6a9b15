"""Which trees the models made by tree are to be made for, in batches of bounded size.

Lives here: trees that changed, those linked to them by an id, batches that part no linked trees.
Does not: making and keeping what is made of a batch (`trees`). All tables here are the worker's, gone with it.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from cce_etl.models.model import Model
from cce_etl.warehouse.connection import Connection

# Of 13 rows a tree some 23,000 trees, which with all that is made of them take some 300 MB of memory.
BATCH_ROWS: Final = 300_000

# Who shares an id with an affected tree, as it is now or as it was when last kept, may hold it or be held by it.
_SPREAD: Final = """
    INSERT INTO affected
    WITH ids AS (
        SELECT source, job_id FROM {kept}.core.jobs SEMI JOIN affected USING (source, root_job_id)
        {ids_before}
    )
    SELECT DISTINCT source, root_job_id
    FROM {kept}.core.jobs SEMI JOIN ids USING (source, job_id) ANTI JOIN affected USING (source, root_job_id)
"""
_IDS_BEFORE: Final = """
    UNION SELECT source, job_id FROM {kept}.{table} AS before
    SEMI JOIN affected ON before.source = affected.source AND before.{key} = affected.root_job_id
"""
_OTHERS: Final = """
    SELECT count(*) FROM (SELECT DISTINCT source, root_job_id FROM {kept}.core.jobs)
    ANTI JOIN affected USING (source, root_job_id)
"""
# A tree begins as a component of its own, named after its first row.
_MEMBERS: Final = """
    CREATE TABLE members AS
    SELECT
        affected.source, affected.root_job_id, coalesce(min(jobs.rowid), -1) AS first_row,
        coalesce(max(jobs.rowid), -1) AS last_row, count(jobs.source) AS row_count, first_row AS component
    FROM affected LEFT JOIN {kept}.core.jobs AS jobs USING (source, root_job_id)
    GROUP BY affected.source, affected.root_job_id
"""
# Ids are counted as numbers: as texts, kept for the second scan, they took twice as long. Two that happen to have one
# number are then found to be different, and join nothing.
_SHARED: Final = """
    CREATE TABLE shared AS
    WITH repeated AS (
        SELECT hash(source, job_id) AS id FROM {kept}.core.jobs SEMI JOIN affected USING (source, root_job_id)
        GROUP BY id HAVING count(*) > 1
    )
    SELECT DISTINCT source, job_id, root_job_id FROM {kept}.core.jobs AS jobs
    SEMI JOIN repeated ON hash(jobs.source, jobs.job_id) = repeated.id SEMI JOIN affected USING (source, root_job_id)
"""
# Each round, every tree takes the smallest component among the trees it shares an id with.
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
    """Hold a connection that uses a database in memory, the warehouse's name there, and that of the plan's database."""

    connection: Connection
    kept: str
    plan: str


class Batch(msgspec.Struct, frozen=True):
    """Name a batch of trees, and where in core.jobs its rows stand: by first and last row id."""

    number: int
    first_row: int
    last_row: int
    row_count: int


def plan_batches(worker: Worker, tables: Sequence[Model]) -> list[Batch]:
    """Return batches of some BATCH_ROWS rows of core.jobs that together are all affected trees, in storage order.

    The trees in `tables` may have been linked to others when they were kept.
    """
    run = worker.connection.execute
    run(f"CREATE TABLE affected AS SELECT DISTINCT source, root_job_id FROM {worker.kept}.raw.changed_roots")
    _spread(worker, tables)
    run(_MEMBERS.format(kept=worker.kept))
    run(_SHARED.format(kept=worker.kept))
    while _changed(worker, _JOIN_COMPONENTS):
        pass
    run(_BATCHES, [BATCH_ROWS])
    found = run(
        "SELECT batch, min(first_row), max(last_row), sum(row_count)::BIGINT FROM batches GROUP BY batch ORDER BY batch"
    ).fetchall()
    return [Batch(*row) for row in found]


def take_batch(worker: Worker, batch: Batch) -> None:
    """Let the worker's own core.jobs mean a batch's trees, and put their names into its table `batch`."""
    run = worker.connection.execute
    run(
        f"CREATE OR REPLACE TABLE batch AS SELECT source, root_job_id FROM {worker.plan}.main.batches WHERE batch = $1",
        [batch.number],
    )
    # Row ids, since a batch's rows mostly stand together: the rest of a large table is then not even read.
    jobs = f"{worker.kept}.core.jobs AS jobs"
    is_near = f"jobs.rowid BETWEEN {batch.first_row} AND {batch.last_row}"
    of_batch = ""
    if batch.last_row - batch.first_row + 1 > batch.row_count:
        # Something stands between them: each of a dozen scans looks rows up by number, and one, here, by name.
        named = f"FROM {jobs} SEMI JOIN batch USING (source, root_job_id) WHERE {is_near}"
        run(f"CREATE OR REPLACE TABLE batch_rows AS SELECT jobs.rowid AS row_id {named}")
        of_batch = "SEMI JOIN batch_rows ON jobs.rowid = batch_rows.row_id"
    run(f"CREATE OR REPLACE VIEW core.jobs AS SELECT jobs.* FROM {jobs} {of_batch} WHERE {is_near}")


def root_column(model: Model) -> str:
    """Return the column that names the tree a model's row belongs to: the second of its grain."""
    return model.grain.split(", ")[1]


def _spread(worker: Worker, tables: Sequence[Model]) -> None:
    if not _changed(worker, _OTHERS.format(kept=worker.kept)):
        return
    with_ids = [model for model in tables if "job_id" in model.columns]
    before = [_IDS_BEFORE.format(kept=worker.kept, table=model.name, key=root_column(model)) for model in with_ids]
    while _changed(worker, _SPREAD.format(kept=worker.kept, ids_before="".join(before))):
        pass


def _changed(worker: Worker, statement: str) -> int:
    ((count,),) = worker.connection.execute(statement).fetchall()
    return int(count)
