"""Listening: who is let in, what stands in the way of starting.

Does not live here: what clients may run (`test_serving_rules`), versions (`test_offers`), the command and its signals
(`cli/test_serving`).
"""

import socket
from pathlib import Path

import pytest

from cce_etl.errors import ConfigError, WarehouseError
from cce_etl.publish.server import Listener, server
from tests.publish.analyst import TOKEN, Analyst, listener_of, publish
from tests.warehouse.lakes import needs_extensions

pytestmark = needs_extensions


@pytest.fixture
def published(tmp_path: Path) -> Path:
    path = tmp_path / "published.duckdb"
    publish(path, 3)
    return path


@pytest.mark.parametrize("token", ["", "TOKEN 'another-token'", "TOKEN ''"])
def test_nobody_comes_in_without_the_token(analyst: Analyst, published: Path, token: str) -> None:
    listener = listener_of()
    with server(published, listener):
        options = f"({token})" if token else ""
        analyst.says("DROP SECRET IF EXISTS __default_quack")
        refused = analyst.says(f"ATTACH '{listener.address}' AS other {options}")
        assert "Authentication failed" in refused or "authentication token" in refused


def test_a_busy_port_and_an_address_of_another_machine_are_mistakes_of_the_user(published: Path) -> None:
    listener = listener_of()
    refused = pytest.raises(ConfigError, match=r"cannot be listened on: Address already in use.*--port")
    with server(published, listener), refused:
        start(published, listener)
    start(published, listener)
    with pytest.raises(ConfigError, match="cannot be listened on"):
        start(published, Listener("192.0.2.1", listener.port, TOKEN))


def test_without_a_published_file_nothing_listens(tmp_path: Path) -> None:
    listener = listener_of()
    with pytest.raises(WarehouseError, match=r"no published file.*cce-etl run"):
        start(tmp_path / "published.duckdb", listener)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((listener.host, listener.port), timeout=5)


def start(published: Path, listener: Listener) -> None:
    with server(published, listener):
        pass


@pytest.mark.parametrize(
    ("host", "address", "is_local"),
    [
        ("127.0.0.1", "quack:127.0.0.1:9494", True),
        ("localhost", "quack:localhost:9494", True),
        ("::1", "quack:[::1]:9494", True),
        ("10.0.0.1", "quack:10.0.0.1:9494", False),
        ("example.org", "quack:example.org:9494", False),
    ],
)
def test_a_listener_knows_its_address_and_who_can_reach_it(host: str, address: str, is_local: bool) -> None:
    listener = Listener(host, 9494, TOKEN)
    assert (listener.address, listener.is_local) == (address, is_local)
    assert TOKEN not in repr(listener)
