"""The command line `cce-etl`: Typer for words in, rich for words out.

Lives here: commands, their options, how results and errors look.
Does not: any logic. Nothing heavy is imported until a command that needs it runs, so that --help answers at once.
"""

# Importing a module of commands adds them, in the order of the help.
from cce_etl.cli import fetching, reading, keeping, reporting, explaining, tracing, watching, serving, demonstration  # noqa: F401, I001
from cce_etl.cli.app import main

__all__ = ["main"]
