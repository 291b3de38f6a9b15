"""Every file in sql/checks as an asset check on the table that its header names, in two gates of one step each.

Lives here: what a gate holds back, and a check as Dagster shows it. Does not: the SQL, running it (`warehouse/models`).
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetKey,
    Failure,
    ResourceParam,
    multi_asset_check,
)

from cce_etl import telemetry
from cce_etl.defs.metadata import JOB_IDS, JOB_PAYLOADS, JOBS, asset_key, markdown_table
from cce_etl.defs.resources import POOL, Warehouse
from cce_etl.models.model import Check, run_check
from cce_etl.warehouse.connection import Connection

LOADED_GATE: Final = "check_what_was_loaded"
BUILT_GATE: Final = "check_what_was_built"
_LOADED: Final = frozenset({JOB_IDS, JOB_PAYLOADS, JOBS})
_SEVERITIES: Final = {"error": AssetCheckSeverity.ERROR, "warning": AssetCheckSeverity.WARN}
_COMMENT: Final = re.compile(r"--.*")
# Enough of a parser: every table in sql/ is qualified with its schema, and no alias has a schema's name.
_TABLE: Final = re.compile(r"\b(?:raw|core|intermediate|marts)\.\w+")


def gates(checks: Sequence[Check]) -> list[AssetChecksDefinition]:
    """Return the checks of what was loaded, before models are built, and those of the models, before publishing.

    In a gate, one check that is no warning and finds rows fails the run: the file published before stays.
    """
    loaded = [check for check in checks if assets_read(check) <= _LOADED]
    built = [check for check in checks if check not in loaded]
    return [_gate(name, part) for name, part in ((LOADED_GATE, loaded), (BUILT_GATE, built)) if part]


def _gate(name: str, checks: Sequence[Check]) -> AssetChecksDefinition:
    @multi_asset_check(name=name, specs=[check_spec(check) for check in checks], can_subset=True, pool=POOL)
    def find_rows(
        context: AssetCheckExecutionContext, warehouse: ResourceParam[Warehouse]
    ) -> Iterator[AssetCheckResult]:
        found = []
        with warehouse.open(context.run.run_id) as session, telemetry.phase("check") as report:
            for check in checks:
                if check_spec(check).key in context.selected_asset_check_keys:
                    result = evaluate(session.connection, check)
                    yield result
                    found += [] if result.passed else [check]
            report({"failed_check_count": len(found)})
        failed = [check for check in found if check.severity == "error"]
        if failed:
            raise Failure(_what_failed(failed), allow_retries=False)

    return find_rows


def check_spec(check: Check) -> AssetCheckSpec:
    """Return a check as Dagster knows it; it waits for all that its SQL reads."""
    guarded = asset_key(check.table)
    return AssetCheckSpec(
        check.name,
        asset=guarded,
        description=check.description,
        additional_deps=sorted(assets_read(check) - {guarded}),
        # Checks of the ids read what was fetched for them, so they cannot hold the fetch back. They fail their gate.
        blocking=check.severity == "error" and guarded != JOB_IDS,
        metadata={"sql": check.sql},
    )


def evaluate(connection: Connection, check: Check) -> AssetCheckResult:
    """Run a check; the first rows it finds are shown."""
    rows = run_check(connection, check)
    columns = list(rows[0]) if rows else []
    shown = {"first_rows": markdown_table(columns, [list(row.values()) for row in rows])} if rows else {}
    return AssetCheckResult(
        asset_key=asset_key(check.table),
        check_name=check.name,
        passed=not rows,
        severity=_SEVERITIES[check.severity],
        description=check.description if rows else None,
        metadata={"rows_shown": len(rows), **shown},
    )


def _what_failed(checks: Sequence[Check]) -> str:
    names = "; ".join(f"{check.name} on {check.table}: {check.description}" for check in checks)
    return f"Nothing is published, since rows were found that must not exist. {names} The checks show the rows."


def assets_read(check: Check) -> set[AssetKey]:
    """Return the assets whose tables a check selects from."""
    return {asset_key(table) for table in _TABLE.findall(_COMMENT.sub("", check.sql))}
