"""How results look to people: text stays text, numbers stay whole, warnings are few."""

import json
from pathlib import Path
from typing import Literal

import pytest

from cce_etl.cli import output
from cce_etl.demo.showcase import DemoServer
from cce_etl.extract.id_lists import BadId
from cce_etl.pipeline.doctor import Finding
from cce_etl.pipeline.fetch import Progress
from cce_etl.pipeline.gates import FailedCheck
from cce_etl.settings.settings import Settings
from cce_etl.warehouse.fetch_runs import RunCounts

SETTINGS = Settings(warehouse=Path("w.duckdb"), published=Path("p.duckdb"))


def test_only_the_first_bad_ids_are_named_and_the_others_counted(capsys: pytest.CaptureFixture[str]) -> None:
    output.bad_ids([BadId("a b", "ids.txt", line) for line in range(1, 1_031)])
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert len(lines) == 21
    assert lines[0] == "Warning: ids.txt:1: 'a b' is no job id; it is left out."
    assert lines[-1] == "Warning: 1,010 more entries are no job ids."


def test_a_summary_says_where_failures_are_kept_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    summary = RunCounts(12_345, 10, 12_300, 20, 5, 10, 10, 40, 1.26)
    output.summary(summary, SETTINGS, is_published=False)
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "12,345 requested: 10 fetched, 20 unchanged, 12,300 finished before, 5 gone, 10 failed.",
        "40 rows written to core.jobs of w.duckdb in 1.3 s.",
    ]
    assert "cce-etl dead-letters" in err


@pytest.mark.parametrize(("severity", "word"), [("warning", "Warning"), ("error", "Error")])
def test_a_failed_check_is_named_by_its_severity_with_its_first_row(
    severity: Literal["error", "warning"], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    check = FailedCheck("no_evens", "Evens are wrong.", "marts.a", severity, [{"x": 0}, {"x": 2}])
    output.failed_checks([check])
    expected = f"{word}: the check no_evens found rows in marts.a: Evens are wrong. First: {{'x': 0}}\n"
    assert capsys.readouterr().err == expected


def test_findings_are_a_line_each_and_wrong_ones_stand_out(capsys: pytest.CaptureFixture[str]) -> None:
    output.findings([Finding("API", "answers"), Finding("warehouse", "in use\x1b", 4)])
    assert capsys.readouterr().out == "ok     API: answers\nWRONG  warehouse: in use\\x1b\n"


def test_json_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    output.json_line(BadId("a\nb", "f", 1))
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out) == {"text": "a\nb", "file": "f", "line": 1}


def test_without_a_terminal_progress_is_plain_and_rare(capsys: pytest.CaptureFixture[str]) -> None:
    with output.progress_bar("Fetching jobs") as on_progress:
        for done in range(1, 101):
            on_progress(Progress(100, done, 0))
    out, err = capsys.readouterr()
    assert out == ""
    assert "\x1b" not in err
    assert err.count("\n") <= 1


def test_what_the_demo_server_says_is_what_a_shell_understands(capsys: pytest.CaptureFixture[str]) -> None:
    output.demo_server_ready(DemoServer({"CCE_ENDPOINT": "http://127.0.0.1:1", "CCE_SOURCE": "demo"}, Path("ids.txt")))
    assert capsys.readouterr().out.splitlines()[1:] == [
        "export CCE_ENDPOINT=http://127.0.0.1:1",
        "export CCE_SOURCE=demo",
        "cce-etl run --ids ids.txt --rate 0",
    ]
