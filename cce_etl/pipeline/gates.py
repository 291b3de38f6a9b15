"""The two gates of a run: checks of what was loaded, and checks of what was built.

A check is a SELECT of rows that must not exist. A failed check of severity error closes its gate: nothing is published.
A failed check of severity warning is reported and closes nothing.
"""

import time
from collections.abc import Callable, Collection, Sequence
from enum import StrEnum
from functools import cache
from typing import Any, Literal

import msgspec

from cce_etl import telemetry
from cce_etl.errors import CheckError
from cce_etl.models.model import Check, read_checks, run_check, sql_directory
from cce_etl.warehouse.check_runs import gate_is_passed, record_check_run
from cce_etl.warehouse.connection import Connection, storage_of, unlocked_transaction


class Gate(StrEnum):
    """A gate by what its checks read: the tables that loading writes, or those that a build makes."""

    LOADED = "loaded"
    BUILT = "built"


class FailedCheck(msgspec.Struct, frozen=True):
    """A check that found rows which must not exist, with the first of them."""

    name: str
    description: str
    table: str
    severity: Literal["error", "warning"]
    rows: list[dict[str, Any]]


@cache
def all_checks() -> tuple[Check, ...]:
    """Return every check of sql/checks, by name."""
    return tuple(read_checks(sql_directory()))


def gate_checks(gate: Gate) -> list[Check]:
    """Return the checks of a gate: of the first, those that read nothing but tables that loading writes."""
    return [check for check in all_checks() if _reads_loaded_tables(check) is (gate is Gate.LOADED)]


def _reads_loaded_tables(check: Check) -> bool:
    return all(table.startswith("raw.") or table == "core.jobs" for table in check.dependencies)


def run_gate(
    connection: Connection,
    gate: Gate,
    run_id: str,
    clock: Callable[[], int] = time.time_ns,
    names: Collection[str] | None = None,
) -> list[FailedCheck]:
    """Run the checks of a gate in one transaction, and keep for publishing whether the gate was passed.

    Args:
        names: The checks to run; without them, all. A gate that was not run whole is not passed.

    Returns:
        The checks that found rows.
    """
    checks = [check for check in gate_checks(gate) if names is None or check.name in names]
    failed = []
    with telemetry.phase("check") as report:
        with storage_of(connection).build_lock(connection, is_shared=True), unlocked_transaction(connection):
            for check in checks:
                rows = run_check(connection, check)
                if rows:
                    failed.append(FailedCheck(check.name, check.description, check.table, check.severity, rows))
        report({"failed_check_count": len(failed)})
    if len(checks) == len(gate_checks(gate)):
        errors = [check.name for check in failed if check.severity == "error"]
        record_check_run(connection, run_id, gate, clock(), errors)
    return failed


def require_passed(failed: Sequence[FailedCheck]) -> None:
    """Raise CheckError when a check of severity error is among the failed ones."""
    errors = [check for check in failed if check.severity == "error"]
    if errors:
        found = "\n".join(
            f"{check.name} on {check.table}: {check.description}\n"
            + "\n".join(f"  {', '.join(f'{name}={value!r}' for name, value in row.items())}" for row in check.rows[:3])
            for check in errors
        )
        raise CheckError(
            f"Nothing is published, because rows were found that must not exist. The file published before is kept.\n"
            f"{found}\nMend these rows. If they may be published, give `run`, `load`, `dead-letters` or `publish` "
            "--publish-anyway."
        )


def require_publishable(connection: Connection, run_id: str, clock: Callable[[], int] = time.time_ns) -> None:
    """Run the gates that this run has not passed yet; raise CheckError when one is closed."""
    for gate in Gate:
        if not gate_is_passed(connection, run_id, gate):
            require_passed(run_gate(connection, gate, run_id, clock))
