"""Text from outside as an expression in SQL that is shown as it ran.

Lives here: what is not printable. Does not: the quotes (`warehouse/literals`); queries with parameters need neither.
"""

from itertools import groupby

from cce_etl.warehouse.quoting import literal as plain_literal


def literal(text: str) -> str:
    """Return text as an SQL expression of printable characters alone, so that it can be shown and pasted."""
    runs = groupby(text, key=str.isprintable)
    parts = [
        plain_literal(run) if is_printable else _coded(run) for is_printable, run in ((k, "".join(g)) for k, g in runs)
    ]
    return f"({' || '.join(parts)})" if len(parts) > 1 else "".join(parts) or "''"


def _coded(text: str) -> str:
    return " || ".join(f"chr({ord(char)})" for char in text)
