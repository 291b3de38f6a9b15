"""Every file in sql/checks as an asset check on the table that its header names.

Lives here: a check as Dagster shows it. Does not: the SQL, running it (`warehouse/models`).
"""

import re
from typing import Final

from dagster import AssetCheckResult, AssetChecksDefinition, AssetCheckSeverity, AssetKey, ResourceParam, asset_check

from cce_etl.defs.resource import POOL, Warehouse
from cce_etl.defs.tables import asset_key, markdown_table
from cce_etl.warehouse.models import Check, run_check

_COMMENT: Final = re.compile(r"--.*")
# Enough of a parser: every table in sql/ is qualified with its schema, and no alias has a schema's name.
_TABLE: Final = re.compile(r"\b(?:raw|core|marts)\.\w+")


def table_check(check: Check) -> AssetChecksDefinition:
    """Return the asset check; it runs once everything that its SQL reads is there, and blocks nothing."""
    guarded = asset_key(check.table)

    @asset_check(
        asset=guarded,
        name=check.name,
        description=check.description,
        additional_deps=sorted(assets_read(check) - {guarded}),
        blocking=False,
        pool=POOL,
    )
    def find_rows(warehouse: ResourceParam[Warehouse]) -> AssetCheckResult:
        with warehouse.open() as session:
            rows = run_check(session.connection, check)
        columns = list(rows[0]) if rows else []
        shown = {"first_rows": markdown_table(columns, [list(row.values()) for row in rows])} if rows else {}
        return AssetCheckResult(
            passed=not rows, severity=AssetCheckSeverity.ERROR, metadata={"rows_shown": len(rows), **shown}
        )

    return find_rows


def assets_read(check: Check) -> set[AssetKey]:
    """Return the assets whose tables a check selects from."""
    return {asset_key(table) for table in _TABLE.findall(_COMMENT.sub("", check.sql))}
