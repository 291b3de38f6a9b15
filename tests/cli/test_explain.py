"""`cce-etl explain` on the command line: a page, JSON, queries, mistakes."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.analysis.explained import steps, write_published

if TYPE_CHECKING:
    from tests.conftest import Shell


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory, make_shell: "Callable[[Path, str | None], Shell]") -> "Shell":
    """Return a shell with a small published file."""
    shell = make_shell(tmp_path_factory.mktemp("asked"), None)
    write_published(
        shell.published,
        steps=[
            *steps([300, 310, 320, 330, 340, 350], "2026-06-20", root_job_id="\x1b[31m" + "x" * 100),
            *steps([100, 110, 120, 130, 140, 150], "2026-05-20"),
            *steps([1], "2026-06-20", job_type="it's\x1b[2J odd"),
        ],
        step_cohorts=[{"dimensions": ["flavor", "zone"], "dimension_values": ["large " * 30, "b\nc\x1b"]}],
    )
    return shell


def test_the_page_fits_a_terminal_and_cannot_steer_it(asked: "Shell") -> None:
    ran = asked("explain", "InstallMaster")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == "InstallMaster, 2026-06-01 00:00 to 2026-06-29 00:00 (the last 28 days)"
    assert max(map(len, lines)) < 80
    assert len(lines) <= 45
    assert all(line.isprintable() for line in lines)


def test_json_is_one_object(asked: "Shell") -> None:
    ran = asked("explain", "InstallMaster", "--json", "--since", "2w", "--until", "2026-06-28")
    assert (ran.code, ran.err, ran.out.count("\n")) == (0, "", 1)
    window = {"since": "2026-06-15T00:00:00Z", "until": "2026-06-28T00:00:00Z", "origin": "as asked"}
    assert (ran.json["step"], ran.json["window"]) == ("InstallMaster", window)


def test_each_query_can_be_shown_and_run_as_it_is(asked: "Shell") -> None:
    ran = asked("explain", "it's\x1b[2J odd", "--sql", "--root-type", "CreateCluster", "--source", "s")
    assert ran.code == 0
    assert all(line.isprintable() for line in ran.out.splitlines())
    answers = {
        shown.splitlines()[0]: asked("sql", shown, "--format", "json") for shown in ran.out.strip().split("\n\n")
    }
    assert {answer.code for answer in answers.values()} == {0}
    assert answers["/* now */"].json[0]["median_seconds"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["InstalMaster"], "Nearest: 'InstallMaster'"),
        (["\x1b[31m"], r"'\x1b[31m'"),
        (["InstallMaster", "--since", "yesterday"], "since is wrong: 'yesterday'"),
        (["InstallMaster", "--since", "2026-06-01", "--until", "2026-05-01"], "is not before until"),
        (["InstallMaster", "--source", "elsewhere"], "Nearest: 's'"),
        (["InstallMaster", "--json", "--sql"], "choose one"),
    ],
)
def test_a_mistake_is_one_clear_line(asked: "Shell", arguments: list[str], message: str) -> None:
    ran = asked("explain", *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert message in ran.err
    assert ran.err.strip().isprintable()


def test_without_a_published_file_it_says_what_to_do(asked: "Shell") -> None:
    ran = asked("explain", "InstallMaster", "--published", "nowhere.duckdb")
    assert ran.code == 4
    assert "cce-etl run" in ran.err
