"""Spans, counters and gauges as OpenTelemetry sends them over OTLP: the only module that imports it.

Lives here: the names a collector sees. Does not: when anything is sent (`telemetry`), where to (OTEL_* variables).
"""

import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from importlib.metadata import version
from types import MappingProxyType
from typing import Final
from uuid import UUID

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.trace import Status, StatusCode

from cce_etl.telemetry import Figures, Report

_SCOPE: Final = "cce_etl"
# Figure: unit and description; the collector sees it as cce_etl.<figure>.
COUNTERS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "requested": ("{job}", "ids or records given to a fetch or a load"),
        "skipped": ("{job}", "of these, ids whose job had ended before"),
        "fetched": ("{job}", "jobs that were new or had changed"),
        "unchanged": ("{job}", "jobs that were as before"),
        "gone": ("{job}", "ids the API has forgotten"),
        "failed": ("{job}", "ids or records that failed"),
        "dead_lettered": ("{job}", "of these, those kept in raw.dead_letters"),
        "request_count": ("{request}", "HTTP requests, with those tried again"),
        "retry_count": ("{request}", "requests that were tries after the first"),
        "throttled_count": ("{request}", 'requests answered with "too many"'),
        "waited_seconds": ("s", "time all requests together waited for their turn"),
        "received_bytes": ("By", "bytes of bodies received"),
        "core_row_count": ("{row}", "rows of core.jobs written"),
        "model_row_count": ("{row}", "rows of all models after a build"),
        "failed_check_count": ("{check}", "checks that found rows which must not exist"),
        "published_row_count": ("{row}", "rows of all tables published"),
    }
)
GAUGES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "published_at": ("s", "when analysts' file was last published, seconds since 1970 UTC"),
        "published_age": ("s", "age of analysts' file when `status --health` looked"),
    }
)
# The exporters' own ten would hold each step of a night up for half a minute while a collector is away.
_PATIENCE_SECONDS: Final = 3.0
_RUN: Final[ContextVar[str]] = ContextVar("run", default="")


class _RunIds(IdGenerator):
    """Name a run's traces after the run: Dagster's steps stand in one, and a run's id finds it."""

    def __init__(self) -> None:
        self._random = RandomIdGenerator()

    def generate_span_id(self) -> int:
        return self._random.generate_span_id()

    def generate_trace_id(self) -> int:
        with suppress(ValueError):
            return UUID(_RUN.get()).int
        return self._random.generate_trace_id()


class Sender:
    """Hold the instruments of this process; what they gather is sent in the background, and when a run ends."""

    def __init__(self) -> None:
        # Else each of its tries is a line on the terminal, with the collector's address; that it gave up is one, too.
        logging.getLogger("opentelemetry.exporter").setLevel(logging.ERROR)
        own = Resource({"service.name": "cce-etl", "service.version": version("cce-etl")})
        # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES outrank what we call ourselves.
        resource = Resource.create().merge(own).merge(OTELResourceDetector().detect())
        self._spans = TracerProvider(resource=resource, id_generator=_RunIds())
        is_set = any(name.startswith("OTEL_EXPORTER_OTLP_") and name.endswith("TIMEOUT") for name in os.environ)
        patience = None if is_set else _PATIENCE_SECONDS
        self._spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=patience)))
        self._tracer = self._spans.get_tracer(_SCOPE)
        self._figures = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter(timeout=patience))], resource)
        meter = self._figures.get_meter(_SCOPE)
        self._counters = {
            name: meter.create_counter(f"{_SCOPE}.{name}", unit, text) for name, (unit, text) in COUNTERS.items()
        }
        self._gauges = {
            name: meter.create_gauge(f"{_SCOPE}.{name}", unit, text) for name, (unit, text) in GAUGES.items()
        }
        self._seconds = meter.create_histogram(f"{_SCOPE}.phase_seconds", "s", "how long a phase of a run took")

    @contextmanager
    def run(self, run_id: str, command: str) -> Iterator[None]:
        """Make a trace under the run's id of the phases inside; send all at the end."""
        token = _RUN.set(run_id)
        try:
            with self.phase(command, {"run_id": run_id}):
                yield
        finally:
            _RUN.reset(token)
            # A process of Dagster's ends without its exit handlers. A collector that is away must not fail the run.
            with suppress(Exception):
                self._spans.force_flush()
                self._figures.force_flush()

    @contextmanager
    def phase(self, name: str, labels: Mapping[str, str]) -> Iterator[Report]:
        """Make a span with labels; figures go to it and to the counters."""
        attributes = {f"{_SCOPE}.{key}": text for key, text in labels.items()}
        counted = {key: text for key, text in attributes.items() if key != f"{_SCOPE}.run_id"}
        started = time.perf_counter()
        with self._tracer.start_as_current_span(
            name, attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as span:

            def report(figures: Figures) -> None:
                span.set_attributes({f"{_SCOPE}.{key}": value for key, value in figures.items()})
                for key, value in figures.items():
                    self._counters[key].add(value, counted)

            try:
                yield report
            except BaseException as error:
                # The kind alone: a message names ids and files, which are for the log of this machine.
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise
            finally:
                self._seconds.record(time.perf_counter() - started, counted | {f"{_SCOPE}.phase": name})

    def tell(self, name: str, value: float) -> None:
        """Set a gauge."""
        self._gauges[name].set(value)
