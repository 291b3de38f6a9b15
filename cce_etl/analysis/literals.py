"""Text from outside as an expression in SQL that is shown as it ran.

Lives here: quoting. Does not: queries with parameters, which need none.
"""

from itertools import groupby


def literal(text: str) -> str:
    """Return text as an SQL expression of printable characters alone, so that it can be shown and pasted."""
    runs = groupby(text, key=str.isprintable)
    parts = [_quoted(run) if is_printable else _coded(run) for is_printable, run in ((k, "".join(g)) for k, g in runs)]
    return f"({' || '.join(parts)})" if len(parts) > 1 else "".join(parts) or "''"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _coded(text: str) -> str:
    return " || ".join(f"chr({ord(char)})" for char in text)
