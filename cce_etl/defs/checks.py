"""Every check of sql/checks as an asset check on the table that its header names, in two gates of one step each."""

from collections.abc import Iterator, Sequence
from typing import Final

import dagster as dg

from cce_etl.defs.metadata import JOB_IDS, asset_key, markdown_table
from cce_etl.defs.resources import POOL, Warehouse
from cce_etl.models.model import Check
from cce_etl.pipeline.gates import FailedCheck, Gate, gate_checks, require_passed, run_gate

GATE_NAMES: Final = {Gate.LOADED: "check_what_was_loaded", Gate.BUILT: "check_what_was_built"}
_SEVERITIES: Final = {"error": dg.AssetCheckSeverity.ERROR, "warning": dg.AssetCheckSeverity.WARN}


def gates() -> list[dg.AssetChecksDefinition]:
    """Return the checks of what was loaded, before models are built, and those of the models, before publishing.

    A failed check of severity error fails its gate and the run, and the file published before stays.
    """
    return [_gate(gate, gate_checks(gate)) for gate in Gate if gate_checks(gate)]


def _gate(gate: Gate, checks: Sequence[Check]) -> dg.AssetChecksDefinition:
    @dg.multi_asset_check(
        name=GATE_NAMES[gate], specs=[check_spec(check) for check in checks], can_subset=True, pool=POOL
    )
    def run_checks(
        context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[Warehouse]
    ) -> Iterator[dg.AssetCheckResult]:
        run_id = context.run.run_id
        selected = {key.name for key in context.selected_asset_check_keys}
        with warehouse.open(run_id) as session:
            failed = {one.name: one for one in run_gate(session.connection, gate, run_id, session.clock, selected)}
            yield from (check_result(check, failed.get(check.name)) for check in checks if check.name in selected)
            require_passed(list(failed.values()))

    return run_checks


def check_spec(check: Check) -> dg.AssetCheckSpec:
    """Return a check as Dagster knows it; it waits for all tables that its SQL reads."""
    guarded = asset_key(check.table)
    return dg.AssetCheckSpec(
        check.name,
        asset=guarded,
        description=check.description,
        additional_deps=sorted(assets_read(check) - {guarded}),
        # Checks of the ids read what was fetched for them, so they fail their gate instead of blocking the fetch.
        blocking=check.severity == "error" and guarded != JOB_IDS,
        metadata={"sql": check.sql},
    )


def check_result(check: Check, failed: FailedCheck | None) -> dg.AssetCheckResult:
    """Return the result of a check as Dagster shows it, with the first rows that it found."""
    rows = failed.rows if failed else []
    columns = list(rows[0]) if rows else []
    shown = {"first_rows": markdown_table(columns, [list(row.values()) for row in rows])} if rows else {}
    return dg.AssetCheckResult(
        asset_key=asset_key(check.table),
        check_name=check.name,
        passed=failed is None,
        severity=_SEVERITIES[check.severity],
        description=check.description if rows else None,
        metadata={"rows_shown": len(rows), **shown},
    )


def assets_read(check: Check) -> set[dg.AssetKey]:
    """Return the assets whose tables a check selects from."""
    return {asset_key(table) for table in check.dependencies}
