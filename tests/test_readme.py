"""The README shows what the commands print, and names only what exists."""

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cce_etl.cli.app import app
from cce_etl.pipeline import run

ROOT = Path(__file__).resolve().parents[1]
if TYPE_CHECKING:
    from tests.conftest import DemoRun

README = (ROOT / "README.md").read_text(encoding="utf-8")


def block_after(marker: str) -> str:
    match = re.search(re.escape(marker) + r".*?-->\n```\w+\n(.*?)```", README, re.DOTALL)
    assert match, f"README.md has no block after {marker}"
    return match[1]


def cce_etl(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-c", "from cce_etl.cli import main; main()", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=120).stdout


def test_a_newcomer_can_read_all_of_it() -> None:
    assert README.count("\n") <= 150


def test_the_demo_prints_the_tables_that_the_readme_shows(demo_run: "DemoRun") -> None:
    assert block_after("<!-- demo output").strip() in demo_run.out


def test_the_query_of_the_readme_gives_the_answer_it_shows(demo_run: "DemoRun") -> None:
    printed = cce_etl(demo_run.folder, "sql", "--published", str(demo_run.published), block_after("<!-- query"))
    assert printed.rstrip() == block_after("<!-- query output").rstrip()


def test_the_queries_of_the_walk_run_on_the_published_file(demo_run: "DemoRun") -> None:
    queries = re.findall(r'^cce-etl sql "(.+?)"', README, re.MULTILINE)
    assert queries
    for query in queries:
        assert "InstallMaster" in cce_etl(demo_run.folder, "sql", "--published", str(demo_run.published), query)


def test_every_command_that_the_readme_names_exists() -> None:
    names = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    named = set(re.findall(r"`?cce-etl ([a-z-]+)", README))
    assert {"doctor", "run", "sql", "explain"} <= named <= names


def test_every_table_that_the_readme_names_is_published() -> None:
    tables = {model.name for model in run.models()} | {"core.jobs"}
    assert set(re.findall(r"\b((?:core|marts)\.\w+)", README)) <= tables


def test_every_file_that_the_readme_links_to_exists() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert len(links) > 15
    assert [link for link in links if not (ROOT / link.partition("#")[0]).exists()] == []
