"""SQL models as assets: descriptions, tables read, version, columns, and that one step makes them all."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from dagster import AssetKey, DagsterInstance, TableSchema, materialize

from cce_etl.defs.assembly import build_definitions
from cce_etl.defs.assets.models import BUILD, NOT_KEPT, model_assets, model_spec
from cce_etl.defs.metadata import asset_key
from cce_etl.defs.resources import RESOURCE, Warehouse
from cce_etl.models.model import Model
from cce_etl.pipeline import run as pipeline
from cce_etl.warehouse.connection import open_warehouse

if TYPE_CHECKING:
    from tests.defs.conftest import Night


def _model(sql: str) -> Model:
    return Model("marts.m", sql, "Words.", "source, job_id", {}, frozenset({"core.jobs", "marts.steps"}), None)


def test_an_asset_has_the_description_of_the_header_and_names_the_tables_it_reads() -> None:
    spec = model_spec(_model("SELECT 1"))
    assert spec.key == AssetKey(["marts", "m"])
    assert {dep.asset_key for dep in spec.deps} == {AssetKey(["core", "jobs"]), AssetKey(["marts", "steps"])}
    assert (spec.group_name, spec.kinds, spec.owners) == ("marts", {"duckdb", "sql"}, ["team:analysts"])
    assert spec.description == "Words.\n\nGrain: source, job_id."
    assert spec.metadata["sql"].value == "```sql\nSELECT 1\n```"
    assert spec.metadata["reads"] == "core.jobs, marts.steps"


def test_other_sql_is_another_version() -> None:
    versions = [model_spec(_model(sql)).code_version for sql in ("a", "a", "b")]
    assert versions[0] == versions[1] != versions[2]


def test_every_model_follows_what_it_selects_from_and_one_step_makes_all() -> None:
    graph = build_definitions().resolve_asset_graph()
    keys = {asset_key(model.name) for model in pipeline.models()}
    for model in pipeline.models():
        node = graph.get(asset_key(model.name))
        assert node.parent_keys == {asset_key(table) for table in model.dependencies}
        assert node.execution_set_asset_keys == keys
        assert node.assets_def.op.name == BUILD


@pytest.mark.parametrize("model", pipeline.models(), ids=lambda model: model.name)
def test_every_column_of_a_kept_table_is_described(model: Model, night: "Night") -> None:
    metadata = night.materialization(*model.name.split(".")).metadata
    if model.materialized == "ephemeral":
        assert metadata["rows"].value == NOT_KEPT["rows"]
        return
    schema = metadata["dagster/column_schema"].value
    assert isinstance(schema, TableSchema)
    assert {column.name: column.description for column in schema.columns} == model.columns


def test_a_build_reads_the_service_level_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, instance: DagsterInstance
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cce-etl.toml").write_text("[slo]\nobjective = 0.5\n")
    resources = {RESOURCE: Warehouse(lambda: 0, {"CCE_WAREHOUSE": str(tmp_path / "w.duckdb")})}
    built = []

    def build(connection: object, slo: object) -> None:
        built.append(slo)

    monkeypatch.setattr(pipeline, "build", build)
    assert materialize([model_assets(pipeline.models()[:1])], instance=instance, resources=resources).success
    assert [slo.objective for slo in built] == [0.5]  # type: ignore[attr-defined]


def test_a_build_makes_the_tables(night: "Night") -> None:
    with open_warehouse(Path(night.environment["CCE_WAREHOUSE"])) as connection:
        ((rows,),) = connection.execute("SELECT count(*) FROM marts.steps").fetchall()
    assert night.materialization("marts", "steps").metadata["dagster/row_count"].value == rows > 40
