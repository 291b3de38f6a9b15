"""A run that is stopped: by kill -9, by Ctrl-C, by SIGTERM; and the same command again.

Does not live here: how a run ends by itself (`test_app_run`, `test_app_failures`).
"""

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

if TYPE_CHECKING:
    from tests.conftest import Api, Shell

FROZEN = "SELECT * EXCLUDE observed_at FROM core.jobs ORDER BY ALL"
SMALL_BATCHES = "import cce_etl.pipeline.fetch; cce_etl.pipeline.fetch.BATCH_JOBS = 4"


def wait_until(holds: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    """Wait for something another process brings about; fail when it ends before."""
    while not holds():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


def stored_ids(warehouse: Path) -> set[str]:
    """Return the ids with a payload in a warehouse that nobody holds any more."""
    with duckdb.connect(warehouse) as connection:
        return {job_id for (job_id,) in connection.execute("SELECT job_id FROM raw.job_payloads").fetchall()}


def test_a_run_killed_in_the_middle_ends_as_an_undisturbed_one_when_run_again(
    shell: "Shell", api: "Api", tmp_path: Path, make_shell: "Callable[[Path, str | None], Shell]"
) -> None:
    undisturbed = make_shell(tmp_path / "undisturbed", api.endpoint)
    ids = undisturbed.write("ids.txt", api.fleet_ids)
    assert undisturbed("run", "--ids", ids, "--no-build").code == 0
    running = {job_id for job_id, state in undisturbed.states().items() if state == "running"}
    api.reset()
    api.seconds = 0.1
    process = shell.start("run", "--ids", ids, "--no-build", "--concurrency", "2", before=SMALL_BATCHES)
    try:
        # While a batch is written 4 answers wait in the queue and 2 with the workers: 14 asked means 4 are written.
        wait_until(lambda: api.asked.total() >= 14, process)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    kept = stored_ids(shell.warehouse)
    assert 4 <= len(kept) < len(api.fleet_ids)
    api.reset()
    again = shell("run", "--ids", ids, "--no-build", "--json")
    assert again.code == 0
    assert set(api.asked) == set(api.fleet_ids) - (kept - running)
    assert again.json["skipped"] == len(kept - running)
    assert shell.rows(FROZEN) == undisturbed.rows(FROZEN)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_in_good_order_and_keeps_what_was_fetched(
    shell: "Shell", api: "Api", number: signal.Signals
) -> None:
    api.seconds = 0.15
    ids = shell.write("ids.txt", api.fleet_ids)
    process = shell.start("run", "--ids", ids, "--concurrency", "2")
    wait_until(lambda: api.asked.total() >= 7, process)
    process.send_signal(number)
    ran = shell.ended(process)
    assert ran.code == 128 + number
    kept = stored_ids(shell.warehouse)
    # Seven were asked for and at most two were under way.
    assert 5 <= len(kept) < len(api.fleet_ids)
    assert ran.err == (
        f"Error: Stopped by {number.name}: {len(kept)} of {len(api.fleet_ids)} jobs are done and kept. "
        "Run the same command again to go on.\n"
    )
    assert shell.rows("SELECT requested, fetched FROM raw.fetch_runs") == [(len(api.fleet_ids), len(kept))]
    api.reset()
    assert shell("run", "--ids", ids, "--no-build").code == 0
    assert stored_ids(shell.warehouse) == set(api.fleet_ids)


def test_a_second_signal_while_ending_does_not_lose_what_was_fetched(shell: "Shell", api: "Api") -> None:
    api.seconds = 0.1
    process = shell.start("run", "--ids", shell.write("ids.txt", api.fleet_ids), "--concurrency", "2")
    wait_until(lambda: api.asked.total() >= 5, process)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    ran = shell.ended(process)
    assert ran.code == 130
    assert len(stored_ids(shell.warehouse)) >= 3


INTERRUPTED_SOON = """
import os, signal, threading, cce_etl.publish.query as module
asked = module.query
def query(*arguments):
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    return asked(*arguments)
module.query = query
"""


def test_a_query_interrupted_by_ctrl_c_ends_without_a_traceback(
    tmp_path: Path, make_shell: "Callable[[Path, str | None], Shell]"
) -> None:
    shell = make_shell(tmp_path, None)
    duckdb.connect(shell.published).close()
    endless = "SELECT count(*) FROM range(1000000000000000)"
    ran = shell.ended(shell.start("sql", endless, before=INTERRUPTED_SOON))
    assert (ran.code, ran.out, ran.err) == (130, "", "Error: The query was stopped.\n")
