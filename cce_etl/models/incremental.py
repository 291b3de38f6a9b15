"""Building the incremental and ephemeral models, only for the trees that changed and those linked to them."""

import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from itertools import cycle
from typing import Final

import duckdb

from cce_etl.errors import WarehouseError
from cce_etl.models.batches import Worker, plan_batches, root_column, select_batch
from cce_etl.models.model import Model
from cce_etl.models.tables import make_table, model_errors, relation_types, write_comments
from cce_etl.warehouse.connection import Connection, storage_of, unlocked_transaction
from cce_etl.warehouse.file import BATCH_DATABASE
from cce_etl.warehouse.files import row_counts
from cce_etl.warehouse.quoting import identifier

_BATCH_DATABASES: Final = (f"{BATCH_DATABASE}_1", f"{BATCH_DATABASE}_2")
# Two rows of raw.model_builds name the version of all incremental models: when they were begun anew, and when a build
# of them last came to its end. While the two differ, trees are missing that were there before.
_BEGUN: Final = "incremental"
_COMPLETE: Final = "incremental, complete"


def build_incremental(connection: Connection, models: Sequence[Model], code: str) -> dict[str, int]:
    """Bring the incremental models up to date with core.jobs; return the rows of each.

    Each batch is one transaction, which also takes its trees off raw.changed_roots: a build that is killed continues
    where it stopped. `code` is the version of all computations. Raises WarehouseError naming the model that failed.
    """
    by_tree = [model for model in models if model.is_built_by_tree]
    incremental = [model for model in by_tree if model.materialized == "incremental"]
    if not by_tree:
        return {}
    fingerprint = sha256("\n".join([code, *(model.sql for model in by_tree)]).encode()).hexdigest()
    # A checkpoint removes row groups of which all rows are deleted, and all row ids behind them move. Once that is
    # done, no row id of core.jobs changes until it is written to again.
    storage_of(connection).checkpoint(connection)
    with _batch_databases(connection) as (first, second):
        if not _is_current(connection, incremental, fingerprint):
            _begin_anew(connection, first, by_tree, fingerprint)
        _build_batches(connection, (first, second), by_tree)
    with unlocked_transaction(connection):
        _record(connection, _COMPLETE, fingerprint)
    return row_counts(connection, [model.name for model in incremental])


def _build_batches(connection: Connection, workers: tuple[Worker, Worker], by_tree: Sequence[Model]) -> None:
    """Build and write all batches. While one is written, the next one is built."""
    tables = [model for model in by_tree if model.materialized == "incremental"]
    is_empty = not any(row_counts(connection, [model.name for model in tables]).values())
    needed = {name for model in by_tree for name in model.dependencies} | {m.name for m in by_tree if m.computation}
    made = [model for model in by_tree if model.name in needed]
    batches = plan_batches(workers[0], tables)
    with ThreadPoolExecutor(max_workers=1) as writer:
        writing: Future[None] | None = None
        for batch, worker in zip(batches, cycle(workers), strict=False):
            select_batch(worker, batch)
            _make(worker, made)
            if writing:
                writing.result()
            writing = writer.submit(_write_batch, worker, tables, needed, () if is_empty else tables)
        if writing:
            writing.result()


@contextmanager
def _batch_databases(connection: Connection) -> Iterator[tuple[Worker, Worker]]:
    """Open two empty databases in memory beside the warehouse.

    Names such as core.jobs mean the database in use, so that the same SELECT reads the batch instead of the warehouse.
    """
    ((name,),) = connection.execute("SELECT current_database()").fetchall()
    warehouse = identifier(name)
    with closing(connection.cursor()) as first, closing(connection.cursor()) as second:
        for worker, database in zip((first, second), _BATCH_DATABASES, strict=True):
            worker.execute(f"ATTACH ':memory:' AS {database}; USE {database}")
            worker.execute("CREATE SCHEMA core; CREATE SCHEMA intermediate; CREATE SCHEMA marts")
        try:
            yield Worker(first, warehouse, _BATCH_DATABASES[0]), Worker(second, warehouse, _BATCH_DATABASES[0])
        finally:
            for worker, database in zip((first, second), _BATCH_DATABASES, strict=True):
                with suppress(duckdb.Error):  # after a fatal error the database cannot be used; that error says more
                    worker.execute(f"USE {warehouse}; DETACH {database}")


def _is_current(connection: Connection, incremental: Sequence[Model], fingerprint: str) -> bool:
    found = connection.execute("SELECT fingerprint FROM raw.model_builds WHERE model = $1", [_BEGUN]).fetchall()
    return found == [(fingerprint,)] and {model.name for model in incremental} <= relation_types(connection).keys()


def _begin_anew(connection: Connection, worker: Worker, by_tree: Sequence[Model], fingerprint: str) -> None:
    """Create the incremental tables empty, with the columns the models have now, and list all trees as changed."""
    worker.connection.execute(f"CREATE VIEW core.jobs AS FROM {worker.warehouse}.core.jobs LIMIT 0")
    _make(worker, by_tree)
    with unlocked_transaction(connection):
        before = relation_types(connection)
        for model in by_tree:
            if model.name in before:
                connection.execute(f"DROP {before[model.name]} {model.name}")
            if model.materialized == "incremental":
                with model_errors(model):
                    connection.execute(f"CREATE TABLE {model.name} AS FROM {_BATCH_DATABASES[0]}.{model.name}")
                    write_comments(connection, model)
        connection.execute("TRUNCATE raw.changed_roots")
        connection.execute("INSERT INTO raw.changed_roots SELECT DISTINCT source, root_job_id FROM core.jobs")
        _record(connection, _BEGUN, fingerprint)


def _record(connection: Connection, build: str, fingerprint: str) -> None:
    connection.execute("DELETE FROM raw.model_builds WHERE model = $1", [build])
    connection.execute(
        "INSERT INTO raw.model_builds VALUES ($1, $2, make_timestamp_ns($3))", [build, fingerprint, time.time_ns()]
    )


def require_complete_build(connection: Connection) -> None:
    """Raise WarehouseError when the incremental models were begun anew and that build did not come to its end."""
    fingerprints = dict(connection.execute("SELECT model, fingerprint FROM raw.model_builds").fetchall())
    if fingerprints.get(_BEGUN) != fingerprints.get(_COMPLETE):
        raise WarehouseError(
            "The last build was stopped before its end, and part of the jobs is missing. "
            "Run `cce-etl build` first: it continues where it stopped."
        )


def _make(worker: Worker, models: Sequence[Model]) -> None:
    for model in models:
        with model_errors(model):
            make_table(worker.connection, model)


def _write_batch(worker: Worker, tables: Sequence[Model], made: Collection[str], outdated: Sequence[Model]) -> None:
    """Replace the rows of a batch's trees in the warehouse: from tables that are made, else from the model's SELECT."""
    with unlocked_transaction(worker.connection):
        for model in outdated:
            _delete(worker, model.name, root_column(model))
        for model in tables:
            rows = f"FROM {model.name}" if model.name in made else model.sql
            with model_errors(model):
                worker.connection.execute(f"INSERT INTO {worker.warehouse}.{model.name} BY NAME\n{rows}")
        _delete(worker, "raw.changed_roots", "root_job_id")


def _delete(worker: Worker, table: str, root: str) -> None:
    worker.connection.execute(
        f"""
        DELETE FROM {worker.warehouse}.{table} AS old USING batch
        WHERE old.source = batch.source AND old.{root} = batch.root_job_id
        """
    )
