"""Column lineage: which columns of which tables each column of a SELECT is computed from, read from its syntax tree.

Lives here: names, aliases, common table expressions, stars, subqueries. What is not certain is left out, never guessed.
Does not: conditions of joins and WHERE, which choose rows and give no value.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any, Final

import duckdb
import msgspec

from cce_etl.models.model import Model
from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.migrations import schema_sql

Source = tuple[str, str]
"""A column: its table as schema.name, and its own name."""
Sources = frozenset[Source]
# The columns of a relation with what each comes from, None where that is not certain.
_Columns = Mapping[str, Sources | None]
_Node = dict[str, Any]

_NOTHING: Final[Sources] = frozenset()
_EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})


class _Uncertain(Exception):  # noqa: N818  not an error: a question that stays open
    """Say that something cannot be told from the syntax tree alone."""


class _Scope(msgspec.Struct, frozen=True):
    """Hold what a name can stand for: tables by name, the relations of one SELECT by alias, and what is around it.

    A relation whose columns are not certain is None.
    """

    tables: Mapping[str, Sequence[str]]
    expressions: Mapping[str, _Columns | None] = _EMPTY
    relations: Mapping[str, _Columns | None] = _EMPTY
    aliases: _Columns = _EMPTY
    outer: "_Scope | None" = None


def column_lineage(parser: Connection, sql: str, tables: Mapping[str, Sequence[str]]) -> dict[str, Sources]:
    """Return the columns that each column of a SELECT is computed from, less those where that is not certain.

    `tables` names the columns of all that it may select from. A constant, or a count of rows, comes from no column.
    """
    ((text,),) = parser.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()
    try:
        found = _query(msgspec.json.decode(text)["statements"][0]["node"], _Scope(tables))
    except (_Uncertain, KeyError, IndexError):  # another DuckDB may draw its trees otherwise
        return {}
    return {name: sources for name, sources in found.items() if sources}


def model_lineage(models: Sequence[Model]) -> dict[str, dict[str, Sources]]:
    """Return the lineage of each model's columns; a computed model has none, since code stands between."""
    tables = loaded_columns() | {model.name: list(model.columns) for model in models}
    with duckdb.connect() as parser:
        return {model.name: {} if model.computation else column_lineage(parser, model.sql, tables) for model in models}


@cache
def loaded_columns() -> dict[str, list[str]]:
    """Return the columns of the tables that loading writes, by table."""
    with duckdb.connect() as empty:
        empty.execute(schema_sql())
        rows = empty.execute(
            "SELECT schema_name || '.' || table_name, list(column_name ORDER BY column_index) "
            "FROM duckdb_columns() WHERE NOT internal GROUP BY ALL"
        ).fetchall()
    return dict(rows)


def _query(node: _Node, around: _Scope) -> dict[str, Sources | None]:
    scope = around
    for entry in node["cte_map"]["map"]:
        value = entry["value"]
        # DuckDB 1.5 has the former, 2.0 the latter.
        query = value["query"]["node"] if "query" in value else value["query_node"]
        named = _renamed(_certain(query, scope), value["aliases"])
        scope = msgspec.structs.replace(scope, expressions={**scope.expressions, entry["key"]: named})
    if node["type"] == "SELECT_NODE":
        return _select(node, scope)
    if node["type"] == "SET_OPERATION_NODE" and "BY_NAME" not in node["setop_type"]:
        branches = node.get("children") or [node["left"], node["right"]]
        return _united([_query(branch, scope) for branch in branches])
    raise _Uncertain


def _certain(node: _Node, around: _Scope) -> _Columns | None:
    try:
        return _query(node, around)
    except _Uncertain:
        return None


def _united(branches: Sequence[dict[str, Sources | None]]) -> dict[str, Sources | None]:
    """Return what a union's columns come from: matched by place, named by the first branch."""
    if len({len(branch) for branch in branches}) > 1:
        raise _Uncertain
    places = zip(*(branch.values() for branch in branches), strict=True)
    return {name: _together(parts) for name, parts in zip(branches[0], places, strict=True)}


def _together(parts: Sequence[Sources | None]) -> Sources | None:
    known = [part for part in parts if part is not None]
    return _NOTHING.union(*known) if len(known) == len(parts) else None


