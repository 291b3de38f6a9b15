"""The files of a lake as an asset. A weekly run merges them and expires old snapshots."""

from typing import Final

import dagster as dg
import msgspec

from cce_etl.defs.metadata import OPERATORS
from cce_etl.defs.resources import POOL, Warehouse
from cce_etl.warehouse.connection import storage_of

# A group of its own, which the nightly run leaves out.
UPKEEP: Final = "upkeep"


@dg.asset(name="lake_files", group_name=UPKEEP, owners=[OPERATORS], kinds={"ducklake", "parquet"}, pool=POOL)
def lake_files(context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[None]:
    """Merge small files without their deleted rows, expire old snapshots, and delete files that no snapshot needs.

    The tables do not change. They can be read as they were up to CCE_SNAPSHOT_DAYS ago.
    """
    with warehouse.open(context.run.run_id) as session:
        storage = storage_of(session.connection)
        done = storage.compact(session.connection, session.settings.snapshot_days)
        size = storage.byte_count(session.connection)
    return dg.MaterializeResult(metadata=msgspec.structs.asdict(done) | {"byte_count": size})


lake_upkeep = dg.define_asset_job(
    "lake_upkeep",
    dg.AssetSelection.groups(UPKEEP),
    description="Merge the lake's small files, expire snapshots older than CCE_SNAPSHOT_DAYS.",
)
lake_upkeep_schedule: Final = dg.ScheduleDefinition(
    job=lake_upkeep,
    cron_schedule="0 12 * * 0",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every Sunday at noon UTC, when no nightly run is expected: writers wait meanwhile.",
)
