"""An analyst: a DuckDB in another process that attaches a server of the tests."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import duckdb

from cce_etl.publish.server import Listener

TOKEN: Final = "a-token-of-these-tests"
_CLIENT: Final = """
import json, sys, duckdb
from cce_etl.warehouse.lake import load_extensions
connection = duckdb.connect()
load_extensions(connection, "httpfs", "quack")
for line in sys.stdin:
    try:
        answer = connection.execute(json.loads(line)).fetchall()
    except duckdb.Error as error:
        answer = str(error)
    print(json.dumps(answer, default=str), flush=True)
"""


class Analyst:
    """A DuckDB in another process."""

    def __init__(self) -> None:
        command, pipe = [sys.executable, "-c", _CLIENT], subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)

    def says(self, sql: str) -> Any:
        """Run a statement; return its rows, or DuckDB's error as a text."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(sql) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def attach(self, listener: Listener) -> None:
        """Attach a server as cce, as an analyst does."""
        self.says("DETACH DATABASE IF EXISTS cce")
        assert self.says(f"CREATE OR REPLACE SECRET (TYPE quack, TOKEN '{listener.token}')") == [[True]]
        assert self.says(f"ATTACH '{listener.address}' AS cce") == []

    def sends(self, sql: str) -> Any:
        """Have the server run a statement as it is."""
        return self.says(f"FROM cce.query($statement${sql}$statement$)")

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=30)


def listener_of(port: int | None = None) -> Listener:
    """Return a listener on a free port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return Listener("127.0.0.1", port or free.getsockname()[1], TOKEN)


def publish(path: Path, steps: int, *more: str) -> None:
    """Swap in a published file of so many steps."""
    draft = path.with_suffix(".draft")
    with duckdb.connect(draft) as connection:
        connection.execute("CREATE SCHEMA core; CREATE SCHEMA marts; CREATE SCHEMA raw")
        connection.execute(
            f"CREATE TABLE core.jobs AS SELECT range AS job, make_timestamp_ns(123) AS created_at "
            f"FROM range({steps + 1})"
        )
        connection.execute(
            f"CREATE TABLE marts.steps AS SELECT range AS job, 'Install' AS job_type FROM range({steps})"
        )
        connection.execute(
            "CREATE VIEW marts.step_counts AS SELECT job_type, count(*) AS n FROM marts.steps GROUP BY ALL"
        )
        connection.execute(f"CREATE TABLE main.manifest AS SELECT {steps} AS steps")
        connection.execute("CREATE TABLE raw.bodies AS SELECT 'kept' AS body; CREATE TABLE main.notes AS SELECT 1 AS n")
        for statement in more:
            connection.execute(statement)
    draft.replace(path)
