"""DuckDB's extensions, out of packages alone."""

from importlib.machinery import ModuleSpec
from pathlib import Path

import duckdb
import pytest

from cce_etl.errors import ConfigError
from cce_etl.warehouse import lake
from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.lake import load_extensions
from tests.warehouse.lakes import needs_extensions


@pytest.fixture
def empty() -> Connection:
    return duckdb.connect()


@needs_extensions
def test_an_extension_is_loaded_and_no_other_is_looked_for(empty: Connection) -> None:
    load_extensions(empty, "ducklake")
    loaded = "SELECT count(*) FROM duckdb_extensions() WHERE loaded AND extension_name = 'ducklake'"
    assert empty.execute(loaded).fetchall() == [(1,)]
    settings = "SELECT current_setting('autoinstall_known_extensions'), current_setting('autoload_known_extensions')"
    assert empty.execute(settings).fetchall() == [(False, False)]


def test_a_package_that_is_missing_is_named_with_what_to_do(empty: Connection) -> None:
    with pytest.raises(ConfigError, match=r"extension nothing is not installed.*cce-etl\[lake\]"):
        load_extensions(empty, "nothing")


def _package(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    spec = ModuleSpec("duckdb_extension_own", None, is_package=True)
    spec.submodule_search_locations = [str(folder)]
    monkeypatch.setattr(lake, "find_spec", lambda _: spec)


def test_a_package_for_another_release_says_which(
    empty: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "extensions" / "v0.1.0").mkdir(parents=True)
    _package(monkeypatch, tmp_path)
    with pytest.raises(ConfigError, match=rf"made for v0\.1\.0, and DuckDB is {duckdb.__version__}"):
        load_extensions(empty, "own")


def test_a_file_that_is_no_extension_is_named(
    empty: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "extensions" / f"v{duckdb.__version__}" / "own.duckdb_extension"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"nothing of use")
    _package(monkeypatch, tmp_path)
    with pytest.raises(ConfigError, match="own cannot be loaded from"):
        load_extensions(empty, "own")
