"""What a collector receives of runs, and that nothing is sent or imported unless one is named."""

import builtins
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cce_etl import telemetry

RUN_ID = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    telemetry._exporter.cache_clear()
    yield
    telemetry._exporter.cache_clear()


def test_without_a_collector_nothing_is_imported_or_sent() -> None:
    code = (
        "import sys; from cce_etl import pipeline, telemetry\n"
        "with telemetry.run('x', 'run'), telemetry.phase('fetch') as report: report({'no such figure': 1})\n"
        "telemetry.set_gauge('no such gauge', 1)\n"
        "assert not any(name.partition('.')[0] == 'opentelemetry' for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={})


def test_a_collector_without_the_extra_is_one_warning_and_no_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(telemetry.ENDPOINT_VARIABLE, "http://127.0.0.1:1")
    real = builtins.__import__

    def without_the_extra(name: str, *rest: Any) -> Any:
        if name.startswith("opentelemetry"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_the_extra)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            with telemetry.phase("fetch") as report:
                report({})
    assert caplog.messages == [
        "OTEL_EXPORTER_OTLP_ENDPOINT is set, but nothing is sent: install cce-etl[telemetry], or unset it."
    ]


def test_a_run_is_one_trace_named_after_it(received: Any) -> None:
    with telemetry.run(RUN_ID, "run"), telemetry.phase("fetch", source="north") as report:
        report({"request_count": 7})
    root, fetch = received.span("run"), received.span("fetch")
    assert root.trace_id.hex() == fetch.trace_id.hex() == RUN_ID
    assert (root.parent_span_id, fetch.parent_span_id) == (b"", root.span_id)
    assert received.labels(fetch) == {"cce_etl.source": "north", "cce_etl.request_count": "7"}
    assert received.resources[0]["service.name"] == "cce-etl"


def test_figures_add_up_and_each_phase_has_its_duration(received: Any) -> None:
    with telemetry.run(RUN_ID, "run"):
        for count in (3, 4):
            with telemetry.phase("fetch", source="north") as report:
                report({"request_count": count, "waited_seconds": 0.5})
        telemetry.set_gauge("published_age", 60.0)
    north = (("cce_etl.source", "north"),)
    assert received.metrics["cce_etl.request_count"] == {north: 7}
    assert received.metrics["cce_etl.waited_seconds"] == {north: 1.0}
    assert received.metrics["cce_etl.published_age"] == {(): 60.0}
    assert received.metrics["cce_etl.phase_seconds"][("cce_etl.phase", "fetch"), *north] == 2


def test_a_failure_is_sent_by_its_type_without_its_message(received: Any) -> None:
    with pytest.raises(ValueError, match="hidden"), telemetry.run(RUN_ID, "run"), telemetry.phase("build"):
        raise ValueError("hidden message")
    assert [(received.span(name).status.code, received.span(name).status.message) for name in ("run", "build")] == [
        (2, "ValueError"),
        (2, "ValueError"),
    ]
    assert b"hidden" not in received.raw


def test_names_in_the_environment_take_precedence(received: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "night")
    with telemetry.run("no uuid", "run"):
        pass
    assert received.resources[0]["service.name"] == "night"
    assert received.span("run").trace_id != bytes(16)


def test_an_absent_collector_stops_no_run() -> None:
    code = (
        "from cce_etl import telemetry\n"
        "with telemetry.run('no uuid', 'run'), telemetry.phase('fetch') as report: report({'fetched': 1})\n"
        "print('went on')"
    )
    environment = {telemetry.ENDPOINT_VARIABLE: "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_TIMEOUT": "0.1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True)
    assert done.stdout == "went on\n"
    assert "127.0.0.1" not in done.stderr


def test_commands_send_what_they_did_and_no_secret(collector: Any, tmp_path: Path) -> None:
    received, address = collector
    body = {"metadata": {"uid": "a"}, "spec": {"type": "CreateNode"}, "status": {"phase": "Success"}}
    (tmp_path / "jobs.json").write_text(json.dumps(body))
    environment = {**os.environ, telemetry.ENDPOINT_VARIABLE: address, "CCE_AUTH_TOKEN": "S3CRET-T0KEN"}
    command = [sys.executable, "-c", "from cce_etl.cli import main; main()"]
    for arguments in (["load", "jobs.json"], ["status", "--health"]):
        subprocess.run([*command, *arguments], cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert {span.name for span in received.spans} == {"load", "build", "check", "publish"}
    assert received.metrics["cce_etl.fetched"] == {(("cce_etl.source", "files"),): 1}
    assert received.metrics["cce_etl.failed_check_count"] == {(): 0}
    assert 0 < received.metrics["cce_etl.published_age"][()] < 600
    assert b"S3CRET" not in received.raw


def test_every_counter_and_gauge_has_a_unit_and_a_description() -> None:
    assert all(unit and text for unit, text in (*telemetry.COUNTERS.values(), *telemetry.GAUGES.values()))
