"""Backups of the warehouse's file: a verified copy, and putting one in the warehouse's place."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from cce_etl.errors import ConfigError, WarehouseError
from cce_etl.settings.location import Location, same_file
from cce_etl.warehouse.connection import (
    Connection,
    open_any_version_to_read,
    open_existing_warehouse,
    storage_at,
    warehouse_errors,
)
from cce_etl.warehouse.files import (
    Contents,
    copy_file,
    differences,
    draft_for,
    file_lock,
    owner_only,
    read_contents,
    swap_in,
    sync,
    wal_path,
)


class BackupResult(msgspec.Struct, frozen=True):
    """A verified copy of the warehouse: its path, its bytes, and the rows of each table."""

    path: str
    byte_count: int
    table_rows: dict[str, int]


def backup_path(warehouse: Location) -> Path:
    """Return the default path of a backup, which is beside the warehouse."""
    file = storage_at(warehouse).require_file()
    return file.with_name(f"{file.stem}.backup{file.suffix}")


def back_up(warehouse: Location, target: Path, lock_wait_seconds: float = 0.0, *, force: bool = False) -> BackupResult:
    """Copy the warehouse, compare every row of the copy, and put it in the place of the backup before it.

    Raises:
        ConfigError: `target` is the warehouse itself, or the warehouse is no file.
        WarehouseError: the copy cannot be made or differs; or, unless `force`, `target` is no backup or has newer runs
            than the warehouse.
    """
    file = storage_at(warehouse).require_file()
    _require_two_files(file, target)
    with open_existing_warehouse(warehouse, lock_wait_seconds) as connection, draft_for(target) as draft:
        if target.exists() and not force:
            _require_older(target, _last_run(connection))
        # Without a checkpoint the newest rows are in the write-ahead log, which is not copied.
        connection.execute("CHECKPOINT")
        copy_file(file, draft)
        with open_any_version_to_read(draft) as copy:
            copied = read_contents(copy)
        wrong = differences(read_contents(connection), copied)
        if wrong:
            raise WarehouseError(
                f"The copy of {warehouse} differs from it in {', '.join(wrong)} and is discarded. Try again."
            )
        swap_in(draft, target)
    return _result(target, copied)


def restore(backup: Path, warehouse: Location, lock_wait_seconds: float = 0.0) -> BackupResult:
    """Copy a backup, read every row of the copy, bring its tables up to date, and put it in the warehouse's place.

    The warehouse before it is kept at `replaced_path`.

    Raises WarehouseError when the backup is missing or broken, when another process holds the warehouse, or when an
    earlier warehouse is kept already.
    """
    file = storage_at(warehouse).require_file()
    _require_two_files(file, backup)
    if not backup.exists():
        raise WarehouseError(f"There is no backup at {backup}. `cce-etl backup` makes one.")
    with owner_only(), _locked_if_there(file, lock_wait_seconds), draft_for(file) as draft:
        copy_file(backup, draft)
        with warehouse_errors(backup), open_existing_warehouse(draft) as copy:
            copied = read_contents(copy)
        if file.exists():
            _keep_replaced(file)
        swap_in(draft, file)
    return _result(file, copied)


def replaced_path(warehouse: Location) -> Path:
    """Return the path at which `restore` keeps the warehouse that it replaces: beside it, on the same disk."""
    real = storage_at(warehouse).require_file().resolve()
    return real.with_name(f"{real.name}.before-restore")


@contextmanager
def _locked_if_there(warehouse: Path, lock_wait_seconds: float) -> Iterator[None]:
    if not warehouse.exists():
        yield
        return
    # Opening writes the log to the tables. A broken warehouse, which backups are for, is kept with its log.
    with suppress(WarehouseError), open_existing_warehouse(warehouse):
        pass
    with file_lock(warehouse, lock_wait_seconds):
        yield


def _keep_replaced(warehouse: Path) -> None:
    """Give the warehouse a second name. Its log goes with it: DuckDB would replay it into the restored file."""
    kept = replaced_path(warehouse)
    if kept.exists() and not kept.samefile(warehouse):  # the same after a kill between here and the swap
        raise WarehouseError(f"{kept} is there already, from an earlier restore. Move it away, then restore again.")
    with suppress(FileExistsError):
        kept.hardlink_to(warehouse.resolve())
    if wal_path(warehouse).exists():
        wal_path(warehouse).replace(wal_path(kept))
    sync(kept.parent)


def _require_two_files(warehouse: Path, other: Path) -> None:
    if same_file(warehouse, other):
        raise ConfigError(f"{other} is the warehouse itself. Give the backup another path.")


def _require_older(target: Path, last_run_at: int) -> None:
    advice = "Give another path, or --force to overwrite it."
    try:
        with open_any_version_to_read(target) as earlier:
            theirs = _last_run(earlier)
    except WarehouseError as error:
        raise WarehouseError(f"{target} is no backup that can be read: {error} {advice}") from None
    if theirs > last_run_at:
        raise WarehouseError(f"{target} is newer: it has runs that the warehouse does not have. {advice}")


def _last_run(connection: Connection) -> int:
    ((started_at,),) = connection.execute(
        "SELECT coalesce(max(epoch_ns(started_at)), 0) FROM raw.fetch_runs"
    ).fetchall()
    return int(started_at)


def _result(path: Path, contents: dict[str, Contents]) -> BackupResult:
    rows = {table: one.row_count for table, one in contents.items()}
    return BackupResult(str(path), path.stat().st_size, rows)
