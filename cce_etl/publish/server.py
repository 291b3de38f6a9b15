"""The read-only server (DuckDB's Quack protocol), which analysts attach to from their own DuckDB."""

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from types import FrameType
from typing import Final

import duckdb
import msgspec

from cce_etl.errors import ConfigError, Interrupted, WarehouseError
from cce_etl.publish.permissions import allow_only_reading
from cce_etl.publish.views import ServedViews
from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.lake import load_extensions

MIN_TOKEN_LENGTH: Final = 16
_REFRESH_SECONDS: Final = 1.0


class Listener(msgspec.Struct, frozen=True):
    """The address to listen on, and the token that clients must send."""

    host: str
    port: int
    token: str

    @property
    def address(self) -> str:
        """Return the address in the form that ATTACH takes."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"quack:{host}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Return whether only this machine can reach the address."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __repr__(self) -> str:
        return f"Listener({self.address})"


def serve(
    published: Path,
    listener: Listener,
    on_ready: Callable[[], None],
    on_trouble: Callable[[WarehouseError], None],
) -> None:
    """Serve until SIGINT or SIGTERM, then raise Interrupted. Only the main thread may call this.

    Args:
        published: the published file.
        listener: where to listen.
        on_ready: called when clients can connect.
        on_trouble: called once with the reason why a newer version cannot be served. The older one is served on.

    Raises:
        ConfigError: see `server`.
        WarehouseError: see `server`.
    """
    with _stop_on_signals() as (stop, received), server(published, listener) as refresh:
        on_ready()
        trouble = ""
        while not stop.wait(_REFRESH_SECONDS):
            try:
                refresh()
                trouble = ""
            except WarehouseError as error:
                if str(error) != trouble:
                    on_trouble(error)
                trouble = str(error)
    raise Interrupted(f"Stopped serving by {received[0].name}.", signal_number=received[0])


@contextmanager
def server(published: Path, listener: Listener) -> Iterator[Callable[[], None]]:
    """Serve in the background during the block; yield the function that shows a newer version, if there is one.

    Raises:
        ConfigError: it cannot listen on the address, or an extension is missing.
        WarehouseError: there is nothing to serve.
    """
    with TemporaryDirectory(prefix="cce-etl-serve-") as folder:
        connection = duckdb.connect(":memory:")
        try:
            # Quack uses httpfs for random numbers. Without it, every connection gets HTTP status 500.
            load_extensions(connection, "httpfs", "quack")
            allow_only_reading(connection, published, folder)
            views = ServedViews(connection, published)
            views.refresh()
            _listen(connection, listener)
            try:
                yield views.refresh
            finally:
                connection.execute("CALL quack_stop($1)", [listener.address])
        finally:
            connection.close()


def _listen(connection: Connection, listener: Listener) -> None:
    family = socket.AF_INET6 if ":" in listener.host else socket.AF_INET
    try:
        # Quack would share the port with another server of the same user, and each would get some of the clients.
        socket.create_server((listener.host, listener.port), family=family).close()
        connection.execute(
            "CALL quack_serve($1, token => $2, allow_other_hostname => true)", [listener.address, listener.token]
        )
    except (OSError, duckdb.Error) as error:
        said = error.strerror if isinstance(error, OSError) else "it is no address of this machine, or in use"
        reason = (said or str(error)).partition(" (")[0]
        raise ConfigError(
            f"{listener.address} cannot be listened on: {reason}. Name another --port or --host, "
            "or end what listens there."
        ) from None


@contextmanager
def _stop_on_signals() -> Iterator[tuple[Event, list[signal.Signals]]]:
    stop, received = Event(), list[signal.Signals]()

    def handle(number: int, _: FrameType | None) -> None:
        received.append(signal.Signals(number))
        stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop, received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
