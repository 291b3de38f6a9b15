"""How the result of a query is printed: table, CSV, JSON, Markdown.

Lives here: one function a format, each streaming rows but the table.
Does not: asking (`warehouse/query`), other output (`show`).
"""

import csv
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from cce_etl.cli.output import query_table, visible

if TYPE_CHECKING:
    from cce_etl.publish.query import QueryResult


_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def print_result(result: "QueryResult", output: str) -> None:
    """Print a result on standard output in the named format; a statement without a result prints nothing."""
    if result.columns:
        _PRINTERS[output](result)


def _print_csv(result: "QueryResult") -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_harmless(result.columns))
    for row in result.rows:
        writer.writerow(_harmless(row))


def _harmless(values: Iterable[Any]) -> list[str]:
    """Return the cells of a CSV line: a spreadsheet would run text that begins like a formula, so it gets a quote.

    Source: OWASP, CSV Injection. On a terminal control characters are made visible, elsewhere text stays as it is.
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


_PRINTERS: Final[dict[str, Callable[["QueryResult"], None]]] = {
    "table": query_table,
    "csv": _print_csv,
    "json": _print_json,
    "markdown": _print_markdown,
}
