"""Whose turn it is, where several processes work with one lake: to write, to build, to fetch a source.

Lives here: locks in the lake's PostgreSQL, which end with the process that holds them. A file needs none.
Does not: what is done in a turn (`connection`, `pipeline`).
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from typing import Final

import duckdb

from cce_etl.errors import WarehouseBusyError

_SHARED: Final = "SELECT database_name FROM duckdb_databases() WHERE type = 'ducklake' AND path LIKE 'postgres:%'"
_POLL_SECONDS: Final = 0.2


@contextmanager
def write_turn(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Wait until no other process writes, and keep the turn to the end of the block.

    DuckLake lets a transaction fail when another one has deleted from a table that it inserted into meanwhile, whoever
    the rows are of, so that of two writers of different sources one would do all its work again.
    """
    with _transaction_of_locks(connection) as locks:
        if locks:
            locks.ask(f"pg_advisory_xact_lock({_key('write')})")
        yield


@contextmanager
def source_turn(connection: duckdb.DuckDBPyConnection, source: str, wait_seconds: float) -> Iterator[None]:
    """Be the only process that fetches a source, to the end of the block: that keeps its rate for all of them.

    Raises WarehouseBusyError when another one still does after the seconds of waiting.
    """
    with _transaction_of_locks(connection) as locks:
        if locks and not locks.get(f"source {source}", wait_seconds):
            raise WarehouseBusyError(
                f"The source {source} is in use by another process, which fetches it now. "
                "Wait until that ends, then try again."
            )
        yield


@contextmanager
def build_turn(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Wait until no other process builds models, and keep the turn to the end of the block.

    Two at once would take the same trees off the list of changed ones, and one would undo what the other has made.
    """
    with _transaction_of_locks(connection) as locks:
        if locks:
            locks.get("build", float("inf"))
        yield


class _Locks:
    """Hold a transaction of the lake's PostgreSQL, whose locks end with it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, lake: str) -> None:
        self.connection, self.catalog = connection, f"__ducklake_metadata_{lake}"

    def get(self, what: str, wait_seconds: float) -> bool:
        """Try to get a lock until the seconds are over, and tell whether that went well; a signal ends the waiting."""
        import tenacity  # brings asyncio and tornado: a tenth of a second that only waiting is worth

        waiting = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda is_ours: not is_ours),
            wait=tenacity.wait_fixed(_POLL_SECONDS),
            stop=tenacity.stop_after_delay(wait_seconds),
            retry_error_callback=lambda _: False,
        )
        return bool(waiting(self.ask, f"pg_try_advisory_xact_lock({_key(what)})"))

    def ask(self, call: str) -> object:
        """Return what a function of PostgreSQL returns."""
        ((found,),) = self.connection.execute(
            "FROM postgres_query($1, $2)", [self.catalog, f"SELECT {call} AS found"]
        ).fetchall()
        return found


@contextmanager
def _transaction_of_locks(connection: duckdb.DuckDBPyConnection) -> Iterator[_Locks | None]:
    shared = connection.execute(_SHARED).fetchall()
    if not shared:
        yield None
        return
    # A transaction of its own: it ends after the one it guards, which is on the disk by then.
    with closing(connection.cursor()) as own:
        own.execute("BEGIN TRANSACTION")
        try:
            yield _Locks(own, shared[0][0])
        finally:
            own.execute("ROLLBACK")


def _key(what: str) -> int:
    return int.from_bytes(sha256(f"cce-etl {what}".encode()).digest()[:8], signed=True)
