"""The units of deploy/systemd as processes of this user: the same commands, with other folders and another port."""

import os
import shlex
import signal
import subprocess
import sys
import time
from configparser import RawConfigParser
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
_LISTENING = "0A"


@dataclass(frozen=True)
class Service:
    """A started process, leader of a process group, which stands for a unit's control group."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def stop(self, timeout_seconds: float = 120) -> int:
        """Send SIGTERM to the whole group, as KillMode=control-group does, and return how the leader ended."""
        os.killpg(self.process.pid, signal.SIGTERM)
        return self.process.wait(timeout_seconds)

    def kill(self) -> None:
        """Kill all processes that are left."""
        if self.is_there():
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def is_there(self) -> bool:
        """Return whether a process of the group is left."""
        self.process.poll()  # a child that has ended stays in the group until it is polled
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def listens_on(self) -> set[tuple[IPv4Address | IPv6Address, int]]:
        """Return the addresses and ports on which processes of the group accept TCP connections."""
        inodes = {inode for pid in _members(self.process.pid) for inode in _socket_inodes(pid)}
        return {address for inode, address in _listeners() if inode in inodes}


def unit_command(name: str, replacements: dict[str, str]) -> list[str]:
    """Return a unit's ExecStart with paths, port and module replaced."""
    unit = RawConfigParser(strict=False)
    unit.read(DEPLOY / "systemd" / f"cce-etl-{name}.service", encoding="utf-8")
    text = unit["Service"]["ExecStart"]
    for before, after in replacements.items():
        text = text.replace(before, after)
    return shlex.split(text)


def start(command: list[str], folder: Path, log: Path, environment: dict[str, str]) -> Service:
    """Start a command in a process group of its own, with these variables and no others but the path and home."""
    python_path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    base = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "PYTHONPATH": python_path,
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=base | environment, stdout=output, stderr=output, start_new_session=True
        )
    return Service(process, log)


def wait_until_gone(service: Service, timeout_seconds: float) -> bool:
    """Tell whether every process of a group ends within a time."""
    until = time.monotonic() + timeout_seconds
    while service.is_there() and time.monotonic() < until:
        time.sleep(0.1)
    return not service.is_there()


def _members(group: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(path.name)) == group:
                found.append(int(path.name))
        except ProcessLookupError:
            continue
    return found


def _socket_inodes(pid: int) -> set[str]:
    inodes = set()
    for path in Path(f"/proc/{pid}/fd").glob("*"):
        try:
            target = str(path.readlink())
        except OSError:  # closed meanwhile
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    return inodes


def _listeners() -> list[tuple[str, tuple[IPv4Address | IPv6Address, int]]]:
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]
    ]
    return [(row[9], _address(row[1])) for row in rows if row[3] == _LISTENING]


def _address(text: str) -> tuple[IPv4Address | IPv6Address, int]:
    """Parse an address as the kernel writes it: words of 32 bits, each in this machine's byte order."""
    host, port = text.split(":")
    words = [int(host[place : place + 8], 16).to_bytes(4, sys.byteorder) for place in range(0, len(host), 8)]
    packed = b"".join(words)
    return (IPv4Address(packed) if len(packed) == 4 else IPv6Address(packed)), int(port, 16)
