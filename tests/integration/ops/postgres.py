"""A new PostgreSQL server on loopback, in a temporary folder, with a password."""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

# The server refuses to run as root. Debian's package creates the first user.
_USERS = ("postgres", "nobody")


@dataclass(frozen=True)
class Postgres:
    """A running server, and how to connect to it."""

    port: int
    programs: Path
    password: str = field(repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables that deploy/container/dagster.yaml reads."""
        name = {"POSTGRES_USER": "dagster", "POSTGRES_DB": "dagster", "POSTGRES_HOST": "127.0.0.1"}
        return name | {"POSTGRES_PORT": str(self.port), "POSTGRES_PASSWORD": self.password}

    def dump(self) -> str:
        """Return the content of the database as SQL."""
        command = [str(self.programs / "pg_dump"), "--host=127.0.0.1", f"--port={self.port}", "--username=dagster"]
        environment = {"PGPASSWORD": self.password, "PATH": os.environ["PATH"]}
        done = subprocess.run([*command, "dagster"], env=environment, check=True, capture_output=True, timeout=60)
        return done.stdout.decode()


def find_programs() -> Path | None:
    """Return the folder of initdb, pg_ctl and pg_dump, which Debian does not put on the PATH."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "pg_ctl").exists() and (folder / "pg_dump").exists()), None)


def free_port() -> int:
    """Return a port of loopback on which no process listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_postgres(programs: Path) -> Iterator[Postgres]:
    """Serve a new, empty database until the end of the block, then delete it."""
    # Not a folder of pytest: another user cannot enter it, and its path is too long for a socket.
    folder = Path(tempfile.mkdtemp(prefix="cce-etl-pg-"))
    server = Postgres(free_port(), programs, secrets.token_hex(16))
    owner = _unprivileged()
    try:
        (folder / "password").write_text(server.password, encoding="utf-8")
        if owner is not None:
            for path in (folder, folder / "password"):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        _make(server, folder, owner)
        try:
            yield server
        finally:
            _run([str(programs / "pg_ctl"), "stop", "--mode=fast", "--wait", f"--pgdata={folder / 'data'}"], owner)
    finally:
        shutil.rmtree(folder)


def _make(server: Postgres, folder: Path, owner: pwd.struct_passwd | None) -> None:
    data = f"--pgdata={folder / 'data'}"
    login = ["--username=dagster", f"--pwfile={folder / 'password'}", "--auth=scram-sha-256"]
    _run([str(server.programs / "initdb"), data, *login, "--encoding=UTF8", "--locale=C", "--no-sync"], owner)
    options = f"-p {server.port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    log = f"--log={folder / 'log'}"
    _run([str(server.programs / "pg_ctl"), "start", "--wait", data, log, f"--options={options}"], owner)
    create = [str(server.programs / "createdb"), "--host=127.0.0.1", f"--port={server.port}", "--username=dagster"]
    _run([*create, "--maintenance-db=postgres", "dagster"], owner, {"PGPASSWORD": server.password})


def _run(command: Sequence[str], owner: pwd.struct_passwd | None, environment: dict[str, str] | None = None) -> None:
    user = {} if owner is None else {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    # No pipe: the server that pg_ctl starts would keep it open.
    subprocess.run(
        command,
        check=True,
        timeout=60,
        cwd="/",
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"} | (environment or {}),
        stdout=subprocess.DEVNULL,
        **user,  # type: ignore[call-overload]
    )


def _unprivileged() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(known[name] for name in _USERS if name in known)
