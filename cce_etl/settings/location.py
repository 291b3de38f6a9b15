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
_BUCKET: Final = "s3://"
_SCHEME: Final = re.compile(r"[a-z][a-z0-9_+.-]+:", re.IGNORECASE)
# pathlib makes one slash of the two in a URL.
_PASSWORD: Final = re.compile(r"pass\w*\s*=|:/|@", re.IGNORECASE)
_WRITE_SO: Final = "write ducklake:postgres:dbname=... host=... user=..., and set PGPASSWORD"


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
    words = text.strip()
    if not words.lower().startswith(PREFIX):
        if _SCHEME.match(words) and _PASSWORD.search(words):
            raise ValueError(f"it is neither a file nor a lake: {_WRITE_SO}")
        return None
    catalog = words[len(PREFIX) :].strip()
    if catalog.lower().startswith(_POSTGRES):
        if _PASSWORD.search(catalog):
            raise ValueError(f"it may hold no password and no URL: {_WRITE_SO}")
        return Lake(_POSTGRES + catalog[len(_POSTGRES) :])
    if not catalog or _SCHEME.match(catalog) or _PASSWORD.search(catalog):
        raise ValueError(f"it names no catalog that can be one: {_WRITE_SO}")
    return Lake(str(_expanded(catalog)))


def with_data(location: Location, data: str | None) -> Location:
    """Return a location that knows where the files of its tables go; a file needs no such word.

    Raises ValueError for a folder that is none, or would be another one elsewhere.
    """
    if not isinstance(location, Lake) or data is None:
        return location
    if not data.startswith(_BUCKET):
        if _SCHEME.match(data) or not _expanded(data).is_absolute():
            raise ValueError("it is neither s3://bucket/prefix nor a folder's whole path, which begins with /")
        data = f"{_expanded(data)}/"
    return msgspec.structs.replace(location, data=data)


def _expanded(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise ValueError("there is no such home folder") from None


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
