"""Text as SQL has it, where a statement takes no parameters: ATTACH, LOAD, SET, COMMENT.

Lives here: the quotes around it. Does not: names of tables and databases (`connection.quoted`).
"""


def literal(text: object) -> str:
    """Return a text, or a path, as an SQL literal with its quotes."""
    escaped = str(text).replace("'", "''")
    return f"'{escaped}'"
