"""The README: what it shows is what the commands print, what it names exists.

Lives here: the demo's output, the query, the tables of settings, commands and marts.
Does not: the links, and `make`, which the continuous check itself runs.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cce_etl.cli.app import app
from cce_etl.pipeline import run as pipeline
from cce_etl.settings.settings import SECRETS, SETTINGS, environment_name

ROOT = Path(__file__).resolve().parents[1]
if TYPE_CHECKING:
    from tests.conftest import DemoRun

README = (ROOT / "README.md").read_text(encoding="utf-8")


def block_after(marker: str) -> str:
    match = re.search(re.escape(marker) + r".*?-->\n```\w+\n(.*?)```", README, re.DOTALL)
    assert match, f"README.md has no block after {marker}"
    return match[1]


# What only Dagster's runs and sensors read has no option of a command.
DAGSTERS_OWN = ("inbox", "dagster_run_days", "executor")


def cce_etl(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-c", "from cce_etl.cli import main; main()", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=120).stdout


def test_the_demo_prints_the_tables_that_the_readme_shows(demo_run: "DemoRun") -> None:
    assert block_after("<!-- demo output").strip() in demo_run.out


def test_the_query_of_the_readme_gives_the_answer_it_shows(demo_run: "DemoRun") -> None:
    printed = cce_etl(demo_run.folder, "sql", "--published", str(demo_run.published), block_after("<!-- query"))
    assert printed.rstrip() == block_after("<!-- query output").rstrip()


def test_every_setting_is_in_the_table_with_its_option() -> None:
    for field in [name for name, known in SETTINGS.items() if not known.is_file_only]:
        row = re.search(rf"^\| {environment_name(field)} \| (.*?) \|", README, re.MULTILINE)
        assert row, f"{environment_name(field)} is not in the README's table"
        assert row[1].startswith("`--") is (field not in {*SECRETS, *DAGSTERS_OWN})


def test_every_command_is_in_the_table() -> None:
    names = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    assert names == set(re.findall(r"`cce-etl ([a-z-]+)", README)) & names
    assert set(re.findall(r"`cce-etl ([a-z-]+)", README)) == names


def test_every_table_that_the_readme_names_is_a_model() -> None:
    models = {model.name for model in pipeline.models()} | {"core.jobs"}
    assert set(re.findall(r"`((?:core|marts)\.\w+)`", README)) <= models


def test_the_environment_example_names_settings_that_exist() -> None:
    known = {environment_name(field) for field, known in SETTINGS.items() if not known.is_file_only}
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^#? ?(CCE_\w+)=", text, re.MULTILINE)) <= known
