"""What `cce-etl sql` prints, in each format: exact times, nothing, and text that is out to break the format.

Does not live here: which queries are refused (`test_app_commands`).
"""

import csv
import io
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import duckdb
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Shell

NASTY = 'pipe | back\\slash, "quote" [bold]not markup[/bold]\nsecond line\x1b[31m\a'
EXACT = "2026-02-01 08:00:00.123456789"


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory, make_shell: "Callable[[Path, str | None], Shell]") -> "Shell":
    """Return a shell whose published file has one table of a row of values and a row of nothing."""
    made = make_shell(tmp_path_factory.mktemp("results"), None)
    with duckdb.connect(made.published) as connection:
        connection.execute("CREATE SCHEMA marts")
        connection.execute(
            f"""
            CREATE TABLE marts.odd AS
            SELECT 1 AS place, TIMESTAMP_NS '{EXACT}' AS moment, $1 AS text, 12345.0625::DOUBLE AS number,
                9007199254740993 AS whole, true AS yes, MAP {{'a.b': 'c|d'}} AS parameters, [1, NULL] AS list,
                'ab'::BLOB AS bytes
            """,
            [NASTY],
        )
        connection.execute("INSERT INTO marts.odd (place) VALUES (2)")
    return made


def answered(shell: "Shell", output: str, query: str = "FROM marts.odd ORDER BY place") -> str:
    ran = shell("sql", query, "--format", output)
    assert (ran.code, ran.err) == (0, "")
    return ran.out


def test_csv_is_read_back_as_it_was(shell: "Shell") -> None:
    header, row, nothing = csv.reader(io.StringIO(answered(shell, "csv"), newline=""))
    assert header == ["place", "moment", "text", "number", "whole", "yes", "parameters", "list", "bytes"]
    assert row == ["1", EXACT, NASTY, "12345.0625", "9007199254740993", "true", '{"a.b":"c|d"}', "[1,null]", "6162"]
    assert nothing == ["2", *[""] * 8]


def test_csv_holds_no_formula_that_a_spreadsheet_would_run(shell: "Shell") -> None:
    query = "SELECT unnest(['=1+1', '+1 x', '-rm', '@SUM(A1)', '\t=1', '-1.5', 'a=1', '']) AS \"=text\", -1 AS number"
    header, *rows = csv.reader(io.StringIO(answered(shell, "csv", query), newline=""))
    assert header == ["'=text", "number"]
    assert [text for text, _ in rows] == ["'=1+1", "'+1 x", "'-rm", "'@SUM(A1)", "'\t=1", "-1.5", "a=1", ""]
    assert {number for _, number in rows} == {"-1"}


def test_json_is_one_array_of_objects_read_back_as_it_was(shell: "Shell") -> None:
    first, second = json.loads(answered(shell, "json"))
    assert (first["place"], first["moment"], first["text"]) == (1, EXACT, NASTY)
    assert (first["number"], first["whole"], first["yes"]) == (12345.0625, 9007199254740993, True)
    assert (first["parameters"], first["list"]) == ({"a.b": "c|d"}, [1, None])
    assert set(second) == set(first)
    assert [value for name, value in second.items() if name != "place"] == [None] * 8
    assert json.loads(answered(shell, "json", "FROM marts.odd WHERE false")) == []


def test_markdown_keeps_every_row_on_one_line_of_as_many_cells(shell: "Shell") -> None:
    lines = answered(shell, "markdown", "SELECT place, moment, text FROM marts.odd ORDER BY place").splitlines()
    assert lines == [
        "| place | moment | text |",
        "| --- | --- | --- |",
        f'| 1 | {EXACT} | pipe \\| back\\\\slash, "quote" [bold]not markup[/bold] second line\\\\x1b[31m\\\\x07 |',
        "| 2 |  |  |",
    ]


def test_a_table_shows_every_value_whole_and_steers_no_terminal(shell: "Shell") -> None:
    printed = answered(shell, "table")
    for value in (EXACT, "12345.0625", "9007199254740993", "[bold]not markup[/bold]", "\\x1b[31m", "second line"):
        assert value in printed
    assert "\x1b" not in printed
    assert "\a" not in printed


def test_a_table_of_no_rows_shows_its_columns(shell: "Shell") -> None:
    assert answered(shell, "table", "SELECT place, text FROM marts.odd WHERE false").split()[:2] == ["place", "text"]


@pytest.mark.parametrize("output", ["table", "csv", "json", "markdown"])
def test_odd_column_names_and_names_given_twice_are_printed(shell: "Shell", output: str) -> None:
    query = 'SELECT moment AS "a|b ""c""", moment AS "a|b ""c""", 1 AS "select" FROM marts.odd WHERE place = 1'
    assert answered(shell, output, query).count("123456789") == (1 if output == "json" else 2)


@pytest.mark.parametrize("output", ["csv", "json", "markdown"])
def test_a_time_inside_a_list_a_struct_or_a_map_keeps_its_nanoseconds(shell: "Shell", output: str) -> None:
    query = (
        "SELECT [moment] AS many, {'on': moment} AS named, MAP {'on': moment} AS mapped FROM marts.odd WHERE place = 1"
    )
    assert answered(shell, output, query).count(EXACT) == 3


def test_infinite_and_undefined_numbers_are_json_null_or_text_but_valid(shell: "Shell") -> None:
    printed = answered(shell, "json", "SELECT 'inf'::DOUBLE AS a, 'nan'::DOUBLE AS b, 1.50::DECIMAL(9, 2) AS c")
    assert set(json.loads(printed)[0]) == {"a", "b", "c"}


def test_a_query_is_read_from_standard_input_with_a_comment_and_a_semicolon_at_its_end(shell: "Shell") -> None:
    ran = shell("sql", "-", "-f", "csv", stdin=b"SELECT moment FROM marts.odd -- the place\nWHERE place = 1; -- done\n")
    assert (ran.code, ran.out) == (0, f"moment\n{EXACT}\n")


def test_more_rows_than_are_read_at_once_are_all_printed(shell: "Shell") -> None:
    lines = answered(shell, "csv", "SELECT range AS n FROM range(25000)").splitlines()
    assert lines == ["n", *map(str, range(25_000))]


def test_a_statement_without_a_result_prints_no_row(shell: "Shell") -> None:
    # DuckDB 2 gives it a column.
    assert answered(shell, "csv", "SET threads = 1") in ("", "Success\n")


def test_a_pipe_closed_early_ends_quietly(shell: "Shell") -> None:
    with shell.start("sql", "SELECT range, repeat('x', 100) FROM range(1000000)", "-f", "csv") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"range,\"repeat('x', 100)\"\n"
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 1
