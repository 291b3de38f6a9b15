"""What runs tell a collector of OpenTelemetry: nothing, at no cost, unless OTEL_EXPORTER_OTLP_ENDPOINT names one.

Lives here: when it is on, and what the other rooms call. Does not: OpenTelemetry (`sender`), imported when it is on.
"""

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from cce_etl.telemetry.sender import Sender

ENDPOINT: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
Figures: TypeAlias = Mapping[str, int | float]
Report: TypeAlias = Callable[[Figures], None]


@contextmanager
def run(run_id: str, command: str) -> Iterator[None]:
    """Make one trace of all phases inside, under the run's id, and send everything at the end."""
    sender = _sender()
    if sender is None:
        yield
        return
    with sender.run(run_id, command):
        yield


@contextmanager
def phase(name: str, **labels: str) -> Iterator[Report]:
    """Make a span of what happens inside; the report yielded adds figures, as `sender.COUNTERS` names them."""
    sender = _sender()
    if sender is None:
        yield _unheard
        return
    with sender.phase(name, labels) as report:
        yield report


def tell(name: str, value: float) -> None:
    """Say how something stands now, as `sender.GAUGES` names it."""
    sender = _sender()
    if sender is not None:
        sender.tell(name, value)


def _unheard(_: Figures) -> None: ...


@cache
def _sender() -> "Sender | None":
    if not os.environ.get(ENDPOINT, "").strip():
        return None
    try:
        from cce_etl.telemetry.sender import Sender
    except ImportError:
        # No error: whoever watches a night wants the night done, and a host may set the variable for other programs.
        message = "%s is set, but nothing is sent: install cce-etl[telemetry], or unset it."
        logging.getLogger(__name__).warning(message, ENDPOINT)
        return None
    return Sender()
