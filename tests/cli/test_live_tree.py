"""A live tree on a terminal: what stands in it, and that it fits."""

from io import StringIO
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from cce_etl.analysis.live import LiveStep
from cce_etl.cli.live_tree import live_tree
from cce_etl.pipeline.watch import Snapshot
from cce_etl.transform.flatten import job_rows, parse_payload

# 2026-02-01 08:01:00 UTC
FETCHED_AT = 1_769_932_860 * 10**9


def snapshot(phase: str = "Running") -> Snapshot:
    body = f'{{"metadata": {{"uid": "r"}}, "spec": {{}}, "status": {{"phase": "{phase}"}}}}'
    return Snapshot(job_rows(parse_payload(body.encode(), "r")), FETCHED_AT)


def step(path: str, name: str, phase: str = "Success", **more: Any) -> LiveStep:
    depth = path.count("/") + 1 if path else 0
    usual: dict[str, Any] = {"job_id": f"id{path}", "reason": "", "is_running": phase == "Running", "seconds": None}
    is_finished = phase in ("Success", "Failed")
    return LiveStep(
        **usual | {"path": path, "depth": depth, "name": name, "phase": phase, "is_finished": is_finished} | more
    )


def drawn(steps: list[LiveStep], *, phase: str = "Running", width: int = 80, height: int = 40) -> list[str]:
    console = Console(width=width, record=True, file=StringIO())
    console.print(live_tree(snapshot(phase), steps, height, 10))
    return [line.rstrip() for line in console.export_text().splitlines() if line.strip()]


def test_each_step_stands_below_its_parent_with_its_age_and_its_chances() -> None:
    running = step(
        *("0", "InstallMaster", "Running"),
        seconds=1_234.56,
        age_percentile=91.6,
        success_rate_10_minutes=0.125,
        success_rate_30_minutes=None,
    )
    lines = drawn(
        [step("", "CreateCluster", "Running", seconds=1_300.0), running, step("0/0", "Check", "Initializing")]
    )
    assert lines[0] == "CreateCluster id"
    assert lines[1].split() == ["step", "phase", "seconds", "older", "than", "10", "min", "30", "min"]
    assert [line.split() for line in lines[3:6]] == [
        ["CreateCluster", "Running", "1,300.0"],
        ["InstallMaster", "Running", "1,234.6", "92%", "12%"],
        ["Check", "Initializing"],
    ]
    assert lines[5].startswith(" " * 5 + "Check")
    assert lines[6] == "Fetched at 2026-02-01 08:01:00 UTC, again every 10 s, until Ctrl-C."
    assert lines[7].endswith("chance of success.")


def test_an_ended_job_says_so_with_its_reason_and_data_cannot_steer_the_terminal() -> None:
    lines = drawn([step("", "Create\x1b[31m\nCluster", "Failed", reason="no\x1bquota")], phase="Failed")
    assert lines[0] == "Create\\x1b[31m\\x0aCluster id"
    assert lines[-2:] == ["Fetched at 2026-02-01 08:01:00 UTC; the job has ended.", "no\\x1bquota"]


def test_markup_in_names_is_text() -> None:
    assert "[red]Create[/red]" in drawn([step("", "[red]Create[/red]")])[3]


@pytest.mark.parametrize("height", [13, 24])
def test_of_many_steps_the_running_ones_and_those_above_them_stay(height: int) -> None:
    done = [step(str(number), f"Done{number}") for number in range(500)]
    tail = [step("500", "Above"), step("500/0", "Late", "Running"), step("501", "Broken", "Failed")]
    lines = drawn([step("", "Root", "Running"), *done, *tail], height=height)
    assert len(lines) < height
    text = "\n".join(lines)
    assert "Late" in text
    assert ("Above" in text, "Broken" in text) == (True, height == 24)
    assert "more steps are not shown." in text


def test_it_fits_a_narrow_terminal() -> None:
    lines = drawn([step("", "Root" * 50, "Running"), step("0", "作业" * 50, seconds=12.0)], width=60)
    assert max(map(cell_len, lines)) <= 60
    assert lines[3].split()[1:] == ["Running"]
    assert lines[4].split()[1:] == ["Success", "12.0"]
