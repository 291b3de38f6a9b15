"""When anything is told: only when a collector is named, and OpenTelemetry is imported only then."""

import builtins
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from cce_etl import telemetry


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    telemetry._sender.cache_clear()
    yield
    telemetry._sender.cache_clear()


def test_without_a_collector_nothing_is_imported_or_told() -> None:
    code = (
        "import sys; from cce_etl import pipeline, telemetry\n"
        "with telemetry.run('x', 'run'), telemetry.phase('fetch') as report: report({'no such figure': 1})\n"
        "telemetry.tell('no such gauge', 1)\n"
        "assert not any(name.partition('.')[0] == 'opentelemetry' for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={})


def test_a_collector_without_the_extra_is_one_warning_and_no_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(telemetry.ENDPOINT, "http://127.0.0.1:1")
    real = builtins.__import__

    def without_the_extra(name: str, *rest: Any) -> Any:
        if name == "cce_etl.telemetry.sender":
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
