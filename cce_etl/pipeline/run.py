"""The order of a run, drawn once: plan > fetch > load > gate > build > gate > publish.

The command line and Dagster call the same functions in this order. `plan`, `fetch` (which loads each batch as it comes)
and `gates` hold the other steps; `finish` is all that follows loading.
"""

import time
from functools import cache
from uuid import uuid4

from cce_etl import telemetry
from cce_etl.errors import ConfigError
from cce_etl.models.build import build_models
from cce_etl.models.computed import code_version
from cce_etl.models.model import Model, read_models, sql_directory
from cce_etl.pipeline.gates import FailedCheck, Gate, require_passed, require_publishable, run_gate
from cce_etl.pipeline.plan import Clock
from cce_etl.publish.publish import publish as publish_copy
from cce_etl.settings.settings import NO_TARGETS, Settings, Slo
from cce_etl.warehouse.connection import Connection


def new_run_id() -> str:
    """Return a name for a run that no other run has."""
    return uuid4().hex


@cache
def models() -> list[Model]:
    """Return every model, each after all that it selects from."""
    found = read_models(sql_directory())
    if not found:
        raise ConfigError(f"There are no models under {sql_directory()}. Install the project again.")
    return found


def finish(
    connection: Connection,
    settings: Settings,
    run_id: str,
    clock: Clock = time.time_ns,
    *,
    publish_anyway: bool = False,
) -> list[FailedCheck]:
    """Check what was loaded, build every model, check what was built, publish; return the failed checks.

    Args:
        publish_anyway: Publish although a check of severity error failed.

    Raises:
        CheckError: A check of severity error failed. Nothing is published.
    """
    _, failed = build_checked(connection, settings, run_id, clock, build_anyway=publish_anyway)
    publish(connection, settings, run_id, clock, publish_anyway=publish_anyway)
    return failed


def build_checked(
    connection: Connection,
    settings: Settings,
    run_id: str,
    clock: Clock = time.time_ns,
    *,
    build_anyway: bool = False,
) -> tuple[dict[str, int], list[FailedCheck]]:
    """Check what was loaded, build every model, check what was built.

    Args:
        build_anyway: Go on although a check of severity error failed.

    Returns:
        The rows of each model, and the failed checks.

    Raises:
        CheckError: A check of severity error failed.
    """
    loaded = run_gate(connection, Gate.LOADED, run_id, clock)
    if not build_anyway:
        require_passed(loaded)
    rows = build(connection, settings.slo)
    built = run_gate(connection, Gate.BUILT, run_id, clock)
    if not build_anyway:
        require_passed(built)
    return rows, loaded + built


def build(connection: Connection, slo: Slo = NO_TARGETS) -> dict[str, int]:
    """Bring every model's table up to date, with `slo` as the service levels; return the rows of each."""

    with telemetry.phase("build") as report:
        rows = build_models(connection, models(), code_version(), slo)
        report({"model_row_count": sum(rows.values())})
    return rows


def publish(
    connection: Connection,
    settings: Settings,
    run_id: str,
    clock: Clock = time.time_ns,
    *,
    publish_anyway: bool = False,
) -> dict[str, int]:
    """Replace the published file by a fresh copy of core and marts; return the rows of each table.

    A gate that this run has not passed is checked first.

    Args:
        publish_anyway: Publish without a look at the gates.

    Raises:
        CheckError: A check of severity error fails. The file published before is kept.
    """
    if not publish_anyway:
        require_publishable(connection, run_id, clock)
    with telemetry.phase("publish") as report:
        published_at = clock()
        rows = publish_copy(connection, settings.warehouse, settings.published, run_id, published_at)
        report({"published_row_count": sum(rows.values())})
        telemetry.set_gauge("published_at", published_at / 1e9)
    return rows
