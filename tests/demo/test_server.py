"""Start and stop of the server: in a thread, and in a process."""

import signal
import socket
import subprocess
import sys
import threading

import httpx
import pytest

from cce_etl.demo.api import DEMO_PROJECT_ID, DEMO_TOKEN, build_application
from cce_etl.demo.example import EXAMPLE_BODY, EXAMPLE_JOB_ID
from cce_etl.demo.fleet import Fleet
from cce_etl.demo.server import serve_in_thread, serve_until_stopped

EXAMPLE_PATH = f"/api/v3/projects/{DEMO_PROJECT_ID}/jobs/{EXAMPLE_JOB_ID}"
HEADERS = {"X-Auth-Token": DEMO_TOKEN}

SERVING_PROGRAM = """
from cce_etl.demo.api import build_application
from cce_etl.demo.fleet import build_fleet
from cce_etl.demo.server import serve_until_stopped
serve_until_stopped(build_application(build_fleet(11, 3, 0)), 0, lambda endpoint: print(endpoint, flush=True))
"""


def get_example(endpoint: str) -> bytes:
    return httpx.get(endpoint + EXAMPLE_PATH, headers=HEADERS, trust_env=False).content


def server_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "demo-server"]


def test_the_port_is_free_again_after_the_with_block_even_with_a_connection_open(small_fleet: Fleet) -> None:
    running_before = len(server_threads())
    with httpx.Client(headers=HEADERS, trust_env=False) as client:
        with serve_in_thread(build_application(small_fleet)) as endpoint:
            assert client.get(endpoint + EXAMPLE_PATH).content == EXAMPLE_BODY
        with pytest.raises(httpx.TransportError):
            client.get(endpoint + EXAMPLE_PATH)
    assert len(server_threads()) == running_before
    port = int(endpoint.rpartition(":")[2])
    with serve_in_thread(build_application(small_fleet), port) as again:
        assert again == endpoint
        assert get_example(again) == EXAMPLE_BODY


def test_an_error_inside_the_with_block_stops_the_server_too(small_fleet: Fleet) -> None:
    running_before = len(server_threads())
    with pytest.raises(RuntimeError, match="inside"), serve_in_thread(build_application(small_fleet)):
        raise RuntimeError("inside")
    assert len(server_threads()) == running_before


def test_a_port_already_taken_is_an_os_error_and_leaves_no_thread(small_fleet: Fleet) -> None:
    running_before = len(server_threads())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(OSError, match=r"(?i)address already in use"),
            serve_in_thread(build_application(small_fleet), port),
        ):
            pass
        with pytest.raises(OSError, match=r"(?i)address already in use"):
            serve_until_stopped(build_application(small_fleet), port, lambda _: None)
    assert len(server_threads()) == running_before


@pytest.mark.parametrize("stop_signal", [signal.SIGTERM, signal.SIGINT])
def test_serving_until_stopped_ends_quietly_at_a_signal(stop_signal: signal.Signals) -> None:
    command = [sys.executable, "-W", "error", "-X", "dev", "-c", SERVING_PROGRAM]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert get_example(process.stdout.readline().strip()) == EXAMPLE_BODY
        process.send_signal(stop_signal)
        rest, errors = process.communicate(timeout=30)
    assert (process.returncode, rest, errors) == (0, "", "")
