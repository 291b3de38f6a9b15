"""An OpenTelemetry collector on loopback, which decodes requests by the protocol's own schema."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from cce_etl import telemetry


class Collector:
    """What was received: spans, and the last value of each metric by its labels."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.metrics: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
        self.resources: list[dict[str, str]] = []
        self.raw = b""

    def take(self, path: str, body: bytes) -> None:
        self.raw += body
        if path == "/v1/traces":
            for part in ExportTraceServiceRequest.FromString(body).resource_spans:
                self.resources.append(labels(part.resource.attributes))
                self.spans += [span for scope in part.scope_spans for span in scope.spans]
        elif path == "/v1/metrics":
            for each in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                for metric in (metric for scope in each.scope_metrics for metric in scope.metrics):
                    self.metrics.setdefault(metric.name, {}).update(points(metric))

    def span(self, name: str) -> Any:
        [found] = [span for span in self.spans if span.name == name]
        return found

    def labels(self, span: Any) -> dict[str, str]:
        return labels(span.attributes)


def labels(attributes: Any) -> dict[str, str]:
    return {one.key: str(getattr(one.value, one.value.WhichOneof("value"))) for one in attributes}


def points(metric: Any) -> Iterator[tuple[tuple[tuple[str, str], ...], float]]:
    data = getattr(metric, metric.WhichOneof("data"))
    for point in data.data_points:
        value = point.count if metric.HasField("histogram") else getattr(point, point.WhichOneof("value"))
        yield tuple(sorted(labels(point.attributes).items())), value


@pytest.fixture
def collector() -> Iterator[tuple[Collector, str]]:
    """Yield a collector and its address."""
    received = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.take(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield received, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def received(collector: tuple[Collector, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """Yield a collector to which this process sends."""
    collected, address = collector
    monkeypatch.setenv(telemetry.ENDPOINT_VARIABLE, address)
    telemetry._exporter.cache_clear()
    yield collected
    stop_sending()


def stop_sending() -> None:
    """Shut the exporter down as at the end of a process, so that the next test starts another."""
    exporter = telemetry._exporter()
    assert exporter is not None
    exporter.spans.shutdown()
    exporter.metrics.shutdown()
    telemetry._exporter.cache_clear()
