"""Whose turn it is, where several processes work with one lake: to write, to build, to fetch a source.

Lives here: locks in the lake's PostgreSQL, which end with the process that holds them. A file needs none.
Does not: what is done in a turn (`connection`, `builds`, `publish`, `errands`).
"""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from typing import Final

import duckdb

from cce_etl.errors import WarehouseBusyError

_SHARED: Final = "SELECT database_name FROM duckdb_databases() WHERE type = 'ducklake' AND path LIKE 'postgres:%'"
# A lock is waited for in slices, each of which stands in PostgreSQL's queue, so that nobody is passed over for ever,
# and between which a signal is heard. Held as long as its process lives, whatever the server does to idle ones.
_SLICE_SECONDS: Final = 2
_BEGIN: Final = (
    f"SELECT set_config('lock_timeout', '{_SLICE_SECONDS}s', true) || "
    "set_config('idle_in_transaction_session_timeout', '0', true)"
)
_WRITE, _BUILD = "write", "build"


@contextmanager
def write_lock(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Wait until no other process writes or builds, and keep the turn to the end of the block.

    DuckLake lets a transaction fail when another one has deleted from a table that it inserted into meanwhile, whoever
    the rows are of, so that of two writers of different sources one would do all its work again.
    """
    with _lock(connection, _BUILD, is_shared=True), _lock(connection, _WRITE):
        yield


@contextmanager
def build_lock(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Wait until no other process builds or writes, and keep the turn to the end of the block.

    A tree loaded while it is built would be taken off the list of changed ones and not be built; two builds at once
    would make its rows twice. In this turn nobody else writes, so what is done needs no `write_lock`, and may have
    none: it would wait for itself.
    """
    with _lock(connection, _BUILD):
        yield


@contextmanager
def shared_build_lock(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Wait until no process builds, and let none begin before the end of the block; writers go on."""
    with _lock(connection, _BUILD, is_shared=True):
        yield


@contextmanager
def source_lock(connection: duckdb.DuckDBPyConnection, source: str, wait_seconds: float) -> Iterator[None]:
    """Be the only process that fetches a source, to the end of the block: that keeps its rate for all of them.

    Raises WarehouseBusyError when another one still does after the seconds of waiting.
    """
    with _lock(connection, f"source {source}", wait_seconds=wait_seconds):
        yield


@contextmanager
def _lock(
    connection: duckdb.DuckDBPyConnection, what: str, *, is_shared: bool = False, wait_seconds: float = float("inf")
) -> Iterator[None]:
    lakes = connection.execute(_SHARED).fetchall()
    if not lakes:
        yield
        return
    call = f"pg_advisory_xact_lock{'_shared' if is_shared else ''}({_key(what)})::VARCHAR"
    # A transaction of its own: it ends after the one it guards, which is on the disk by then.
    with closing(connection.cursor()) as own:
        until = time.monotonic() + wait_seconds
        while not _is_locked(own, f"__ducklake_metadata_{lakes[0][0]}", call):
            if time.monotonic() > until:
                raise WarehouseBusyError(
                    f"The {what} is in use by another process, which fetches it now. "
                    "Wait until that ends, then try again."
                )
        try:
            yield
        finally:
            with suppress(duckdb.Error):  # of a server that is gone, with the lock; what failed in the block says more
                own.execute("ROLLBACK")


def _is_locked(own: duckdb.DuckDBPyConnection, catalog: str, call: str) -> bool:
    own.execute("BEGIN TRANSACTION")
    try:
        for statement in (_BEGIN, f"SELECT {call}"):
            own.execute("FROM postgres_query($1, $2)", [catalog, statement]).fetchall()
    except duckdb.Error as error:
        with suppress(duckdb.Error):
            own.execute("ROLLBACK")
        if "lock timeout" not in str(error):
            raise
        return False
    return True


def _key(what: str) -> int:
    return int.from_bytes(sha256(f"cce-etl {what}".encode()).digest()[:8], signed=True)
