"""How an explanation looks in a terminal: headings and wrapped lines; and its queries.

Lives here: width and colour. Does not: the words (`analysis/explanation_text`).
"""

from textwrap import wrap
from typing import TYPE_CHECKING, Final

import typer

from cce_etl.cli.text import visible

if TYPE_CHECKING:
    from cce_etl.analysis import Explanation

_WIDTH: Final = 79


def print_page(explanation: "Explanation") -> None:
    """Print one page, its headings bold on a terminal, no line longer than 79 characters."""
    from cce_etl.analysis.explain.text import sections

    for number, section in enumerate(sections(explanation)):
        title = "\n".join(_wrapped(section.title, "", "  "))
        typer.echo(("\n" if number else "") + typer.style(title, bold=True))  # plain where it is no terminal
        for line in section.lines:
            typer.echo("\n".join(_wrapped(line, "  ", "    ")))


def print_queries(explanation: "Explanation") -> None:
    """Print the query behind each part, as it was run; each is for `cce-etl sql`."""
    for part, query in explanation.queries.items():
        # No "--": a shell's argument that begins so would be taken for an option.
        typer.echo(f"/* {part} */\n{query};\n")


def _wrapped(text: str, first: str, others: str) -> list[str]:
    # Not at hyphens: an id that is cut in two cannot be copied.
    return wrap(visible(text), _WIDTH, initial_indent=first, subsequent_indent=others, break_on_hyphens=False)
