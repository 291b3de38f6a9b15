"""Every SQL model as an asset, all built in one step; descriptions come from the files' headers."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final

import dagster as dg

from cce_etl.defs.metadata import ANALYSTS, asset_key, table_definition_metadata, tables_metadata
from cce_etl.defs.resources import POOL, Warehouse
from cce_etl.models.model import Model
from cce_etl.pipeline import run

BUILD: Final = "build"
NOT_KEPT: Final = {"rows": "ephemeral: built in memory for the trees that changed, and not kept"}


def model_assets(models: Sequence[Model]) -> dg.AssetsDefinition:
    """Return the assets of all models, which one step builds; it skips what has not changed."""
    names = [model.name for model in models]
    specs = [model_spec(model) for model in models]

    @dg.multi_asset(name=BUILD, specs=specs, pool=POOL)
    def build(
        context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
    ) -> Iterator[dg.MaterializeResult[None]]:
        """Bring every model's table up to date with core.jobs."""
        with warehouse.open(context.run.run_id) as session:
            run.build(session.connection, session.settings.slo)
            for name, shown in zip(names, tables_metadata(session.connection, names), strict=True):
                yield dg.MaterializeResult(asset_key=asset_key(name), metadata=shown or NOT_KEPT)

    return build


def model_spec(model: Model) -> dg.AssetSpec:
    """Return a model as an asset; Dagster marks it as stale when its SQL changes."""
    shown = {
        "reads": ", ".join(sorted(model.dependencies)),
        "sql": dg.MarkdownMetadataValue(f"```sql\n{model.sql}\n```"),
    }
    return dg.AssetSpec(
        asset_key(model.name),
        deps=[asset_key(table) for table in sorted(model.dependencies)],
        group_name=model.name.split(".")[0],
        owners=[ANALYSTS],
        kinds={"duckdb", "sql"} if model.computation is None else {"duckdb", "sql", "python"},
        description=f"{model.description}\n\nGrain: {model.grain}.",
        metadata=table_definition_metadata(model.name) | shown,
        code_version=sha256(model.sql.encode()).hexdigest()[:12],
    )
