"""Text and names as SQL writes them, for statements that take no parameters: ATTACH, LOAD, SET, COMMENT."""


def literal(text: object) -> str:
    """Return a text, or a path, as an SQL literal with its quotes."""
    escaped = str(text).replace("'", "''")
    return f"'{escaped}'"


def identifier(name: str) -> str:
    """Return the name of a table, column or database in quotes, whatever characters are in it."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'
