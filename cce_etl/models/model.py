"""The SQL models and checks under sql/: reading and ordering them, running checks.

Lives here: one bare SELECT a file is one table, documented by the file's header, or the input of a computation.
Does not: making tables of them (`builds`, `trees`); the order is read from the SQL and kept nowhere.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import duckdb
import msgspec

from cce_etl.errors import ConfigError
from cce_etl.warehouse.connection import Connection

if TYPE_CHECKING:
    import pyarrow as pa

# What is computed from the rows a model selects, where SQL alone cannot say it.
Computation = Callable[["pa.Table"], "pa.Table"]

_ByTree: TypeAlias = Literal["", "kept", "in passing"]
_NONE: Final[Mapping[str, Computation]] = MappingProxyType({})
_COLUMN: Final = re.compile(r"^  (?P<name>\w+): (?P<text>.*)$")


class Model(msgspec.Struct, frozen=True):
    """Hold one model: `name` is schema.table; its words come from the header, its dependencies from the SQL.

    With a `computation` the SELECT is what that reads, and its result is the table. A view is not written out. A model
    made by tree selects from core.jobs and from other such models alone, and its rows follow from linked trees alone:
    it is made for the trees that changed, and kept, or forgotten when those that need it are made.
    """

    name: str
    sql: str
    description: str
    grain: str
    columns: dict[str, str]
    dependencies: frozenset[str]
    computation: Computation | None = None
    is_view: bool = False
    by_tree: _ByTree = ""


class Check(msgspec.Struct, frozen=True):
    """Hold one check: a SELECT of rows of `table` that must not exist; those of a warning are for people to judge."""

    name: str
    sql: str
    description: str
    table: str
    severity: Literal["error", "warning"] = "error"


def sql_directory() -> Path:
    """Return where the models are: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "sql"
    return installed if installed.is_dir() else package.parent / "sql"


def read_models(directory: Path, computations: Mapping[str, Computation] = _NONE) -> list[Model]:
    """Read every model below `directory`, each after all that it selects from; some names have a computation.

    Raises ConfigError for a file that is no single SELECT, when models select from each other in a circle, or when one
    made by tree selects from what is not.
    """
    paths = sorted(path for schema in ("core", "marts") for path in directory.glob(f"{schema}/*.sql"))
    with duckdb.connect() as parser:
        models = {model.name: model for model in (_read_model(parser, path, computations) for path in paths)}
    for model in models.values():
        _require_trees(model, models)
    graph = {name: sorted(model.dependencies & models.keys()) for name, model in sorted(models.items())}
    try:
        return [models[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        raise ConfigError(f"The models select from each other in a circle: {' > '.join(error.args[1])}.") from None


def _require_trees(model: Model, models: Mapping[str, Model]) -> None:
    others = {name for name in model.dependencies if not (name in models and models[name].by_tree)} - {"core.jobs"}
    if model.by_tree and others:
        raise ConfigError(
            f"The model {model.name} is made by tree, but selects from {', '.join(sorted(others))}, which is not: "
            "it may select from core.jobs and from models made by tree."
        )


def read_checks(directory: Path) -> list[Check]:
    """Read every check in `directory`/checks, by name."""
    checks = []
    for path in sorted(directory.glob("checks/*.sql")):
        text = path.read_text(encoding="utf-8")
        header = _header(text)
        severity = msgspec.convert(header["severity"] or "error", Literal["error", "warning"])
        checks.append(Check(path.stem, text, header["description"], header["table"], severity))
    return checks


def run_check(connection: Connection, check: Check, limit: int = 20) -> list[dict[str, Any]]:
    """Return up to `limit` rows that should not exist, each as column name to value; none means the check holds."""
    relation = connection.execute(f"SELECT * FROM (\n{check.sql}\n) LIMIT {limit}")
    names = [column[0] for column in relation.description or []]
    return [dict(zip(names, row, strict=True)) for row in relation.fetchall()]


def row_counts(connection: Connection, tables: Collection[str]) -> dict[str, int]:
    """Return the number of rows of each table; in one statement, since each takes a millisecond or two to plan."""
    each = [f"SELECT '{table}', count(*) FROM {table}" for table in tables]
    found = dict(connection.execute(" UNION ALL ".join(each)).fetchall()) if each else {}
    return {table: found[table] for table in tables}


def count_rows(connection: Connection, table: str) -> int:
    """Return the number of rows of a table."""
    # All of it: DuckDB 2 takes a result for unfinished until nothing comes any more.
    ((count,),) = connection.execute(f"SELECT count(*) FROM {table}").fetchall()
    return int(count)


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
        by_tree=_by_tree(header["by tree"], path),
    )


def _by_tree(word: str, path: Path) -> _ByTree:
    try:
        found: _ByTree = msgspec.convert(word, _ByTree)
    except msgspec.ValidationError:
        raise ConfigError(f"{path} says 'by tree: {word}'. Write 'kept' or 'in passing'.") from None
    return found


def _header(text: str) -> dict[str, str]:
    words: dict[str, str] = {"description": "", "grain": "", "table": "", "view": "", "by tree": "", "severity": ""}
    for line in _header_lines(text):
        key, _, value = line.partition(": ")
        if line == "columns:":
            break
        if key in ("grain", "table", "view", "by tree", "severity"):
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
