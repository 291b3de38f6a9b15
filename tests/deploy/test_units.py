"""The systemd units: their permissions and the places of secrets."""

import re
import shutil
import subprocess

import pytest

from tests.deploy.units import DEPLOY, SERVICES, read_unit, unit_command

HARDENED = {
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "AmbientCapabilities": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "ProtectKernelTunables": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "RestrictNamespaces": "yes",
    "RestrictSUIDSGID": "yes",
    "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6",
    "SystemCallArchitectures": "native",
    "UMask": "0077",
    "User": "cce-etl",
    "Group": "cce-etl",
}


@pytest.mark.parametrize("name", [*SERVICES, "serve", "worker@"])
def test_every_unit_is_hardened_and_runs_as_its_own_user(name: str) -> None:
    unit = read_unit(name)
    assert {key: unit[key] for key in HARDENED} == {key: [value] for key, value in HARDENED.items()}
    assert unit["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]


def test_only_the_code_server_writes_the_data_and_reads_the_secrets() -> None:
    units = {name: read_unit(name) for name in SERVICES}
    home, data = "/var/lib/cce-etl/dagster", "/var/lib/cce-etl/data"
    assert {name: unit["ReadWritePaths"] for name, unit in units.items()} == {
        "code": [f"{data} {home}"],
        "daemon": [home],
        "webserver": [home],
    }
    assert {name: unit.get("EnvironmentFile") for name, unit in units.items()} == {
        "code": ["/etc/cce-etl/cce-etl.env", "-/etc/cce-etl/postgres.env"],
        "daemon": ["-/etc/cce-etl/postgres.env"],
        "webserver": ["-/etc/cce-etl/postgres.env"],
    }
    for unit in units.values():
        assert unit["Environment"] == [f"DAGSTER_HOME={home}"]


def test_the_webserver_and_the_daemon_connect_to_this_machine_only() -> None:
    command = unit_command("webserver")
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert command[command.index("--port") + 1] == "3000"
    for name in ("webserver", "daemon"):
        assert (read_unit(name)["IPAddressDeny"], read_unit(name)["IPAddressAllow"]) == (["any"], ["localhost"])


def test_the_server_for_analysts_has_only_its_own_token_and_writes_nothing() -> None:
    unit = read_unit("serve")
    assert unit["EnvironmentFile"] == ["/etc/cce-etl/serve.env"]
    assert "ReadWritePaths" not in unit
    assert (unit["IPAddressDeny"], unit["IPAddressAllow"]) == (["any"], ["localhost"])
    assert unit_command("serve")[1:] == ["serve", "--host", "127.0.0.1", "--port", "9494"]
    assert unit["SuccessExitStatus"] == ["143"]


def test_a_worker_has_the_access_of_the_code_server_and_finishes_its_step_before_it_stops() -> None:
    unit, code = read_unit("worker@"), read_unit("code")
    for key in ("EnvironmentFile", "Environment", "WorkingDirectory", "ReadWritePaths"):
        assert unit[key] == code[key]
    command = unit_command("worker@")
    assert command[1:4] == ["--app", "cce_etl.defs.celery_app", "worker"]
    assert command[command.index("--concurrency") + 1] == "1"
    assert (unit["KillMode"], unit["TimeoutStopSec"], unit["Restart"]) == (["mixed"], ["300"], ["always"])


def test_only_root_reads_the_secrets_and_only_the_services_the_socket() -> None:
    rules = (DEPLOY / "systemd" / "cce-etl.tmpfiles.conf").read_text(encoding="utf-8")
    for name in ("cce-etl", "postgres"):
        assert re.search(rf"^z /etc/cce-etl/{name}.env 0600 root root$", rules, re.MULTILINE)
    assert read_unit("code")["RuntimeDirectoryMode"] == ["0700"]


def test_a_stop_reaches_the_runs_and_gives_them_time() -> None:
    unit = read_unit("code")
    assert (unit["KillMode"], unit["TimeoutStopSec"], unit["OOMPolicy"]) == (["control-group"], ["120"], ["continue"])


@pytest.mark.parametrize("name", [*SERVICES, "serve", "worker@"])
def test_systemd_verifies_the_units_and_rates_their_exposure_as_low(name: str) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is needed: apt-get install systemd")
    path = str(DEPLOY / "systemd" / f"cce-etl-{name}.service")
    verified = subprocess.run(
        [program, "verify", "--man=no", path], capture_output=True, text=True, check=False, timeout=30
    )
    # Where it is not installed, the program is missing, and nothing else may be said of our units.
    said = [line for line in verified.stderr.splitlines() if "cce-etl" in line]
    assert [line for line in said if "is not executable: No such file or directory" not in line] == []
    command = [program, "security", "--offline=true", "--threshold=15", path]
    rated = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert rated.returncode == 0, rated.stdout[-200:]
