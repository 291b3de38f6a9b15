"""The SQL models and checks of sql/: reading them, ordering the models by what they select from, running checks."""

import re
from collections.abc import Callable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast

import duckdb
import msgspec

from cce_etl.errors import ConfigError
from cce_etl.warehouse.connection import Connection

if TYPE_CHECKING:
    import pyarrow as pa

# A function that computes a model's rows from the rows that its SELECT returns.
Computation: TypeAlias = Callable[["pa.Table"], "pa.Table"]
Materialized: TypeAlias = Literal["table", "view", "incremental", "ephemeral"]
Severity: TypeAlias = Literal["error", "warning"]

# A model may select from its own schema and from those before it.
LAYERS: Final = ("raw", "core", "intermediate", "marts")
LOADED_TABLE: Final = "core.jobs"
_COMPUTED: Final = "cce_etl.models.computed"
_KEYS: Final = ("grain", "materialized", "computed by", "table", "severity", "to do")
_COLUMN: Final = re.compile(r"^  (?P<name>\w+): (?P<text>.*)$")
_COLUMNS_OF: Final = re.compile(r"^columns: as in (?P<model>[\w.]+)$")


class Model(msgspec.Struct, frozen=True):
    """A table or view that is built from one SELECT.

    Attributes:
        name: Schema and table, joined by a dot.
        sql: The SELECT. With a `computation`, it returns the rows that the computation reads.
        columns: The description of each column, in the order of the table.
        dependencies: The tables that the SELECT reads.
        materialized: How the rows are kept. A `table` is built anew by every build, a `view` is not stored. An
            `incremental` model is built for the trees that changed. An `ephemeral` model is built for the same trees,
            in memory, and dropped when the models that read it are built.
    """

    name: str
    sql: str
    description: str
    grain: str
    columns: dict[str, str]
    dependencies: frozenset[str]
    computation: Computation | None = None
    materialized: Materialized = "table"

    @property
    def is_built_by_tree(self) -> bool:
        """Return whether a build makes only the rows of trees that changed."""
        return self.materialized in ("incremental", "ephemeral")


class Check(msgspec.Struct, frozen=True):
    """A SELECT of rows that must not exist in `table`. Rows of a warning are for people to judge.

    The description says what is wrong when there are rows, and then what to do.
    """

    name: str
    sql: str
    description: str
    table: str
    severity: Severity = "error"
    dependencies: frozenset[str] = frozenset()


class _Header(msgspec.Struct, frozen=True):
    """The comment lines at the top of a file: text, values by key, and descriptions of columns."""

    description: str
    values: dict[str, str]
    columns: dict[str, str]
    columns_of: str


