"""Contenders that are commands: ours and others', run as their users run them."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.contender import Stopwatch
from benchmarks.harness import ROOT
from benchmarks.job_server import PROJECT_ID

CCE_ETL = (sys.executable, "-c", "from cce_etl.cli import main; main()")
# A file's beginning says nothing of a failure; its end does.
_LAST_CHARACTERS = 2_000


def run_command(watch: Stopwatch, *, command: Sequence[str], environment: Mapping[str, str], units: int = 1) -> int:
    """Run a command as one contender, its child processes included; a failed command is a failed contender."""
    # What only the benchmarks install must not stand before what a user of ours has.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with watch:
        done = subprocess.run(  # noqa: S603  our own commands
            command, env=inherited | dict(environment), cwd=ROOT, capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        raise RuntimeError(f"code {done.returncode}: {(done.stdout + done.stderr)[-_LAST_CHARACTERS:]}")
    return units


def our_environment(folder: Path, endpoint: str = "http://127.0.0.1:9") -> dict[str, str]:
    """Return the settings of a run of ours that writes to one folder only and has no rate limit."""
    return {
        "CCE_ENDPOINT": endpoint,
        "CCE_PROJECT_ID": PROJECT_ID,
        "CCE_AUTH_TOKEN": "benchmark-token",
        "CCE_CONCURRENCY": "64",
        "CCE_RATE_LIMIT": "0",
        "CCE_WAREHOUSE": str(folder / "warehouse.duckdb"),
        "CCE_PUBLISHED": str(folder / "published.duckdb"),
        "HOME": str(folder),
    }
