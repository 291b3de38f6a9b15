"""Locks between processes that share a lake: advisory locks in the lake's PostgreSQL, released when a process ends."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from typing import Final

import duckdb
from duckdb import DuckDBPyConnection as Connection

from cce_etl.errors import WarehouseBusyError

# One wait in PostgreSQL's queue, which serves who came first. Between two waits Python handles signals such as Ctrl-C.
_WAIT_SECONDS: Final = 2
# PostgreSQL may be set to close idle transactions; a lock must last as long as its process holds it.
_BEGIN: Final = (
    f"SELECT set_config('lock_timeout', '{_WAIT_SECONDS}s', true) || "
    "set_config('idle_in_transaction_session_timeout', '0', true)"
)


@contextmanager
def advisory_lock(
    connection: Connection, catalog: str, name: str, *, is_shared: bool = False, wait_seconds: float = float("inf")
) -> Iterator[None]:
    """Hold a lock until the end of the block.

    Args:
        connection: a connection to which the PostgreSQL database `catalog` is attached.
        catalog: the name of that database in DuckDB.
        name: what is locked.
        is_shared: whether others may hold the lock too, when theirs is shared as well.
        wait_seconds: how long to wait for others.

    Raises:
        WarehouseBusyError: another process still holds the lock after `wait_seconds`.
    """
    call = f"pg_advisory_xact_lock{'_shared' if is_shared else ''}({_key(name)})::VARCHAR"
    # The lock has a transaction of its own, which ends after the guarded transaction was committed.
    with closing(connection.cursor()) as own:
        until = time.monotonic() + wait_seconds
        while not _try_lock(own, catalog, call):
            if time.monotonic() > until:
                raise WarehouseBusyError(
                    f"The {name} is in use by another process. Wait until it ends, then try again."
                )
        try:
            yield
        finally:
            with suppress(duckdb.Error):  # the connection to PostgreSQL is lost, and with it the lock
                own.execute("ROLLBACK")


def _try_lock(own: Connection, catalog: str, call: str) -> bool:
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


def _key(name: str) -> int:
    return int.from_bytes(sha256(f"cce-etl {name}".encode()).digest()[:8], signed=True)
