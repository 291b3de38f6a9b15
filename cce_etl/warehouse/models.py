"""The SQL models and checks under sql/: reading, ordering and running them.

Lives here: one bare SELECT a file becomes one table, documented by the file's header, or the input of a computation.
Does not: any model itself, what is computed (`computed`); the order is read from the SQL and kept nowhere.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import duckdb
import msgspec

from cce_etl.errors import ConfigError, WarehouseError
from cce_etl.warehouse.connection import Connection, transaction

if TYPE_CHECKING:
    import pyarrow as pa

# What is computed from the rows a model selects, where SQL alone cannot say it.
Computation = Callable[["pa.Table"], "pa.Table"]

_NONE: Final[Mapping[str, Computation]] = MappingProxyType({})
_KIND: Final = """
    SELECT 'TABLE' FROM duckdb_tables() WHERE schema_name || '.' || table_name = $1
    UNION ALL SELECT 'VIEW' FROM duckdb_views() WHERE schema_name || '.' || view_name = $1
"""
_COLUMN: Final = re.compile(r"^  (?P<name>\w+): (?P<text>.*)$")


class Model(msgspec.Struct, frozen=True):
    """Hold one model: `name` is schema.table; its words come from the header, its dependencies from the SQL.

    With a `computation` the SELECT is what that reads, and its result is the table. A view is not written out.
    """

    name: str
    sql: str
    description: str
    grain: str
    columns: dict[str, str]
    dependencies: frozenset[str]
    computation: Computation | None = None
    is_view: bool = False


class Check(msgspec.Struct, frozen=True):
    """Hold one check: a SELECT of rows of `table` that must not exist."""

    name: str
    sql: str
    description: str
    table: str


def sql_directory() -> Path:
    """Return where the models are: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "sql"
    return installed if installed.is_dir() else package.parent / "sql"


