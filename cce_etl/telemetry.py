"""Traces and metrics of runs for an OpenTelemetry collector, sent over OTLP if OTEL_EXPORTER_OTLP_ENDPOINT names one.

Without that variable nothing is imported or measured. The OTEL_* variables say where and how it is sent.
"""

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from importlib.metadata import version
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias
from uuid import UUID

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.id_generator import IdGenerator

ENDPOINT_VARIABLE: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
# Every counter and gauge with its unit and description; the collector sees each as cce_etl.<name>.
COUNTERS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "requested": ("{job}", "ids or records given to a fetch or a load"),
        "skipped": ("{job}", "requested ids that were not fetched, since their jobs had ended before"),
        "fetched": ("{job}", "jobs that were new or had changed"),
        "unchanged": ("{job}", "jobs that had not changed"),
        "gone": ("{job}", "ids the API no longer knows"),
        "failed": ("{job}", "ids or records that failed"),
        "dead_lettered": ("{job}", "failed ids or records that are kept in raw.dead_letters"),
        "request_count": ("{request}", "HTTP requests, including retries"),
        "retry_count": ("{request}", "HTTP requests that were retries"),
        "throttled_count": ("{request}", "HTTP requests that were answered with 429, too many requests"),
        "waited_seconds": ("s", "time that HTTP requests waited for the rate limiter, summed"),
        "received_bytes": ("By", "bytes of response bodies"),
        "core_row_count": ("{row}", "rows written to core.jobs"),
        "model_row_count": ("{row}", "rows of all models after a build"),
        "failed_check_count": ("{check}", "checks that found rows which must not exist"),
        "published_row_count": ("{row}", "rows of all published tables"),
    }
)
GAUGES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "published_at": ("s", "when the analysts' file was last published, seconds since 1970-01-01 UTC"),
        "published_age": ("s", "age of the analysts' file at the last `status --health`"),
    }
)
Figures: TypeAlias = Mapping[str, int | float]
Report: TypeAlias = Callable[[Figures], None]

_SCOPE: Final = "cce_etl"
# The exporters' own timeout of 10 s would delay each step of a run by half a minute while the collector is away.
_TIMEOUT_SECONDS: Final = 3.0
_RUN_ID: Final[ContextVar[str]] = ContextVar("run_id", default="")


@contextmanager
def run(run_id: str, command: str) -> Iterator[None]:
    """Make one trace of all phases inside, whose id is the run's, and send everything at the end."""
    exporter = _exporter()
    if exporter is None:
        yield
        return
    with exporter.run(run_id, command):
        yield


@contextmanager
def phase(name: str, **labels: str) -> Iterator[Report]:
    """Make a span of what happens inside; yield a function that adds figures by their names in COUNTERS."""
    exporter = _exporter()
    if exporter is None:
        yield lambda _: None
        return
    with exporter.phase(name, labels) as report:
        yield report


def set_gauge(name: str, value: float) -> None:
    """Set a gauge, by its name in GAUGES."""
    exporter = _exporter()
    if exporter is not None:
        exporter.gauges[name].set(value)


@cache
def _exporter() -> "_Exporter | None":
    if not os.environ.get(ENDPOINT_VARIABLE, "").strip():
        return None
    try:
        return _Exporter()
    except ImportError:
        # No error: a host may set the variable for other programs, and a run must not fail for want of telemetry.
        message = "%s is set, but nothing is sent: install cce-etl[telemetry], or unset it."
        logging.getLogger(__name__).warning(message, ENDPOINT_VARIABLE)
        return None


class _Exporter:
    """The instruments of this process. What they gather is sent in the background, and when a run ends."""

    def __init__(self) -> None:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        # Otherwise each attempt is logged with the collector's address; that it gave up is logged as an error.
        logging.getLogger("opentelemetry.exporter").setLevel(logging.ERROR)
        own = Resource({"service.name": "cce-etl", "service.version": version("cce-etl")})
        # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES take precedence over our own names.
        resource = Resource.create().merge(own).merge(OTELResourceDetector().detect())
        is_set = any(name.startswith("OTEL_EXPORTER_OTLP_") and name.endswith("TIMEOUT") for name in os.environ)
        timeout = None if is_set else _TIMEOUT_SECONDS
        self.spans = TracerProvider(resource=resource, id_generator=_run_id_generator())
        self.spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=timeout)))
        self.tracer = self.spans.get_tracer(_SCOPE)
        self.metrics = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter(timeout=timeout))], resource)
        meter = self.metrics.get_meter(_SCOPE)
        self.counters = {
            name: meter.create_counter(f"{_SCOPE}.{name}", unit, text) for name, (unit, text) in COUNTERS.items()
        }
        self.gauges = {
            name: meter.create_gauge(f"{_SCOPE}.{name}", unit, text) for name, (unit, text) in GAUGES.items()
        }
        self.phase_seconds = meter.create_histogram(f"{_SCOPE}.phase_seconds", "s", "duration of a phase of a run")

    @contextmanager
    def run(self, run_id: str, command: str) -> Iterator[None]:
        """Make a trace, under the run's id, of the phases inside; send everything at the end."""
        token = _RUN_ID.set(run_id)
        try:
            with self.phase(command, {"run_id": run_id}):
                yield
        finally:
            _RUN_ID.reset(token)
            # Sent now, as Dagster's processes end without exit handlers. An absent collector must not fail the run.
            with suppress(Exception):
                self.spans.force_flush()
                self.metrics.force_flush()

    @contextmanager
    def phase(self, name: str, labels: Mapping[str, str]) -> Iterator[Report]:
        """Make a span with labels; yield a function that adds figures to it and to the counters."""
        from opentelemetry.trace import Status, StatusCode

        attributes = {f"{_SCOPE}.{key}": text for key, text in labels.items()}
        metric_attributes = {key: text for key, text in attributes.items() if key != f"{_SCOPE}.run_id"}
        started = time.perf_counter()
        with self.tracer.start_as_current_span(
            name, attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as span:

            def report(figures: Figures) -> None:
                span.set_attributes({f"{_SCOPE}.{key}": value for key, value in figures.items()})
                for key, value in figures.items():
                    self.counters[key].add(value, metric_attributes)

            try:
                yield report
            except BaseException as error:
                # Only the type: a message contains ids and file names, which belong in this machine's log.
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise
            finally:
                seconds = time.perf_counter() - started
                self.phase_seconds.record(seconds, metric_attributes | {f"{_SCOPE}.phase": name})


def _run_id_generator() -> "IdGenerator":
    """Return a generator that gives every trace the id of its run: all Dagster steps of a run are in one trace."""
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class RunIdGenerator(RandomIdGenerator):
        def generate_trace_id(self) -> int:
            with suppress(ValueError):
                return UUID(_RUN_ID.get()).int
            return super().generate_trace_id()

        def is_trace_id_random(self) -> bool:
            return False

    return RunIdGenerator()
