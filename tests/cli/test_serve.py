"""`cce-etl serve` in a process of its own: what it prints, how it ends, and a client that asks while runs publish.

Does not live here: what clients may run, and how versions follow each other (`warehouse/test_serving`).
"""

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from cce_etl.publish.server import Listener, server
from cce_etl.warehouse.lake import load_extensions

if TYPE_CHECKING:
    from tests.conftest import Api, DemoRun, Shell

ROOT = Path(__file__).resolve().parents[2]
OFTEN = "import cce_etl.publish.server as serving; serving._REFRESH_SECONDS = 0.05"
# Asks all the time until it has seen as many root jobs as there will be; any error ends it.
WATCHER = """
import json, sys, duckdb
from cce_etl.warehouse.lake import load_extensions
connection = duckdb.connect()
load_extensions(connection, "httpfs", "quack")
for line in sys.argv[2].splitlines():
    connection.execute(line)
counts, queries = [], 0
while not counts or counts[-1] < int(sys.argv[1]):
    ((count,),) = connection.execute("SELECT count(*) FROM cce.core.jobs WHERE depth = 0").fetchall()
    ((manifest,),) = connection.execute("SELECT ids_fetched FROM cce.manifest").fetchall()
    connection.execute("FROM cce.query('FROM core.jobs AS a JOIN core.jobs AS b USING (root_job_id)')").fetchall()
    counts += [count] if [count] != counts[-1:] else []
    queries += 1
    print(count, flush=True) if queries == 1 else None
print(json.dumps([counts, queries]))
"""


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number: int = free.getsockname()[1]
        return number


@pytest.fixture
def analysed(tmp_path: Path, make_shell: "Callable[[Path, str | None], Shell]") -> "Shell":
    """Return a shell with a published file of one step, made without a run."""
    shell = make_shell(tmp_path, None)
    with duckdb.connect(shell.published) as connection:
        connection.execute("CREATE SCHEMA marts; CREATE TABLE marts.steps AS SELECT 'Install' AS job_type")
    return shell


def words_of(process: "subprocess.Popen[bytes]") -> list[str]:
    """Return the three lines that a server prints when it is ready."""
    assert process.stdout is not None
    return [process.stdout.readline().decode().rstrip("\n") for _ in range(3)]


@pytest.fixture
def client() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        load_extensions(connection, "httpfs", "quack")
        yield connection


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_two_lines_it_prints_attach_an_analyst_until_a_signal_ends_it(
    analysed: "Shell", port: int, client: duckdb.DuckDBPyConnection, number: signal.Signals, code: int
) -> None:
    process = analysed.start("serve", "--port", str(port))
    try:
        title, secret, attach = words_of(process)
        client.execute(secret)
        client.execute(attach)
        assert client.execute("FROM cce.marts.steps").fetchall() == [("Install",)]
        process.send_signal(number)
    finally:
        ran = analysed.ended(process)
    assert "read-only, until stopped" in title
    assert (ran.code, ran.out, ran.err) == (code, "", f"Error: Stopped serving by {number.name}.\n")
    with pytest.raises(duckdb.Error, match="Could not connect"):
        client.execute("FROM cce.marts.steps")


def test_a_token_of_the_environment_lets_in_and_is_not_printed(
    analysed: "Shell", port: int, client: duckdb.DuckDBPyConnection
) -> None:
    token = "it's-a-token-of-the-environment"
    analysed.environment["CCE_SERVE_TOKEN"] = token
    process = analysed.start("serve", "--port", str(port))
    try:
        words = words_of(process)
        client.execute("CREATE SECRET (TYPE quack, TOKEN 'it''s-a-token-of-the-environment')")
        client.execute(words[2])
        assert client.execute("FROM cce.marts.steps").fetchall() == [("Install",)]
        process.send_signal(signal.SIGTERM)
    finally:
        ran = analysed.ended(process)
    assert words[1] == "CREATE SECRET (TYPE quack, TOKEN '<CCE_SERVE_TOKEN>');"
    assert token not in "".join([*words, ran.out, ran.err])


def run_and_publish(shell: "Shell", ids: str) -> None:
    """Do a run but for its models, which take most of its time and which nobody asks for here."""
    assert shell("run", "--ids", ids, "--no-build").code == 0
    assert shell("publish").code == 0


