"""The command `trace`: a waterfall to read, or a file for other tools."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.analysis.traced import node, trace, write_published

if TYPE_CHECKING:
    from tests.conftest import Shell

TREE = trace(
    node("", 0, 60, job_id="root", job_type="CreateCluster", critical_self_seconds=15.0),
    node("0", 10, None, "Running", job_id="a\x1b[31m", job_type="Install\nMaster"),
    node("0/0", 11, 12, job_id="deep"),
    node("1", None, None, "Initializing", job_id="planned"),
)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory, make_shell: "Callable[[Path, str | None], Shell]") -> "Shell":
    made = make_shell(tmp_path_factory.mktemp("trace"), None)
    write_published(made.published, TREE)
    return made


def test_a_waterfall_is_plain_text_where_nobody_watches(shell: "Shell") -> None:
    ran = shell("trace", "root")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[:2] == ["CreateCluster root", "Success, started 2026-06-01 00:00:00 UTC, 3 steps, source s"]
    assert lines[2].split() == ["step", "phase", "start", "(s)", "lasts", "(s)"]
    assert lines[3].startswith("* CreateCluster")
    assert lines[4].startswith("    Install\\x0aMaster Running")
    assert lines[-2:] == [
        "* and █: on the critical path.",
        "> after a bar, + after seconds: still running at 2026-06-01 00:16:40 UTC.",
    ]
    assert "\x1b" not in ran.out
    assert max(map(len, lines)) <= 120


def test_a_steps_id_shows_the_tree_it_stands_in_and_marks_it(shell: "Shell") -> None:
    ran = shell("trace", "deep", "--source", "s")
    assert ran.code == 0
    assert [line.split()[1] for line in ran.out.splitlines() if line.startswith("> ")] == ["T0/0", "before", "after"]
    assert ran.out.splitlines()[-2] == "> before a name: the step asked for."


def test_depth_says_what_it_hides(shell: "Shell") -> None:
    ran = shell("trace", "root", "--depth", "0")
    assert "3 steps are deeper than --depth and are not shown." in ran.out
    assert len(ran.out.splitlines()) == 7


def test_an_id_never_seen_is_one_clear_line(shell: "Shell") -> None:
    for arguments in (["nope"], ["root", "--source", "t"], ["it's"]):
        ran = shell("trace", *arguments)
        assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
        assert ran.err.startswith("Error: No job ")


def test_without_a_published_file_it_says_what_to_do(shell: "Shell") -> None:
    ran = shell("trace", "root", "--published", "nowhere.duckdb")
    assert ran.code == 4
    assert "cce-etl run" in ran.err


def test_a_file_for_perfetto_is_written_and_what_it_lacks_is_said(shell: "Shell") -> None:
    ran = shell("trace", "root", "-o", "job.json")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "Wrote 3 of 4 nodes to job.json. Left out: 1 not started.\n"
    document = json.loads((shell.folder / "job.json").read_bytes())
    assert sum(event["ph"] == "X" for event in document["traceEvents"]) == 3


def test_a_dash_writes_to_standard_output_alone(shell: "Shell") -> None:
    ran = shell("trace", "root", "-o", "-")
    assert ran.err == ""
    assert ran.json["displayTimeUnit"] == "ms"
    assert not (shell.folder / "-").exists()


def test_otlp_is_another_format_and_goes_to_standard_output_without_a_file(shell: "Shell") -> None:
    ran = shell("trace", "root", "--format", "otlp")
    assert (ran.code, ran.err) == (0, "")
    assert len(ran.json["resourceSpans"][0]["scopeSpans"][0]["spans"]) == 3
    assert shell("trace", "root", "--format", "otlp", "-o", "spans.json").code == 0
    assert json.loads((shell.folder / "spans.json").read_bytes()) == ran.json


def test_a_place_that_cannot_be_written_and_a_format_nobody_knows_are_clear_errors(shell: "Shell") -> None:
    ran = shell("trace", "root", "-o", "no/such/folder.json")
    assert (ran.code, ran.err) == (1, "Error: the output cannot be written: No such file or directory.\n")
    assert shell("trace", "root", "--format", "xml").code == 2


def test_a_tree_without_any_time_is_drawn_and_written_with_counts_alone(
    tmp_path: Path, make_shell: "Callable[[Path, str | None], Shell]"
) -> None:
    made = make_shell(tmp_path, None)
    missing: dict[str, Any] = {"start": None, "end": None, "phase": "Running", "observed_ns": None, "job_type": "R"}
    bare = trace(node("", job_id="root", **missing), node("0", **missing))
    write_published(made.published, bare)
    drawn = made("trace", "root")
    assert (drawn.code, drawn.err, drawn.out.count("(no start sent)")) == (0, "", 2)
    assert "start unknown" in drawn.out
    chrome = made("trace", "root", "--format", "chrome").json
    assert chrome["otherData"]["left_out"] == {"no start sent": 2}
    assert chrome["otherData"]["observed_at"] is chrome["otherData"]["time_zero"] is None
    resource = made("trace", "root", "--format", "otlp").json["resourceSpans"][0]
    assert resource["scopeSpans"][0]["spans"] == []
    assert resource["resource"]["attributes"][-1] == {"key": "cce.left_out_count", "value": {"intValue": "2"}}
