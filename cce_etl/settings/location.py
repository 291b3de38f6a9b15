"""The location of the warehouse: the path of a DuckDB file, or the catalog of a lake."""

import re
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

PREFIX: Final = "ducklake:"
_POSTGRES: Final = "postgres:"
_SCHEME: Final = re.compile(r"[a-z][a-z0-9_+.-]+:", re.IGNORECASE)
# pathlib makes one slash of the two in a URL.
_PASSWORD: Final = re.compile(r"pass\w*\s*=|:/|@", re.IGNORECASE)
_ADVICE: Final = "write ducklake:postgres:dbname=... host=... user=..., and set PGPASSWORD"


class Lake(msgspec.Struct, frozen=True):
    """The location of a DuckLake: its catalog, and the folder or s3:// address of its files, needed to create it."""

    catalog: str
    data: str | None = None

    @property
    def is_shared(self) -> bool:
        """Return whether the catalog is a server's, so that several processes may work with the lake at once."""
        return self.catalog.startswith(_POSTGRES)

    def __str__(self) -> str:
        return f"{PREFIX}{self.catalog}"


Location: TypeAlias = Path | Lake


def read_lake(text: str) -> Lake | None:
    """Return the lake that a text names, None for the path of a file.

    Raises ValueError that says what is wrong, without any password.
    """
    words = text.strip()
    if not words.lower().startswith(PREFIX):
        if _SCHEME.match(words) and _PASSWORD.search(words):
            raise ValueError(f"it is neither a file nor a lake: {_ADVICE}")
        return None
    catalog = words[len(PREFIX) :].strip()
    if catalog.lower().startswith(_POSTGRES):
        if _PASSWORD.search(catalog):
            raise ValueError(f"it may hold no password and no URL: {_ADVICE}")
        return Lake(_POSTGRES + catalog[len(_POSTGRES) :])
    if not catalog or _SCHEME.match(catalog) or _PASSWORD.search(catalog):
        raise ValueError(f"it names no catalog that can be one: {_ADVICE}")
    return Lake(str(_expanded(catalog)))


def with_data(location: Location, data: str) -> Location:
    """Return a lake with the place of its files, and a file as it is.

    Raises ValueError for a place that is no bucket or absolute folder.
    """
    if not isinstance(location, Lake):
        return location
    if not data.startswith("s3://"):
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
    """Return whether a path is the warehouse's own file, also by a link."""
    if not isinstance(location, Path):
        return False
    return path.absolute() == location.absolute() or (path.exists() and location.exists() and path.samefile(location))
