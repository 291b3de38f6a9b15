"""A lake whose catalog is a file, which one process can use without a server, and a small fleet to load into it."""

from importlib.util import find_spec
from pathlib import Path

import duckdb
import pytest

from cce_etl.demo.fleet import build_fleet
from cce_etl.settings.location import Lake


def _has_extensions() -> bool:
    found = find_spec("duckdb_extension_ducklake")
    folders = found.submodule_search_locations if found else None
    return bool(folders and Path(folders[0], "extensions", f"v{duckdb.__version__}").is_dir())


needs_extensions = pytest.mark.skipif(
    not _has_extensions(), reason=f"there are no packages of extensions for DuckDB {duckdb.__version__}"
)
ENDS_AT_NS = 1_772_323_200_000_000_123


def lake_in(folder: Path) -> Lake:
    """Return a lake that is not made yet."""
    return Lake(str(folder / "catalog.duckdb"), str(folder / "files"))


def write_fleet(path: Path, job_count: int) -> Path:
    """Write a synthetic fleet as NDJSON."""
    bodies = [body for _, body in build_fleet(5, job_count + 1, ENDS_AT_NS).v3_bodies()]
    # The documented example, which comes first, stands on many lines.
    path.write_bytes(b"\n".join(bodies[1:]))
    return path
