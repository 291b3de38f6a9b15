"""Where the warehouse is: one DuckDB file, or a lake of many writers and readers.

Lives here: the words that name a lake, and what is wrong with them. Does not: opening either (`connection`, `lake`).
"""

import re
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from cce_etl.errors import ConfigError

PREFIX: Final = "ducklake:"
_POSTGRES: Final = "postgres:"
_PASSWORD: Final = re.compile(r"\bpassword\s*=|://", re.IGNORECASE)


class Lake(msgspec.Struct, frozen=True):
    """Name a DuckLake by its catalog, and the folder or s3:// address of its Parquet files, needed to make it."""

    catalog: str
    data: str | None = None

    @property
    def is_shared(self) -> bool:
        """Tell whether several processes may work with it at once."""
        return self.catalog.startswith(_POSTGRES)

    def __str__(self) -> str:
        return f"{PREFIX}{self.catalog}"


Location: TypeAlias = Path | Lake


def read_lake(text: str) -> Lake | None:
    """Return the lake that a text names, None for a file's path.

    Raises ValueError saying what is wrong with it, without any password.
    """
    if not text.startswith(PREFIX):
        return None
    catalog = text.removeprefix(PREFIX)
    if catalog.startswith(_POSTGRES) and _PASSWORD.search(catalog):
        raise ValueError(
            "it may hold no password and no URL: write ducklake:postgres:dbname=... host=... user=..., "
            "and set PGPASSWORD"
        )
    if not catalog.startswith(_POSTGRES):
        catalog = str(Path(catalog).expanduser())
    if not Path(catalog).name:
        raise ValueError("it names no catalog: write ducklake:postgres:dbname=... host=... user=...")
    return Lake(catalog)


def with_data(location: Location, data: str | None) -> Location:
    """Return a location that knows where the files of its tables go; a file needs no such word."""
    return msgspec.structs.replace(location, data=data) if isinstance(location, Lake) else location


def same_file(location: Location, path: Path) -> bool:
    """Tell whether a path is the warehouse's own file."""
    return isinstance(location, Path) and path.absolute() == location.absolute()


def require_file(location: Location) -> Path:
    """Return the warehouse's file; raise ConfigError for a lake, which is kept safe by other means."""
    if isinstance(location, Path):
        return location
    raise ConfigError(
        f"{location} is no file that this command could copy. Back up its catalog with pg_dump and the folder or "
        "bucket of its files with that store's own means; `cce-etl publish` gives core and marts as one file."
    )
