"""docs/operations.md: every command, option, file, service and alert that it names exists."""

import re
from pathlib import Path

import typer

from cce_etl.cli.app import app
from cce_etl.settings.settings import SETTINGS, environment_name

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
FENCED = re.findall(r"^ *```sh\n(.*?)```", TEXT, re.MULTILINE | re.DOTALL)
# In prose, code may continue in the next line.
SPANS = re.findall(r"`([^`]+)`", re.sub(r"^ *```sh\n.*?```", "", TEXT, flags=re.MULTILINE | re.DOTALL))
CODE = [*"".join(FENCED).splitlines(), *(" ".join(span.split()) for span in SPANS)]
COMMANDS = [found for line in CODE for found in re.findall(r"(?<![\w/.-])cce-etl ([a-z][a-z-]*)([^#&;|]*)", line)]


def options_of(name: str) -> set[str]:
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    return {option for parameter in command.params for option in parameter.opts}


def test_every_command_exists_with_its_options() -> None:
    known = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    assert {"backup", "restore", "vacuum", "doctor", "status", "run", "publish"} <= {name for name, _ in COMMANDS}
    for name, arguments in COMMANDS:
        assert name in known, f"cce-etl {name}"
        assert set(re.findall(r"(?<!\S)--[a-z-]+", arguments)) <= options_of(name), f"cce-etl {name}{arguments}"


def test_every_file_of_this_repository_exists() -> None:
    named = re.findall(r"(?<![\w/])deploy/[\w./-]+\w", TEXT)
    assert len(named) > 5
    assert [name for name in named if not list(ROOT.glob(f"{name}*"))] == []
    for name in re.findall(r"\]\(([\w./-]+)\)", TEXT):
        assert (ROOT / "docs" / name).exists(), name


def test_every_service_and_make_target_exists() -> None:
    units = {path.stem for path in (ROOT / "deploy" / "systemd").glob("*.service")}
    services = [
        word for line in re.findall(r"systemctl (?:stop|start|enable --now) (.*)", TEXT) for word in line.split()
    ]
    assert {re.sub(r"(@)\w+$|[^\w@]+$", r"\1", word) for word in services if word.startswith("cce-etl-")} == units
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(re.findall(r"`make ([a-z-]+)`", TEXT)) <= set(targets)


def test_every_setting_exists() -> None:
    known = {environment_name(field) for field, known in SETTINGS.items() if not known.is_file_only}
    assert set(re.findall(r"\bCCE_[A-Z_]+\b", TEXT)) <= known


def test_every_alert_is_one_that_the_program_gives() -> None:
    table = TEXT[TEXT.index("| Text of the alert") :].partition("\n\n")[0]
    alerts = [found[1] for found in re.finditer(r"^\| `([^`]+)`", table, re.MULTILINE)]
    source = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "cce_etl").rglob("*.py")))
    # A message may be split over lines of the source.
    messages = re.sub(r'"\s*\n\s*f?"', "", source)
    assert len(alerts) >= 10
    assert [alert for alert in alerts if alert not in messages] == []
