"""Models made tree by tree: only for the trees that changed and those linked to them.

Lives here: a database in memory where a batch's models are made, what is kept of it, when all is to be made anew.
Does not: which trees (`tree_batches`), one table (`tables`), models of all rows (`builds`).
"""

import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from itertools import cycle
from typing import Final

import duckdb
import msgspec

from cce_etl.errors import WarehouseError
from cce_etl.models.batches import Worker, plan_batches, root_column, take_batch
from cce_etl.models.model import Model, row_counts
from cce_etl.models.tables import kinds, make_table, naming, write_comments
from cce_etl.warehouse.connection import Connection, storage_of, unlocked_transaction
from cce_etl.warehouse.file import BATCH_DATABASE
from cce_etl.warehouse.quoting import identifier

_BATCH_DATABASES: Final = (f"{BATCH_DATABASE}_1", f"{BATCH_DATABASE}_2")
# The name in raw.model_builds of all models made by tree together: one batch is made by one version of them.
_BUILD: Final = "by tree"
# The same for the last time they all came through: between the two, trees are missing that once were there.
_WHOLE: Final = "by tree, whole"


def build_trees(connection: Connection, models: Sequence[Model], code: str) -> dict[str, int]:
    """Bring the models made by tree up to date with core.jobs; return the rows of each that is kept.

    Each batch is a transaction, which also takes its trees off raw.changed_roots: after a kill the rest is gone on
    with. `code` names the version of all computations. Raises WarehouseError naming the model that failed.
    """
    chain = [msgspec.structs.replace(model, is_view=False) for model in models if model.by_tree]
    kept = [model for model in models if model.by_tree == "kept"]
    if not chain:
        return {}
    fingerprint = _fingerprint(chain, code)
    # Even without vacuuming, a checkpoint takes out row groups of which all rows are deleted, and all row ids behind
    # them move. Once that is done, none of core.jobs moves until it is written to again.
    storage_of(connection).checkpoint(connection)
    with _passing(connection) as (first, second):
        if not _is_current(connection, kept, fingerprint):
            _begin_anew(connection, first, chain, kept, fingerprint)
        _follow(connection, (first, second), chain)
    with unlocked_transaction(connection):
        _record(connection, _WHOLE, fingerprint)
    return row_counts(connection, [model.name for model in kept])


def _follow(connection: Connection, workers: tuple[Worker, Worker], chain: Sequence[Model]) -> None:
    """Make and keep all batches, the making of one while the one before it is written."""
    found = kinds(connection)
    tables = [model for model in chain if model.by_tree == "kept" and found[model.name] == "TABLE"]
    is_empty = not any(row_counts(connection, [model.name for model in tables]).values())
    needed = {name for model in chain for name in model.dependencies} | {m.name for m in chain if m.computation}
    steps = [model for model in chain if model.name in needed]
    batches = plan_batches(workers[0], tables)
    with ThreadPoolExecutor(max_workers=1) as keeper:
        keeping: Future[None] | None = None
        for batch, worker in zip(batches, cycle(workers), strict=False):
            take_batch(worker, batch)
            _make(worker, steps)
            if keeping:
                keeping.result()
            keeping = keeper.submit(_keep, worker, tables, needed, () if is_empty else tables)
        if keeping:
            keeping.result()


@contextmanager
def _passing(connection: Connection) -> Iterator[tuple[Worker, Worker]]:
    """Open two empty databases in memory beside the warehouse.

    Names such as core.jobs mean the database in use, so that the same SELECT reads the batch instead of the warehouse.
    """
    ((name,),) = connection.execute("SELECT current_database()").fetchall()
    kept = identifier(name)
    with closing(connection.cursor()) as first, closing(connection.cursor()) as second:
        for worker, passing in zip((first, second), _BATCH_DATABASES, strict=True):
            worker.execute(f"ATTACH ':memory:' AS {passing}; USE {passing}; CREATE SCHEMA core; CREATE SCHEMA marts")
        try:
            yield Worker(first, kept, _BATCH_DATABASES[0]), Worker(second, kept, _BATCH_DATABASES[0])
        finally:
            for worker, passing in zip((first, second), _BATCH_DATABASES, strict=True):
                with suppress(duckdb.Error):  # of a database that failed for good, whose own error says more
                    worker.execute(f"USE {kept}; DETACH {passing}")


