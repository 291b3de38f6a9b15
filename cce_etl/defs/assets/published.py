"""The published file as an asset."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import dagster as dg

from cce_etl.defs.metadata import ANALYSTS, asset_key, markdown_table
from cce_etl.defs.resources import POOL, Warehouse
from cce_etl.models.model import Model
from cce_etl.pipeline import run

PUBLISHED: Final = dg.AssetKey(["published", "cce_jobs"])
# The shortest window that Dagster accepts.
_SHORTEST: Final = timedelta(minutes=1)


def published_asset(models: Sequence[Model], max_age: timedelta) -> dg.AssetsDefinition:
    """Return the asset of the published file, which follows every model and is stale when older than `max_age`.

    It depends only on models that no other model selects from, so that the graph stays readable.
    """
    selected_from = {name for model in models for name in model.dependencies}

    @dg.asset(
        key=PUBLISHED,
        deps=[asset_key(model.name) for model in models if model.name not in selected_from],
        group_name="published",
        owners=[ANALYSTS],
        kinds={"duckdb"},
        metadata={"dagster/storage_kind": "duckdb"},
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=max(max_age, _SHORTEST)),
        pool=POOL,
    )
    def publish(
        context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
    ) -> dg.MaterializeResult[None]:
        """The file for analysts: a copy of core and marts with a manifest. Publishing replaces the whole file.

        A reader that has the file open keeps the old version. The next one to open it reads the new version.
        """
        with warehouse.open(context.run.run_id) as session:
            rows = run.publish(session.connection, session.settings, context.run.run_id, session.clock)
            published = session.settings.published
        return dg.MaterializeResult(
            metadata={
                "path": dg.MetadataValue.path(published.absolute()),
                "file_bytes": published.stat().st_size,
                "table_count": len(rows),
                "dagster/row_count": sum(rows.values()),
                "tables": markdown_table(["table", "row_count"], sorted(rows.items())),
            }
        )

    return publish
