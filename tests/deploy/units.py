"""The files of deploy/, parsed."""

import shlex
from pathlib import Path
from typing import Any, Final

import yaml  # type: ignore[import-untyped]  # its stubs are a package of their own, for two calls

ROOT: Final = Path(__file__).resolve().parents[2]
DEPLOY: Final = ROOT / "deploy"
SERVICES: Final = ("code", "daemon", "webserver")


def read_unit(name: str) -> dict[str, list[str]]:
    """Return the settings of a unit's [Service] section, each with all its values in order."""
    lines = (DEPLOY / "systemd" / f"cce-etl-{name}.service").read_text(encoding="utf-8").splitlines()
    values: dict[str, list[str]] = {}
    section = ""
    for line in lines:
        if line.startswith("["):
            section = line.strip("[]")
        elif section == "Service" and line and not line.startswith("#"):
            key, _, value = line.partition("=")
            values.setdefault(key, []).append(value)
    return values


def unit_command(name: str) -> list[str]:
    """Return the words of a unit's ExecStart."""
    (command,) = read_unit(name)["ExecStart"]
    return shlex.split(command)


def read_yaml(path: Path) -> Any:
    """Return the content of a YAML file."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def read_environment(path: str) -> dict[str, str]:
    """Return the names and values of an example of an environment file, including commented ones."""
    lines = [line.removeprefix("# ") for line in (DEPLOY / path).read_text(encoding="utf-8").splitlines()]
    pairs = [line.partition("=") for line in lines]
    return {name: value for name, sign, value in pairs if sign and name.isupper() and " " not in name}
