"""Backups of the warehouse: a verified copy, and the way back.

Lives here: when a copy may replace another, what is kept when a warehouse is replaced.
Does not: copying and swapping (`copying`), the copy for analysts (`publish`).
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from cce_etl.errors import ConfigError, WarehouseError
from cce_etl.settings.location import Location, require_file
from cce_etl.warehouse.connection import (
    Connection,
    open_existing_warehouse,
    open_file_to_read,
    owner_only,
    warehouse_errors,
)
from cce_etl.warehouse.files import (
    Contents,
    copy_file,
    differences,
    drafted,
    held,
    read_contents,
    swap_in,
    sync,
    wal_of,
)


class BackupResult(msgspec.Struct, frozen=True):
    """Say what a verified copy holds: where it is, its bytes, the rows of each table."""

    path: str
    byte_count: int
    table_rows: dict[str, int]


def backup_path(warehouse: Location) -> Path:
    """Return where a backup goes that no path was given for: beside the warehouse."""
    file = require_file(warehouse)
    return file.with_name(f"{file.stem}.backup{file.suffix}")


def back_up(warehouse: Location, target: Path, lock_wait_seconds: float = 0.0, *, force: bool = False) -> BackupResult:
    """Copy the warehouse to `target`, read the copy to its last byte, and swap it in; the one before is kept till then.

    Raises WarehouseError when the copy cannot be made or differs, and, unless `force`, when `target` knows runs that
    the warehouse does not, or is no backup. Raises ConfigError when both are one file.
    """
    file = require_file(warehouse)
    _require_two(file, target)
    with open_existing_warehouse(warehouse, lock_wait_seconds) as connection, drafted(target) as draft:
        if target.exists() and not force:
            _require_older(target, _last_run(connection))
        # Without a checkpoint the newest rows are in the write-ahead log, which is not copied.
        connection.execute("CHECKPOINT")
        copy_file(file, draft)
        with open_file_to_read(draft) as copy:
            copied = read_contents(copy)
        wrong = differences(read_contents(connection), copied)
        if wrong:
            raise WarehouseError(
                f"The copy of {warehouse} differs from it in {', '.join(wrong)}; it is thrown away. Try again."
            )
        swap_in(draft, target)
    return _copied(target, copied)


def restore(backup: Path, warehouse: Location, lock_wait_seconds: float = 0.0) -> BackupResult:
    """Put a copy of a backup, read to its last byte and brought up to date, in the warehouse's place.

    What was there before is kept beside it, see `replaced_path`. Raises WarehouseError when the backup is missing or
    broken, when another process holds the warehouse, or when something is kept there already.
    """
    file = require_file(warehouse)
    _require_two(file, backup)
    if not backup.exists():
        raise WarehouseError(f"There is no backup at {backup}. `cce-etl backup` makes one.")
    with owner_only(), _held_if_there(file, lock_wait_seconds), drafted(file) as draft:
        copy_file(backup, draft)
        with warehouse_errors(backup), open_existing_warehouse(draft) as copy:
            copied = read_contents(copy)
        if file.exists():
            _keep(file)
        swap_in(draft, file)
    return _copied(file, copied)


def replaced_path(warehouse: Location) -> Path:
    """Return where a warehouse is kept that a restored one replaced: beside it, on the same disk."""
    real = require_file(warehouse).resolve()
    return real.with_name(f"{real.name}.before-restore")


@contextmanager
def _held_if_there(warehouse: Path, lock_wait_seconds: float) -> Iterator[None]:
    if not warehouse.exists():
        yield
        return
    # Folds in its log. A broken warehouse is what backups are for: it is kept as it is, and its log with it.
    with suppress(WarehouseError), open_existing_warehouse(warehouse):
        pass
    with held(warehouse, lock_wait_seconds):
        yield


def _keep(warehouse: Path) -> None:
    """Give the warehouse its second name; a log that could not be folded in goes with it, or it would be replayed into
    the restored one.
    """
    kept = replaced_path(warehouse)
    if kept.exists() and not kept.samefile(warehouse):  # the same after a kill between here and the swap
        raise WarehouseError(f"{kept} is there already, from a restore before. Move it away, then restore again.")
    with suppress(FileExistsError):
        kept.hardlink_to(warehouse.resolve())
    if wal_of(warehouse).exists():
        wal_of(warehouse).replace(wal_of(kept))
    sync(kept.parent)


def _require_two(warehouse: Path, other: Path) -> None:
    if other.absolute() == warehouse.absolute() or (
        other.exists() and warehouse.exists() and other.samefile(warehouse)
    ):
        raise ConfigError(f"{other} is the warehouse itself. Give the backup another path.")


def _require_older(target: Path, last_run_at: int) -> None:
    advice = "Give another path, or --force to overwrite it."
    try:
        with open_file_to_read(target) as earlier:
            theirs = _last_run(earlier)
    except WarehouseError as error:
        raise WarehouseError(f"{target} is no backup that can be read: {error} {advice}") from None
    if theirs > last_run_at:
        raise WarehouseError(f"{target} is newer: it knows runs that the warehouse does not. {advice}")


def _last_run(connection: Connection) -> int:
    ((started_at,),) = connection.execute(
        "SELECT coalesce(max(epoch_ns(started_at)), 0) FROM raw.fetch_runs"
    ).fetchall()
    return int(started_at)


def _copied(path: Path, contents: dict[str, Contents]) -> BackupResult:
    rows = {table: one.row_count for table, one in contents.items()}
    return BackupResult(str(path), path.stat().st_size, rows)
