"""Column lineage from syntax trees: what is certain, and that the rest is left out."""

from collections.abc import Iterator

import duckdb
import pytest

from cce_etl.models.lineage import column_lineage, loaded_columns, model_lineage
from cce_etl.pipeline import run as pipeline
from cce_etl.warehouse.connection import Connection

TABLES = {"core.a": ["id", "x", "y"], "core.b": ["id", "z", "list"]}
A_X, A_Y, A_ID = ("core.a", "x"), ("core.a", "y"), ("core.a", "id")
B_Z, B_ID, B_LIST = ("core.b", "z"), ("core.b", "id"), ("core.b", "list")


@pytest.fixture(scope="module")
def parser() -> Iterator[Connection]:
    with duckdb.connect() as connection:
        yield connection


def _sources(parser: Connection, sql: str) -> dict[str, set[tuple[str, str]]]:
    return {column: set(sources) for column, sources in column_lineage(parser, sql, TABLES).items()}


CERTAIN = {
    "SELECT x, y AS renamed FROM core.a": {"x": {A_X}, "renamed": {A_Y}},
    "SELECT one.x + two.z AS total FROM core.a AS one JOIN core.b AS two USING (id)": {"total": {A_X, B_Z}},
    "SELECT id FROM core.a FULL JOIN core.b USING (id)": {"id": {A_ID, B_ID}},
    "SELECT id, x FROM core.a SEMI JOIN core.b USING (id)": {"id": {A_ID}, "x": {A_X}},
    "SELECT * EXCLUDE (y) REPLACE (x + y AS x) FROM core.a": {"id": {A_ID}, "x": {A_X, A_Y}},
    "SELECT COLUMNS(b.*), x FROM core.a JOIN core.b AS b ON true": {
        "id": {B_ID},
        "z": {B_Z},
        "list": {B_LIST},
        "x": {A_X},
    },
    "WITH c AS (SELECT id, max(x) FILTER (y > 0) AS top FROM core.a GROUP BY id) SELECT c.top FROM c": {
        "top": {A_X, A_Y}
    },
    "WITH c(k) AS (SELECT x FROM core.a) SELECT k FROM c": {"k": {A_X}},
    "SELECT x AS first FROM core.a UNION ALL SELECT z FROM core.b": {"first": {A_X, B_Z}},
    "SELECT q.v FROM (SELECT y AS v FROM core.a) AS q": {"v": {A_Y}},
    "SELECT row_number() OVER (PARTITION BY x ORDER BY y) AS place FROM core.a": {"place": {A_X, A_Y}},
    "SELECT x + 1 AS more, more * 2 AS double FROM core.a": {"more": {A_X}, "double": {A_X}},
    "SELECT list_transform(list, lambda x: x + z) AS moved FROM core.b": {"moved": {B_LIST, B_Z}},
    "SELECT (SELECT max(z) FROM core.b WHERE b.id = a.id) AS top FROM core.a AS a": {"top": {B_Z}},
    "SELECT (SELECT a.x + b.z FROM core.b AS b) AS sum FROM core.a AS a": {"sum": {A_X, B_Z}},
    "SELECT x.field AS inner_value FROM core.a": {"inner_value": {A_X}},
    "SELECT CASE WHEN x THEN y END AS chosen, 1 AS one, count(*) AS n FROM core.a": {"chosen": {A_X, A_Y}},
}
UNCERTAIN = {
    "SELECT u.v, x FROM core.a, unnest([1]) AS u(v)": {"x": {A_X}},
    "SELECT name, x FROM core.a, range(3) AS r": {"x": {A_X}},
    "SELECT * FROM core.a, range(3) AS r": {},
    "SELECT nowhere, x FROM core.a": {"x": {A_X}},
    "SELECT w FROM core.unknown": {},
    "WITH RECURSIVE c AS (SELECT id FROM core.a UNION SELECT id FROM c) SELECT c.id, x FROM core.a JOIN c ON true": {
        "x": {A_X}
    },
    "SELECT x FROM core.a UNION BY NAME SELECT z FROM core.b": {},
    "SELECT x, x FROM core.a": {},
}


@pytest.mark.parametrize("sql", CERTAIN)
def test_a_column_comes_from_the_columns_it_is_computed_from(parser: Connection, sql: str) -> None:
    assert _sources(parser, sql) == CERTAIN[sql]


@pytest.mark.parametrize("sql", UNCERTAIN)
def test_what_is_not_certain_is_left_out(parser: Connection, sql: str) -> None:
    assert _sources(parser, sql) == UNCERTAIN[sql]


def test_loaded_tables_are_known_with_their_columns_in_order() -> None:
    assert loaded_columns()["raw.schema_version"] == ["version"]
    assert loaded_columns()["core.jobs"][:2] == ["source", "job_id"]


def test_every_source_of_a_model_is_a_column_of_what_it_selects_from() -> None:
    models = pipeline.models()
    columns = loaded_columns() | {model.name: list(model.columns) for model in models}
    lineage = model_lineage(models)
    for model in models:
        assert lineage[model.name].keys() <= model.columns.keys()
        for sources in lineage[model.name].values():
            assert {table for table, _ in sources} <= model.dependencies
            assert all(name in columns[table] for table, name in sources)


def test_a_computed_model_has_none_and_most_others_are_known_whole() -> None:
    models = pipeline.models()
    lineage = model_lineage(models)
    assert all(lineage[model.name] == {} for model in models if model.computation)
    plain = [model for model in models if not model.computation]
    known = sum(len(lineage[model.name]) for model in plain)
    assert known > 0.9 * sum(len(model.columns) for model in plain)
