"""A new Redis server on loopback, in a temporary folder, with a password."""

import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from tests.integration.ops.postgres import free_port


def find_redis() -> Path | None:
    """Return the server's program, or None where it is not installed."""
    found = shutil.which("redis-server")
    return None if found is None else Path(found)


@contextmanager
def running_redis(program: Path, folder: Path) -> Iterator[str]:
    """Serve an empty Redis until the end of the block, and yield its address with the password."""
    port, password = free_port(), secrets.token_hex(16)
    settings = f"bind 127.0.0.1\nport {port}\ndir {folder}\nrequirepass {password}\nsave ''\nappendonly no\n"
    (folder / "redis.conf").write_text(settings, encoding="utf-8")
    with (folder / "redis.log").open("wb") as log:
        server = subprocess.Popen([str(program), str(folder / "redis.conf")], stdout=log, stderr=log)
    try:
        address = f"redis://:{password}@127.0.0.1:{port}/0"
        _wait_for(address)
        yield address
    finally:
        server.terminate()
        server.wait(10)


def _wait_for(address: str) -> None:
    until = time.monotonic() + 20
    with redis.Redis.from_url(address) as client:
        while True:
            try:
                client.ping()
            except redis.ConnectionError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
            else:
                return