def sql_directory() -> Path:
    """Return the folder of the models: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "sql"
    return installed if installed.is_dir() else package.parent / "sql"


def read_models(directory: Path) -> list[Model]:
    """Read every model below `directory`, each after all that it selects from.

    Raises:
        ConfigError: A file is not a single SELECT or has a header that cannot be followed; models select from each
            other in a circle; or a model selects from a schema above its own. An incremental or ephemeral
            model may select only from core.jobs and from other such models.
    """
    paths = sorted(path for schema in LAYERS[1:] for path in directory.glob(f"{schema}/*.sql"))
    with duckdb.connect() as parser:
        read = {_name(path): (_read_header(path), _read_model(parser, path)) for path in paths}
    models = {name: _with_columns(model, header, read) for name, (header, model) in read.items()}
    for model in models.values():
        _require_layers(model)
        if model.is_built_by_tree:
            _require_trees(model, models)
    graph = {name: sorted(model.dependencies & models.keys()) for name, model in sorted(models.items())}
    try:
        return [models[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        raise ConfigError(f"The models select from each other in a circle: {' > '.join(error.args[1])}.") from None


def read_checks(directory: Path) -> list[Check]:
    """Read every check in `directory`/checks, by name."""
    checks = []
    with duckdb.connect() as parser:
        for path in sorted(directory.glob("checks/*.sql")):
            header = _read_header(path)
            severity = msgspec.convert(header.values.get("severity", "error"), Severity)
            text = path.read_text(encoding="utf-8")
            dependencies = frozenset(_tables_in(_syntax_tree(parser, text, path)))
            description = f"{header.description} {header.values.get('to do', '')}".rstrip()
            checks.append(Check(path.stem, text, description, header.values["table"], severity, dependencies))
    return checks


def run_check(connection: Connection, check: Check, limit: int = 20) -> list[dict[str, Any]]:
    """Return up to `limit` rows that should not exist, each as column name to value; none means the check holds."""
    relation = connection.execute(f"SELECT * FROM (\n{check.sql}\n) LIMIT {limit}")
    names = [column[0] for column in relation.description or []]
    return [dict(zip(names, row, strict=True)) for row in relation.fetchall()]


def _name(path: Path) -> str:
    return f"{path.parent.name}.{path.stem}"


def _read_header(path: Path) -> _Header:
    description: list[str] = []
    values: dict[str, str] = {}
    columns: dict[str, str] = {}
    columns_of, column, key = "", "", ""
    lines = _comment_lines(path.read_text(encoding="utf-8"))
    for line in lines:
        copied = _COLUMNS_OF.match(line)
        if copied:
            columns_of = copied["model"]
        elif line == "columns:":
            break
        elif line.startswith("  ") and key in values:
            values[key] += " " + line.strip()
        elif line.partition(": ")[0] in _KEYS:
            key, _, value = line.partition(": ")
            values[key] = value
        elif not values:
            description.append(line)
    for line in lines:
        match = _COLUMN.match(line)
        if match:
            column = match["name"]
            columns[column] = match["text"]
        elif column and line.startswith("    "):
            columns[column] += " " + line.strip()
    return _Header(" ".join(description), values, columns, columns_of)


def _comment_lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if not line.startswith("--"):
            return
        yield line[2:].removeprefix(" ").rstrip()


def _read_model(parser: Connection, path: Path) -> Model:
    header, name, sql = _read_header(path), _name(path), path.read_text(encoding="utf-8")
    materialized = header.values.get("materialized", "table")
    if materialized not in Materialized.__args__:  # type: ignore[attr-defined]
        kinds = ", ".join(Materialized.__args__)  # type: ignore[attr-defined]
        raise ConfigError(f"{path} says 'materialized: {materialized}'. Write one of {kinds}.")
    module = header.values.get("computed by", "")
    return Model(
        name=name,
        sql=sql,
        description=header.description,
        grain=header.values.get("grain", ""),
        columns=header.columns,
        dependencies=frozenset(_tables_in(_syntax_tree(parser, sql, path))),
        computation=_computation(path, name, module) if module else None,
        materialized=cast("Materialized", materialized),
    )


def _computation(path: Path, name: str, module_name: str) -> Computation:
    """Return the function `compute` of the module that computes a model, which must name the model as its MODEL."""
    if not module_name.startswith(f"{_COMPUTED}."):
        raise ConfigError(f"{path} says 'computed by: {module_name}', which is no module of {_COMPUTED}.")
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name != module_name:
            raise
        raise ConfigError(f"{path} says 'computed by: {module_name}', but there is no such module.") from None
    if getattr(module, "MODEL", None) != name:
        raise ConfigError(f"{path} says 'computed by: {module_name}', but that module does not say MODEL = '{name}'.")
    return cast("Computation", module.compute)


def _with_columns(model: Model, header: _Header, read: Mapping[str, tuple[_Header, Model]]) -> Model:
    if not header.columns_of:
        return model
    if header.columns_of not in read:
        raise ConfigError(f"The model {model.name} has its columns as in {header.columns_of}, which does not exist.")
    return msgspec.structs.replace(model, columns=read[header.columns_of][0].columns)


def _require_layers(model: Model) -> None:
    above = LAYERS[LAYERS.index(model.name.split(".")[0]) + 1 :]
    upward = sorted(table for table in model.dependencies if table.split(".")[0] in above)
    if upward:
        raise ConfigError(
            f"The model {model.name} selects from {', '.join(upward)}, in a schema above its own. "
            f"A model may select from its own schema and from those before it: {', '.join(LAYERS)}."
        )


def _require_trees(model: Model, models: Mapping[str, Model]) -> None:
    others = {table for table in model.dependencies if not (table in models and models[table].is_built_by_tree)}
    others -= {LOADED_TABLE}
    if others:
        raise ConfigError(
            f"The model {model.name} is {model.materialized}, but selects from {', '.join(sorted(others))}: it may "
            f"select only from {LOADED_TABLE} and from models that are incremental or ephemeral."
        )


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
