"""What Dagster shows of a table: asset, columns, row count, and cells that cannot break out of the Markdown."""

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from dagster import AssetKey, TableSchema

from cce_etl.defs.metadata import CELL_LENGTH, asset_key, markdown_table, tables_metadata
from cce_etl.warehouse.connection import Connection


@pytest.fixture
def connection() -> Iterator[Connection]:
    with duckdb.connect() as opened:
        opened.execute("CREATE SCHEMA marts; CREATE SCHEMA core")
        opened.execute('CREATE TABLE marts.t (ended_at TIMESTAMP_NS NOT NULL, body BLOB, "odd ""name" VARCHAR)')
        opened.execute("COMMENT ON COLUMN marts.t.ended_at IS 'when, UTC'")
        opened.execute("INSERT INTO marts.t VALUES (make_timestamp_ns(1533197560672772389), 'x'::BLOB, NULL)")
        opened.execute("CREATE TABLE core.t (number INTEGER)")
        yield opened


def table_metadata(connection: Connection, table: str) -> dict[str, Any]:
    (metadata,) = tables_metadata(connection, [table])
    return metadata


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("raw.job_ids", ["raw", "job_ids"]),
        ("raw.job_payloads", ["raw", "job_payloads"]),
        ("raw.dead_letters", ["raw", "job_payloads"]),
        ("raw.fetch_runs", ["raw", "job_payloads"]),
        ("core.jobs", ["core", "jobs"]),
        ("marts.steps", ["marts", "steps"]),
    ],
)
def test_a_table_belongs_to_the_asset_that_fills_it(table: str, key: list[str]) -> None:
    assert asset_key(table) == AssetKey(key)


def test_columns_come_with_type_comment_and_constraint(connection: Connection) -> None:
    schema = table_metadata(connection, "marts.t")["dagster/column_schema"]
    assert isinstance(schema, TableSchema)
    assert [(column.name, column.type, column.description) for column in schema.columns] == [
        ("ended_at", "TIMESTAMP_NS", "when, UTC"),
        ("body", "BLOB", None),
        ('odd "name', "VARCHAR", None),
    ]
    assert [column.constraints.nullable for column in schema.columns] == [False, True, True]


def test_a_preview_keeps_nanoseconds_and_leaves_binary_columns_out(connection: Connection) -> None:
    metadata = table_metadata(connection, "marts.t")
    assert metadata["dagster/row_count"] == 1
    assert metadata["preview"].value == (
        '| ended\\_at | odd "name |\n| --- | --- |\n| 2018-08-02 08:12:40.672772389 | NULL |'
    )


def test_a_preview_holds_ten_rows_of_many(connection: Connection) -> None:
    connection.execute("INSERT INTO core.t FROM range(1000)")
    metadata = table_metadata(connection, "core.t")
    assert metadata["dagster/row_count"] == 1000
    assert len(metadata["preview"].value.splitlines()) == 12


def test_a_preview_keeps_nanoseconds_inside_nested_values(connection: Connection) -> None:
    connection.execute("CREATE TABLE core.nested AS SELECT [{'at': ended_at}] AS times FROM marts.t")
    preview = table_metadata(connection, "core.nested")["preview"].value
    assert "40.672772389" in str(preview)


def test_the_metadata_of_several_tables_come_in_their_order_and_are_empty_for_a_missing_one(
    connection: Connection,
) -> None:
    connection.execute("CREATE TABLE marts.u AS FROM core.t; CREATE TABLE t (of_no_schema_of_ours INTEGER)")
    told = list(tables_metadata(connection, ["core.t", "marts.not_there", "marts.t"]))
    assert told == [table_metadata(connection, "core.t"), {}, table_metadata(connection, "marts.t")]


def test_columns_and_counts_of_all_tables_are_queried_once(connection: Connection) -> None:
    class Counting:
        columns_asked, counts_asked, asked = 0, 0, 0

        def execute(self, sql: str, *arguments: Any) -> Connection:
            self.columns_asked += "duckdb_columns" in sql
            self.counts_asked += "count(*)" in sql
            self.asked += 1
            return connection.execute(sql, *arguments)

        def __getattr__(self, name: str) -> Any:
            return getattr(connection, name)

    counting = Counting()
    assert len(list(tables_metadata(counting, ["core.t", "marts.t"] * 5))) == 10  # type: ignore[arg-type]
    assert (counting.columns_asked, counting.counts_asked, counting.asked) == (1, 1, 12)


def test_a_value_cannot_break_out_of_its_cell() -> None:
    text = markdown_table(["a"], [["x | y\n<b>`*_~&"]]).value
    assert text == "| a |\n| --- |\n| x \\| y \\<b\\>\\`\\*\\_\\~\\& |"


def test_a_long_value_is_cut_with_an_ellipsis_and_a_fitting_one_is_whole() -> None:
    lines = (markdown_table(["a"], [["y" * CELL_LENGTH], ["x" * (CELL_LENGTH + 1)]]).value or "").splitlines()
    assert lines[2] == f"| {'y' * CELL_LENGTH} |"
    assert lines[3] == f"| {'x' * (CELL_LENGTH - 1)}… |"


def test_a_number_is_shown_without_its_binary_rounding_error() -> None:
    assert (markdown_table(["a"], [[1.8323461936000003], [0.1 + 0.2], [3]]).value or "").splitlines()[2:] == [
        "| 1.8323461936 |",
        "| 0.3 |",
        "| 3 |",
    ]
