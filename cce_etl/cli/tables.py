"""Tables on standard output: aligned for people; CSV, JSON and Markdown for programs and documents."""

import csv
import sys
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import msgspec
import typer

from cce_etl.cli.text import visible

if TYPE_CHECKING:
    from cce_etl.publish.query import QueryResult

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


class Format(StrEnum):
    """The formats in which `sql` prints a result."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    MARKDOWN = "markdown"


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], numbers: set[int]) -> None:
    """Print an aligned table, with the columns at the positions `numbers` to the right; cells are text, never markup.

    On a terminal the table fits its width. Elsewhere it is as wide as its cells need, so that no cell is cut.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index in numbers else "left", no_wrap=index in numbers)
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    console = Console(width=None if sys.stdout.isatty() else 10_000)
    with console.capture() as captured:
        console.print(table)
    lines = (line.rstrip() for line in captured.get().splitlines())
    typer.echo("\n".join(line for line in lines if line))


def number_text(value: Any) -> str:
    """Return a cell for people: numbers with thousands separators, fractions to three digits, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def print_rows(result: "QueryResult", as_text: Callable[[Any], str] = number_text) -> None:
    """Print the result of a query as an aligned table; all its rows are held in memory at once."""
    rows = list(result.rows)
    numbers = {index for index in range(len(result.columns)) if rows and not isinstance(rows[0][index], str)}
    print_table(result.columns, ([as_text(value) for value in row] for row in rows), numbers)


def print_result(result: "QueryResult", form: Format) -> None:
    """Print the result of a query with its values unrounded; a statement without a result prints nothing.

    All formats but the table are written row by row.
    """
    if result.columns:
        _PRINTERS[form](result)


def _print_table(result: "QueryResult") -> None:
    print_rows(result, lambda value: "" if value is None else str(value))


def _print_csv(result: "QueryResult") -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_csv_cells(result.columns))
    for row in result.rows:
        writer.writerow(_csv_cells(row))


def _csv_cells(values: Iterable[Any]) -> list[str]:
    """Return the cells of a CSV line. Text that a spreadsheet would run as a formula gets a quote in front.

    On a terminal control characters are made visible; in a file or pipe text stays as it is.
    Source: OWASP, CSV Injection.
    """
    cells = [f"'{value}" if isinstance(value, str) and _is_formula(value) else _plain(value) for value in values]
    return [visible(cell) for cell in cells] if sys.stdout.isatty() else cells


def _is_formula(text: str) -> bool:
    if not text.startswith(_FORMULA_STARTS):
        return False
    try:
        float(text)
    except ValueError:
        return True
    return False


def _print_json(result: "QueryResult") -> None:
    separator = "["
    for row in result.rows:
        sys.stdout.write(separator + "\n" + _json(dict(zip(result.columns, row, strict=True))))
        separator = ","
    sys.stdout.write("\n]\n" if separator == "," else "[]\n")


def _print_markdown(result: "QueryResult") -> None:
    for cells in (result.columns, ["---"] * len(result.columns)):
        sys.stdout.write(_markdown_line(cells))
    for row in result.rows:
        sys.stdout.write(_markdown_line([_plain(value) for value in row]))


def _markdown_line(cells: list[str]) -> str:
    escaped = (visible(cell).replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ") for cell in cells)
    return f"| {' | '.join(escaped)} |\n"


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list | tuple):
        return _json(value)
    if isinstance(value, bool):
        return str(value).lower()
    return value.hex() if isinstance(value, bytes) else str(value)


def _json(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode()


_PRINTERS: Final[dict[Format, Callable[["QueryResult"], None]]] = {
    Format.TABLE: _print_table,
    Format.CSV: _print_csv,
    Format.JSON: _print_json,
    Format.MARKDOWN: _print_markdown,
}
