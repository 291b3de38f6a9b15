"""The application `cce-etl`: its name, its help, and how it ends.

Lives here: the Typer object, exit codes.
Does not: the commands (`fetching`, `reading`, `demonstration`), how results look (`show`, `results`).
"""

import sys

import typer

from cce_etl.errors import CceEtlError

app = typer.Typer(
    name="cce-etl",
    help="Turn Huawei Cloud CCE jobs into answers: how long each step takes, and how often it fails.",
    epilog="Settings come from options, the environment (in brackets) or cce-etl.toml. Secrets: the environment alone.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line; a mistake of the user ends in one clear line and an exit code, never in a traceback."""
    try:
        app()
    except CceEtlError as error:
        typer.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:  # a broken pipe is Typer's business, and ends before it comes here
        typer.echo(f"Error: the output cannot be written: {error.strerror}.", err=True)
        sys.exit(1)
    except RuntimeError as error:
        # A Ctrl-C elsewhere, and a reader of our output that has had enough, as `head` has, are Typer's business.
        if not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        typer.echo("Stopped.", err=True)  # in the middle of a query, DuckDB's word for it is RuntimeError
        sys.exit(130)