def _fingerprint(chain: Sequence[Model], code: str) -> str:
    return sha256("\n".join([code, *(model.sql for model in chain)]).encode()).hexdigest()


def _is_current(connection: Connection, kept: Sequence[Model], fingerprint: str) -> bool:
    found = connection.execute("SELECT fingerprint FROM raw.model_builds WHERE model = $1", [_BUILD]).fetchall()
    return found == [(fingerprint,)] and {model.name for model in kept} <= kinds(connection).keys()


def _begin_anew(
    connection: Connection, worker: Worker, chain: Sequence[Model], kept: Sequence[Model], fingerprint: str
) -> None:
    """Empty what is kept, in the form the models have now, and count all trees as changed."""
    worker.connection.execute(f"CREATE VIEW core.jobs AS FROM {worker.kept}.core.jobs LIMIT 0")
    _make(worker, chain)
    with unlocked_transaction(connection):
        before = kinds(connection)
        for name in [model.name for model in chain if model.name in before]:
            connection.execute(f"DROP {before[name]} {name}")
        for model in kept:
            what = (
                f"VIEW {model.name} AS {model.sql}"
                if model.is_view
                else f"TABLE {model.name} AS FROM {_BATCH_DATABASES[0]}.{model.name}"
            )
            with naming(model):
                connection.execute(f"CREATE {what}")
                write_comments(connection, model)
        connection.execute("TRUNCATE raw.changed_roots")
        connection.execute("INSERT INTO raw.changed_roots SELECT DISTINCT source, root_job_id FROM core.jobs")
        _record(connection, _BUILD, fingerprint)


def _record(connection: Connection, build: str, fingerprint: str) -> None:
    connection.execute("DELETE FROM raw.model_builds WHERE model = $1", [build])
    connection.execute(
        "INSERT INTO raw.model_builds VALUES ($1, $2, make_timestamp_ns($3))", [build, fingerprint, time.time_ns()]
    )


def require_whole(connection: Connection) -> None:
    """Raise WarehouseError when the trees' models were begun anew and that build never came to its end."""
    builds = connection.execute("SELECT model, fingerprint FROM raw.model_builds").fetchall()
    fingerprints = dict(builds)
    if fingerprints.get(_BUILD) != fingerprints.get(_WHOLE):
        raise WarehouseError(
            "The last build was stopped before its end, and part of the jobs is missing. "
            "Run `cce-etl build` first: it goes on where it stopped."
        )


def _make(worker: Worker, models: Sequence[Model]) -> None:
    for model in models:
        with naming(model):
            make_table(worker.connection, model)


def _keep(worker: Worker, tables: Sequence[Model], made: Collection[str], outdated: Sequence[Model]) -> None:
    """Put a batch's rows in place of those kept of its trees: tables that are made, the others as they are selected."""
    with unlocked_transaction(worker.connection):
        for model in outdated:
            _delete(worker, model.name, root_column(model))
        for model in tables:
            rows = f"FROM {model.name}" if model.name in made else model.sql
            with naming(model):
                worker.connection.execute(f"INSERT INTO {worker.kept}.{model.name} BY NAME\n{rows}")
        _delete(worker, "raw.changed_roots", "root_job_id")


def _delete(worker: Worker, table: str, root: str) -> None:
    worker.connection.execute(
        f"""
        DELETE FROM {worker.kept}.{table} AS old USING batch
        WHERE old.source = batch.source AND old.{root} = batch.root_job_id
        """
    )
