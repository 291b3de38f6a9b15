"""The command line `cce-etl`: the commands, their options, and how results and errors are printed.

A command imports what it needs when it runs, so that --help answers at once.
"""

import atexit
import gc

# Imports create tens of thousands of objects and hardly any garbage. Collecting garbage meanwhile and once more at exit
# took a sixth of the CPU time of `cce-etl sql`.
gc.set_threshold(50_000)
atexit.register(gc.freeze)

# Importing a module adds its commands, in the order of --help.
from cce_etl.cli import ingest, query, admin, report, explain, trace, watch, serve, demo  # noqa: E402, F401, I001
from cce_etl.cli.app import main  # noqa: E402

__all__ = ["main"]
