"""One asset for every SQL model; its words come from the file's header, its lineage from the SQL.

Lives here: a model as an asset. Does not: reading and building models (`warehouse/models`), their order (Dagster's).
"""

from hashlib import sha256

from dagster import AssetsDefinition, MarkdownMetadataValue, MaterializeResult, ResourceParam, asset

from cce_etl.defs.resource import POOL, Warehouse
from cce_etl.defs.tables import asset_key, table_definition_metadata, table_metadata
from cce_etl.warehouse.models import Model, build_model
from cce_etl.warehouse.slo_targets import set_slo


def model_asset(model: Model) -> AssetsDefinition:
    """Return the asset that makes the model's table anew; Dagster marks it as stale when its SQL changes."""

    @asset(
        key=asset_key(model.name),
        deps=[asset_key(table) for table in sorted(model.dependencies)],
        group_name=model.name.split(".")[0],
        kinds={"duckdb", "sql"} if model.computation is None else {"duckdb", "sql", "python"},
        description=f"{model.description}\n\nGrain: {model.grain}.",
        metadata=table_definition_metadata(model.name) | {"sql": MarkdownMetadataValue(f"```sql\n{model.sql}\n```")},
        code_version=sha256(model.sql.encode()).hexdigest()[:12],
        pool=POOL,
    )
    def build(warehouse: ResourceParam[Warehouse]) -> MaterializeResult[None]:
        with warehouse.open() as session:
            slo = session.settings.slo
            set_slo(session.connection, slo.targets, slo.objective, slo.window_days)
            build_model(session.connection, model)
            return MaterializeResult(metadata=table_metadata(session.connection, model.name))

    return build
