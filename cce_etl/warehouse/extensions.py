"""DuckDB's extensions, out of installed packages: nothing is fetched when they are used.

Lives here: finding and loading one. Does not: what they are for (`lake`, `serving`).
"""

from importlib.util import find_spec
from pathlib import Path

import duckdb

from cce_etl.errors import ConfigError
from cce_etl.warehouse.quoting import literal


def load_extensions(connection: duckdb.DuckDBPyConnection, *names: str) -> None:
    """Load extensions, each from the package duckdb-extension-<name>, and let DuckDB look for none elsewhere.

    Raises ConfigError when a package is missing or made for another release of DuckDB.
    """
    connection.execute("SET autoinstall_known_extensions = false; SET autoload_known_extensions = false")
    for name in names:
        file = _file(name)
        try:
            connection.execute(f"LOAD {literal(file)}")
        except duckdb.Error as error:
            raise ConfigError(f"DuckDB's extension {name} cannot be loaded from {file}: {error}.") from None


def _file(name: str) -> Path:
    found = find_spec(f"duckdb_extension_{name}")
    if found is None or not found.submodule_search_locations:
        raise ConfigError(
            f"DuckDB's extension {name} is not installed. Install what a lake needs: pip install 'cce-etl[lake]'."
        )
    folder = Path(found.submodule_search_locations[0], "extensions")
    file = folder / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
    if not file.is_file():
        made_for = ", ".join(sorted(path.name for path in folder.glob("v*"))) or "no release"
        raise ConfigError(
            f"The package of DuckDB's extension {name} is made for {made_for}, and DuckDB is {duckdb.__version__}. "
            "Install both anew: pip install 'cce-etl[lake]'."
        )
    return file