def test_a_second_process_asks_all_the_time_while_runs_write_and_publish(shell: "Shell", api: "Api", port: int) -> None:
    sizes = (8, 16, len(api.fleet_ids))
    lists = [shell.write(f"{size}.txt", api.fleet_ids[:size]) for size in sizes]
    run_and_publish(shell, lists[0])
    serving = shell.start("serve", "--port", str(port), before=OFTEN)
    try:
        attach = "\n".join(words_of(serving)[1:])
        command = [sys.executable, "-c", WATCHER, str(sizes[-1]), attach]
        watching = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert watching.stdout is not None
        assert watching.stdout.readline() == b"8\n"
        for ids in lists[1:]:
            run_and_publish(shell, ids)
        out, err = watching.communicate(timeout=60)
        assert (watching.returncode, err) == (0, b"")
        serving.send_signal(signal.SIGTERM)
    finally:
        ran = shell.ended(serving)
    assert (ran.code, ran.err) == (143, "Error: Stopped serving by SIGTERM.\n")
    counts, queries = json.loads(out)
    # A version may come and go between two of its queries.
    assert counts == sorted(set(counts) & set(sizes))
    assert (counts[0], counts[-1]) == (sizes[0], sizes[-1])
    assert queries > len(sizes)


def test_a_file_that_cannot_be_read_is_told_once_and_the_one_before_is_served(
    analysed: "Shell", port: int, client: duckdb.DuckDBPyConnection
) -> None:
    process = analysed.start("serve", "--port", str(port), before=OFTEN)
    try:
        for line in words_of(process)[1:]:
            client.execute(line)
        broken = analysed.folder / "broken"
        broken.write_bytes(b"no database" * 1_000)
        broken.replace(analysed.published)
        assert process.stderr is not None
        told = process.stderr.readline().decode()
        assert client.execute("FROM cce.marts.steps").fetchall() == [("Install",)]
        process.send_signal(signal.SIGTERM)
    finally:
        ran = analysed.ended(process)
    assert told.startswith("The file published last cannot be served. The one before it is still served:")
    assert "not a DuckDB file" in told
    assert ran.err == "Error: Stopped serving by SIGTERM.\n"


def test_mistakes_are_one_line_that_says_what_to_do(
    analysed: "Shell", port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_port = ("serve", "--port", str(port))
    with socket.create_server(("127.0.0.1", port)):
        busy = analysed(*at_port)
    missing = analysed(*at_port, "--published", "other.duckdb")
    short = analysed(*at_port, CCE_SERVE_TOKEN="short")
    monkeypatch.setattr("cce_etl.warehouse.lake.find_spec", lambda _: None)
    bare = analysed(*at_port)
    assert [(ran.code, ran.out) for ran in (busy, missing, short, bare)] == [(2, ""), (4, ""), (2, ""), (2, "")]
    assert "Address already in use. Name another --port" in busy.err
    assert "There is no published file at other.duckdb" in missing.err
    assert "CCE_SERVE_TOKEN is wrong" in short.err
    assert "openssl rand" in short.err
    assert "pip install 'cce-etl[lake]'" in bare.err
    assert [ran.err.count("\n") for ran in (busy, missing, short, bare)] == [1, 1, 1, 1]


def test_an_address_that_others_reach_comes_with_a_word_about_tls(
    analysed: "Shell", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cce_etl.publish.server.serve", lambda _database, _listener, on_ready, _on_trouble: on_ready())
    ran = analysed("serve", "--host", "10.0.0.1")
    assert ran.code == 0
    assert "a reverse proxy with TLS" in ran.err
    assert ran.out.splitlines()[2] == "ATTACH 'quack:<name of the reverse proxy>:443' AS cce;"
    assert analysed("serve").err == ""


def test_what_the_documentation_tells_analysts_to_type_works(
    demo_run: "DemoRun", port: int, client: duckdb.DuckDBPyConnection
) -> None:
    text = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^ *```sql\n(.*?)```", text, re.MULTILINE | re.DOTALL)
    spans = re.findall(r"`((?:FROM|CREATE TABLE|CALL) [^`]+)`", text)
    assert (len(blocks), len(spans)) == (2, 3)
    with server(demo_run.published, Listener("127.0.0.1", port, "a token of this test")):
        for statement in [*blocks[0].split(";")[:-1], blocks[1], *spans]:
            typed = statement.replace("'...'", "'a token of this test'").replace(":9494", f":{port}")
            assert client.execute(typed).fetchall() is not None, typed
        for schema, table in client.execute(
            "FROM cce.query('SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal AND "
            "database_name = current_database()')"
        ).fetchall():
            ((count,),) = client.execute(f"SELECT count(*) FROM cce.{schema}.{table}").fetchall()
            with duckdb.connect(demo_run.published, read_only=True) as own:
                assert own.execute(f"SELECT count(*) FROM {schema}.{table}").fetchall() == [(count,)]


def test_help_asks_for_no_database(analysed: "Shell") -> None:
    told = "import atexit, sys; atexit.register(lambda: print('duckdb' in sys.modules))"
    ran = analysed.ended(analysed.start("serve", "--help", before=told))
    assert ran.code == 0
    assert "--host" in ran.out
    assert ran.out.endswith("False\n")
