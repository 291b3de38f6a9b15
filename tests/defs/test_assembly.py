"""All definitions together: what there is, where it is grouped, and that a run equals the pipeline called by hand."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster import AssetKey, Definitions, OpDefinition

from cce_etl.defs.assembly import build_definitions
from cce_etl.models.model import read_checks, sql_directory
from cce_etl.pipeline import run as pipeline
from cce_etl.pipeline.plan import read_id_list
from cce_etl.publish.query import open_published, query
from cce_etl.settings.settings import read_settings
from cce_etl.warehouse.connection import open_warehouse
from cce_etl.warehouse.status import published_tables
from tests.steps import failed_checks, fetch_listed

if TYPE_CHECKING:
    from tests.defs.conftest import Night


def _contents(file: str) -> dict[str, list[tuple[Any, ...]]]:
    with open_published(Path(file)) as connection:
        # The account of a run names the run itself, and how long it took.
        tables = [table for table in published_tables(connection) if ".ingest_" not in table]
        return {table: list(query(connection, f"SELECT * FROM {table} ORDER BY ALL").rows) for table in tables}


def test_the_definitions_load() -> None:
    Definitions.validate_loadable(build_definitions())


def test_every_model_is_an_asset_beside_ids_payloads_jobs_and_the_published_file() -> None:
    graph = build_definitions().resolve_asset_graph()
    models = {AssetKey(model.name.split(".")) for model in pipeline.models()}
    others = {("raw", "job_ids"), ("raw", "job_payloads"), ("core", "jobs")}
    others |= {("published", "cce_jobs"), ("published", "report")}
    assert graph.get_all_asset_keys() == models | {AssetKey(other) for other in others}


def test_each_asset_is_in_the_group_of_its_room() -> None:
    graph = build_definitions().resolve_asset_graph()
    groups = {key.path[0]: graph.get(key).group_name for key in graph.get_all_asset_keys()}
    layers = {name: name for name in ("core", "intermediate", "marts")}
    assert groups == layers | {"raw": "ingest", "published": "published"}


def test_every_asset_has_an_owner_kinds_and_words() -> None:
    graph = build_definitions().resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.owners in (["team:operators"], ["team:analysts"])
        assert node.kinds and node.description


def test_the_nightly_job_fills_every_asset_and_runs_every_check(night: "Night") -> None:
    assert night.result.success
    filled = {event.asset_key for event in night.result.get_asset_materialization_events()}
    assert filled == build_definitions().resolve_asset_graph().get_all_asset_keys()
    evaluated = {evaluation.check_name: evaluation.passed for evaluation in night.result.get_asset_check_evaluations()}
    assert evaluated == dict.fromkeys((check.name for check in read_checks(sql_directory())), True)


def test_a_run_leaves_the_same_tables_as_the_pipeline_called_by_hand(night: "Night", tmp_path: Path) -> None:
    by_hand = night.environment | {
        "CCE_WAREHOUSE": str(tmp_path / "warehouse.duckdb"),
        "CCE_PUBLISHED": str(tmp_path / "published.duckdb"),
    }
    settings = read_settings({}, by_hand)
    with open_warehouse(settings.warehouse) as connection:
        fetch_listed(connection, settings, read_id_list(settings), clock=lambda: night.now)
        pipeline.build(connection)
        assert failed_checks(connection) == []
        pipeline.publish(connection, settings, "by hand", lambda: night.now)
    expected = _contents(by_hand["CCE_WAREHOUSE"])
    assert len(expected["core.jobs"]) > 40
    assert len(expected["marts.steps"]) > 40
    assert _contents(night.environment["CCE_WAREHOUSE"]) == expected
    assert _contents(night.environment["CCE_PUBLISHED"]) == expected


def test_no_step_begins_again_by_itself() -> None:
    # Dagster follows a step's policy of retries when its run is stopped, too: the step would wait, and begin again.
    steps = [node.definition for node in build_definitions().resolve_implicit_global_asset_job_def().graph.nodes]
    assert len(steps) > 5
    assert [step.name for step in steps if isinstance(step, OpDefinition) and step.retry_policy] == []