def _select(node: _Node, around: _Scope) -> dict[str, Sources | None]:
    relations = dict(_relations(node["from_table"], around))
    found: dict[str, Sources | None] = {}
    for item in node["select_list"]:
        scope = msgspec.structs.replace(around, relations=relations, aliases=dict(found))
        if item["class"] == "STAR":
            found |= _star(item, scope)
            continue
        name = item["alias"] or (item["column_names"][-1] if item["class"] == "COLUMN_REF" else f"#{len(found)}")
        if name in found:  # what is around it could not tell one from the other
            raise _Uncertain
        found[name] = _value(item, scope)
    return found


def _star(item: _Node, scope: _Scope) -> dict[str, Sources | None]:
    if item["expr"] or item["rename_list"] or item["qualified_exclude_list"]:
        raise _Uncertain
    chosen = [item["relation_name"]] if item["relation_name"] else list(scope.relations)
    replaced = {entry["key"]: _value(entry["value"], scope) for entry in item["replace_list"]}
    found: dict[str, Sources | None] = {}
    for alias in chosen:
        columns = scope.relations.get(alias)
        if columns is None:
            raise _Uncertain
        for name, sources in columns.items():
            found[name] = _together([found[name], sources]) if name in found else sources
    return {name: replaced.get(name, sources) for name, sources in found.items() if name not in item["exclude_list"]}


def _relations(node: _Node, around: _Scope) -> Iterator[tuple[str, _Columns | None]]:
    kind = node["type"]
    if kind == "JOIN":
        yield from _relations(node["left"], around)
        if node["join_type"] not in ("SEMI", "ANTI"):
            yield from _relations(node["right"], around)
    elif kind == "BASE_TABLE":
        columns = _table(node, around)
        yield node["alias"] or node["table_name"], _renamed(columns, node["column_name_alias"])
    elif kind == "SUBQUERY":
        columns = _certain(node["subquery"]["node"], around)
        yield node["alias"], _renamed(columns, node["column_name_alias"])
    elif kind != "EMPTY":
        yield node["alias"], None


def _table(node: _Node, around: _Scope) -> _Columns | None:
    name = node["table_name"]
    if not node["schema_name"]:
        return around.expressions.get(name)
    table = f"{node['schema_name']}.{name}"
    columns = around.tables.get(table)
    return None if columns is None else {column: frozenset({(table, column)}) for column in columns}


def _renamed(columns: _Columns | None, names: Sequence[str]) -> _Columns | None:
    if columns is None or not names:
        return columns
    return dict(zip(names, columns.values(), strict=False))


def _value(expression: _Node, scope: _Scope) -> Sources | None:
    try:
        return _NOTHING.union(*_sources(expression, scope, frozenset()))
    except _Uncertain:
        return None


def _sources(node: Any, scope: _Scope, parameters: frozenset[str]) -> Iterator[Sources]:
    """Yield what each name within an expression comes from; `parameters` are those of the lambdas around it."""
    if isinstance(node, list):
        for child in node:
            yield from _sources(child, scope, parameters)
    if not isinstance(node, dict):
        return
    kind = node.get("class")
    if kind == "STAR":
        raise _Uncertain
    if kind == "COLUMN_REF":
        if node["column_names"][0] not in parameters:
            yield _named(node["column_names"], scope)
    elif kind == "LAMBDA":
        names = [name["column_names"][0] for name in node["lhs"].get("children", [node["lhs"]])]
        yield from _sources(node["expr"], scope, parameters.union(names))
    elif kind == "SUBQUERY":
        yield from _sources(node["child"], scope, parameters)
        inner = _Scope(scope.tables, scope.expressions, outer=scope)
        yield _all_of(_query(node["subquery"]["node"], inner).values())
    else:
        for child in node.values():
            yield from _sources(child, scope, parameters)


def _all_of(columns: Any) -> Sources:
    together = _together(list(columns))
    if together is None:
        raise _Uncertain
    return together


def _named(names: Sequence[str], scope: _Scope) -> Sources:
    """Return what a name comes from: a relation's column first, then an alias of this SELECT, then what is around."""
    if len(names) > 1 and names[0] in scope.relations:
        columns = scope.relations[names[0]]
        return _all_of([None if columns is None else columns.get(names[1])])
    # More names than one, and no relation's alias: fields within a column.
    found = [columns[names[0]] for columns in scope.relations.values() if columns and names[0] in columns]
    if found:
        return _all_of(found)
    if None in scope.relations.values():
        raise _Uncertain
    if names[0] in scope.aliases:
        return _all_of([scope.aliases[names[0]]])
    if scope.outer is None:
        raise _Uncertain
    return _named(names, scope.outer)