def read_models(directory: Path, computations: Mapping[str, Computation] = _NONE) -> list[Model]:
    """Read every model below `directory`, each after all that it selects from; some names have a computation.

    Raises ConfigError for a file that is no single SELECT, or when models select from each other in a circle.
    """
    paths = sorted(path for schema in ("core", "marts") for path in directory.glob(f"{schema}/*.sql"))
    with duckdb.connect() as parser:
        models = {model.name: model for model in (_read_model(parser, path, computations) for path in paths)}
    graph = {name: sorted(model.dependencies & models.keys()) for name, model in sorted(models.items())}
    try:
        return [models[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        raise ConfigError(f"The models select from each other in a circle: {' > '.join(error.args[1])}.") from None


def read_checks(directory: Path) -> list[Check]:
    """Read every check in `directory`/checks, by name."""
    checks = []
    for path in sorted(directory.glob("checks/*.sql")):
        text = path.read_text(encoding="utf-8")
        header = _header(text)
        checks.append(Check(path.stem, text, header["description"], header["table"]))
    return checks


def build_models(connection: Connection, models: Sequence[Model]) -> dict[str, int]:
    """Make every model's table anew, in the order given; return the rows of each.

    Raises WarehouseError naming the model that failed; the tables before it are made, its old one is kept.
    """
    # One checkpoint at the end, not one after every few tables; rows in any order, so that all cores write.
    connection.execute("SET checkpoint_threshold = '1GB'; SET preserve_insertion_order = false")
    return {model.name: build_model(connection, model) for model in models}


def build_model(connection: Connection, model: Model) -> int:
    """Make one model's table and its comments anew, in one transaction; return its rows."""
    try:
        with transaction(connection):
            _make_table(connection, model)
            connection.execute("; ".join(_comments(model)))
    except duckdb.Error as error:
        raise WarehouseError(f"The model {model.name} failed: {str(error).splitlines()[0]}") from error
    return count_rows(connection, model.name)


def _make_table(connection: Connection, model: Model) -> None:
    kind, other = ("VIEW", "TABLE") if model.is_view else ("TABLE", "VIEW")
    # An earlier version of a model may have been of the other kind, which CREATE OR REPLACE does not replace.
    if connection.execute(_KIND, [model.name]).fetchall() == [(other,)]:
        connection.execute(f"DROP {other} {model.name}")
    if model.computation is None:
        connection.execute(f"CREATE OR REPLACE {kind} {model.name} AS\n{model.sql}")
        return
    connection.register("incoming", model.computation(connection.sql(model.sql).to_arrow_table()))
    connection.execute(f"CREATE OR REPLACE TABLE {model.name} AS FROM incoming")
    connection.unregister("incoming")


def run_check(connection: Connection, check: Check, limit: int = 20) -> list[dict[str, Any]]:
    """Return up to `limit` rows that should not exist, each as column name to value; none means the check holds."""
    relation = connection.execute(f"SELECT * FROM (\n{check.sql}\n) LIMIT {limit}")
    names = [column[0] for column in relation.description or []]
    return [dict(zip(names, row, strict=True)) for row in relation.fetchall()]


def count_rows(connection: Connection, table: str) -> int:
    """Return the number of rows of a table."""
    # All of it: DuckDB 2 takes a result for unfinished until nothing comes any more.
    ((count,),) = connection.execute(f"SELECT count(*) FROM {table}").fetchall()
    return int(count)


def _comments(model: Model) -> Iterator[str]:
    grain = f" Grain: {model.grain}." if model.grain else ""
    yield f"COMMENT ON {'VIEW' if model.is_view else 'TABLE'} {model.name} IS {_quoted(model.description + grain)}"
    for column, text in model.columns.items():
        yield f"COMMENT ON COLUMN {model.name}.{column} IS {_quoted(text)}"


def _quoted(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


def _read_model(parser: Connection, path: Path, computations: Mapping[str, Computation]) -> Model:
    text = path.read_text(encoding="utf-8")
    header = _header(text)
    name = f"{path.parent.name}.{path.stem}"
    return Model(
        name=name,
        sql=text,
        description=header["description"],
        grain=header["grain"],
        columns=_columns(text),
        dependencies=frozenset(_tables_in(_syntax_tree(parser, text, path))),
        computation=computations.get(name),
        is_view=bool(header["view"]),
    )


def _header(text: str) -> dict[str, str]:
    words: dict[str, str] = {"description": "", "grain": "", "table": "", "view": ""}
    for line in _header_lines(text):
        key, _, value = line.partition(": ")
        if line == "columns:":
            break
        if key in ("grain", "table", "view"):
            words[key] = value
        else:
            words["description"] = f"{words['description']} {line}".strip()
    return words


def _columns(text: str) -> dict[str, str]:
    columns: dict[str, str] = {}
    name = ""
    for line in _header_lines(text):
        match = _COLUMN.match(line)
        if match:
            name = match["name"]
            columns[name] = match["text"]
        elif name and line.startswith("    "):
            columns[name] += " " + line.strip()
    return columns


def _header_lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if not line.startswith("--"):
            return
        yield line[2:].removeprefix(" ").rstrip()


def _syntax_tree(parser: Connection, sql: str, path: Path) -> dict[str, Any]:
    row = parser.execute("SELECT json_serialize_sql(?)", [sql]).fetchone()
    tree: dict[str, Any] = msgspec.json.decode(row[0]) if row else {"error": True}
    if tree["error"] or len(tree["statements"]) != 1:
        raise ConfigError(f"{path} is not one SELECT: {tree.get('error_message', 'several statements')}")
    return tree


def _tables_in(tree: dict[str, Any]) -> set[str]:
    """Return the tables that a syntax tree selects from, less the names of its own common table expressions."""
    tables, own_names = set(), set()
    pending: list[Any] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending += node
        elif isinstance(node, dict):
            pending += node.values()
            if node.get("type") == "BASE_TABLE":
                tables.add((node["schema_name"], node["table_name"]))
            if "cte_map" in node:
                own_names |= {entry["key"] for entry in node["cte_map"]["map"]}
    return {f"{schema}.{table}" for schema, table in tables if schema or table not in own_names}
