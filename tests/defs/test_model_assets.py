"""SQL models as assets: words, lineage, version, columns."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from dagster import AssetKey, DagsterInstance, TableSchema, materialize

from cce_etl import pipeline
from cce_etl.defs.assembly import build_definitions
from cce_etl.defs.model_assets import model_asset
from cce_etl.defs.resource import RESOURCE, Warehouse
from cce_etl.defs.tables import asset_key
from cce_etl.warehouse.connection import open_warehouse
from cce_etl.warehouse.models import Model

if TYPE_CHECKING:
    from tests.defs.conftest import Night


def _model(sql: str) -> Model:
    return Model("marts.m", sql, "Words.", "source, job_id", {}, frozenset({"core.jobs", "marts.steps"}), None)


def test_an_asset_has_the_words_of_the_header_and_the_lineage_of_the_sql() -> None:
    (spec,) = model_asset(_model("SELECT 1")).specs
    assert spec.key == AssetKey(["marts", "m"])
    assert {dep.asset_key for dep in spec.deps} == {AssetKey(["core", "jobs"]), AssetKey(["marts", "steps"])}
    assert (spec.group_name, spec.kinds) == ("marts", {"duckdb", "sql"})
    assert spec.description == "Words.\n\nGrain: source, job_id."
    assert spec.metadata["sql"].value == "```sql\nSELECT 1\n```"


def test_other_sql_is_another_version() -> None:
    versions = [model_asset(_model(sql)).specs_by_key[AssetKey(["marts", "m"])].code_version for sql in ("a", "a", "b")]
    assert versions[0] == versions[1] != versions[2]


def test_every_model_follows_what_it_selects_from() -> None:
    graph = build_definitions().resolve_asset_graph()
    for model in pipeline.models():
        parents = graph.get(asset_key(model.name)).parent_keys
        assert parents == {asset_key(table) for table in model.dependencies}


@pytest.mark.parametrize("model", pipeline.models(), ids=lambda model: model.name)
def test_every_column_is_described(model: Model, night: "Night") -> None:
    schema = night.materialization(*model.name.split(".")).metadata["dagster/column_schema"].value
    assert isinstance(schema, TableSchema)
    assert {column.name: column.description for column in schema.columns} == model.columns


def test_a_model_reads_the_service_level_of_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cce-etl.toml").write_text("[slo]\nobjective = 0.5\n")
    environment = {"CCE_WAREHOUSE": str(tmp_path / "w.duckdb")}
    asset = model_asset(_model("SELECT getvariable('slo_objective') AS objective"))
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        resources = {RESOURCE: Warehouse(lambda: 0, environment)}
        assert materialize([asset], instance=instance, resources=resources).success
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        assert connection.execute("FROM marts.m").fetchall() == [(0.5,)]
