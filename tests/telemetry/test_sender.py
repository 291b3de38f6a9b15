"""What a collector is told of runs, read off a real one on loopback: the bytes of OTLP, decoded by its own schema."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cce_etl import telemetry
from cce_etl.telemetry import sender

RUN_ID = "0123456789abcdef0123456789abcdef"


def test_a_run_is_one_trace_named_after_it(told: Any) -> None:
    with telemetry.run(RUN_ID, "run"), telemetry.phase("fetch", source="north") as report:
        report({"request_count": 7})
    root, fetch = told.span("run"), told.span("fetch")
    assert root.trace_id.hex() == fetch.trace_id.hex() == RUN_ID
    assert (root.parent_span_id, fetch.parent_span_id) == (b"", root.span_id)
    assert told.labels(fetch) == {"cce_etl.source": "north", "cce_etl.request_count": "7"}
    assert told.resources[0]["service.name"] == "cce-etl"


def test_figures_add_up_and_seconds_are_kept_of_each_phase(told: Any) -> None:
    with telemetry.run(RUN_ID, "run"):
        for count in (3, 4):
            with telemetry.phase("fetch", source="north") as report:
                report({"request_count": count, "waited_seconds": 0.5})
        telemetry.tell("published_age", 60.0)
    north = (("cce_etl.source", "north"),)
    assert told.figures["cce_etl.request_count"] == {north: 7}
    assert told.figures["cce_etl.waited_seconds"] == {north: 1.0}
    assert told.figures["cce_etl.published_age"] == {(): 60.0}
    assert told.figures["cce_etl.phase_seconds"][("cce_etl.phase", "fetch"), *north] == 2


def test_a_failure_is_told_by_its_kind_and_not_by_its_words(told: Any) -> None:
    with pytest.raises(ValueError, match="hidden"), telemetry.run(RUN_ID, "run"), telemetry.phase("build"):
        raise ValueError("hidden words")
    assert [(told.span(name).status.code, told.span(name).status.message) for name in ("run", "build")] == [
        (2, "ValueError"),
        (2, "ValueError"),
    ]
    assert b"hidden" not in told.raw


def test_own_names_give_way_to_those_of_the_environment(told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "night")
    with telemetry.run("no uuid", "run"):
        pass
    assert told.resources[0]["service.name"] == "night"
    assert told.span("run").trace_id != bytes(16)


def test_a_collector_that_is_away_stops_no_run() -> None:
    code = (
        "from cce_etl import telemetry\n"
        "with telemetry.run('no uuid', 'run'), telemetry.phase('fetch') as report: report({'fetched': 1})\n"
        "print('went on')"
    )
    environment = {telemetry.ENDPOINT: "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_TIMEOUT": "0.1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True)
    assert done.stdout == "went on\n"
    assert "127.0.0.1" not in done.stderr


def test_the_commands_tell_what_they_did_and_no_secret(collector: Any, tmp_path: Path) -> None:
    took, address = collector
    body = {"metadata": {"uid": "a"}, "spec": {"type": "CreateNode"}, "status": {"phase": "Success"}}
    (tmp_path / "jobs.json").write_text(json.dumps(body))
    environment = {**os.environ, telemetry.ENDPOINT: address, "CCE_AUTH_TOKEN": "S3CRET-T0KEN"}
    command = [sys.executable, "-c", "from cce_etl.cli import main; main()"]
    for arguments in (["load", "jobs.json"], ["status", "--health"]):
        subprocess.run([*command, *arguments], cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert {span.name for span in took.spans} == {"load", "build", "check", "publish"}
    assert took.figures["cce_etl.fetched"] == {(("cce_etl.source", "files"),): 1}
    assert took.figures["cce_etl.failed_check_count"] == {(): 0}
    assert 0 < took.figures["cce_etl.published_age"][()] < 600
    assert b"S3CRET" not in took.raw


def test_every_figure_has_a_unit_and_words() -> None:
    assert all(unit and text for unit, text in (*sender.COUNTERS.values(), *sender.GAUGES.values()))
