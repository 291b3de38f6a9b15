"""The command line `cce-etl`: Typer for words in, rich for words out.

Lives here: commands, their options, how results and errors look.
Does not: any logic. Nothing heavy is imported until a command that needs it runs, so that --help answers at once.
"""

import atexit
import gc

# A start makes objects by the ten thousand and hardly any garbage. Looking for it, on the way and once more at the
# end, when all goes with the process anyhow, took a sixth of the CPU of `cce-etl sql`.
gc.set_threshold(50_000)
atexit.register(gc.freeze)

# Importing a module of commands adds them, in the order of the help.
from cce_etl.cli import ingest, query, admin, report, explain, trace, watch, serve, demo  # noqa: E402, F401, I001
from cce_etl.cli.app import main  # noqa: E402

__all__ = ["main"]
