"""Steps of a run as tests call them: one source, one list, all checks."""

import time
from collections.abc import Callable
from typing import Any

import msgspec

from cce_etl.pipeline.fetch import fetch
from cce_etl.pipeline.gates import FailedCheck, Gate, run_gate
from cce_etl.pipeline.plan import IdList, plan_open_jobs, register
from cce_etl.settings.settings import Settings
from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.fetch_runs import RunCounts


def fetch_listed(
    connection: Connection,
    settings: Settings,
    id_list: IdList | None,
    *,
    run_id: str = "run",
    clock: Callable[[], int] = time.time_ns,
    **options: Any,
) -> RunCounts:
    """Register a list and fetch it; raise what stops the source."""
    (plan,) = plan_open_jobs([settings], clock)
    if id_list is not None:
        register(connection, run_id, plan.source.name, id_list, clock)
    result = fetch(connection, [msgspec.structs.replace(plan, id_list=id_list)], run_id, clock=clock, **options)
    result.raise_first()
    return result.counts


def failed_checks(connection: Connection) -> list[FailedCheck]:
    """Run both gates and return the checks that found rows."""
    return [check for gate in Gate for check in run_gate(connection, gate, "run")]
