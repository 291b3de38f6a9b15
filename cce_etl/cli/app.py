"""The Typer application `cce-etl`, and how errors become a message and an exit code."""

import sys

import typer

from cce_etl.errors import CceEtlError

app = typer.Typer(
    name="cce-etl",
    help="Turn Huawei Cloud CCE jobs into answers: how long each step takes, and how often it fails.",
    epilog="Settings come from options, the environment (in brackets) or cce-etl.toml. Secrets: only the environment.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line; a CceEtlError ends it with one line and an exit code, without a traceback."""
    try:
        app()
    except CceEtlError as error:
        typer.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:  # Typer handles a broken pipe itself
        typer.echo(f"Error: the output cannot be written: {error.strerror}.", err=True)
        sys.exit(1)
    except RuntimeError as error:
        # DuckDB raises RuntimeError for a Ctrl-C in the middle of a query. Typer handles a Ctrl-C anywhere else.
        if not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        typer.echo("Stopped.", err=True)
        sys.exit(130)
