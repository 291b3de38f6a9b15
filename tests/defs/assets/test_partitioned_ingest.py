"""Several sources: a partition each, a step each within one run, and one that fails keeps back no other."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pytest
from dagster import (
    AssetKey,
    AssetMaterialization,
    DagsterInstance,
    ExecuteInProcessResult,
    OpDefinition,
    StaticPartitionsDefinition,
    materialize,
)
from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value

from cce_etl.defs.assembly import build_definitions
from cce_etl.defs.assets.ingest import job_ids
from cce_etl.defs.assets.partitioned_ingest import _chosen, fetch_by_source
from cce_etl.defs.config import FetchConfig
from cce_etl.defs.jobs import NIGHTLY, all_partitions
from cce_etl.defs.resources import RESOURCE, Warehouse
from cce_etl.demo.api import DEMO_PROJECT_ID, DEMO_TOKEN
from cce_etl.demo.fleet import Fleet
from cce_etl.errors import ConfigError
from tests.defs.conftest import NOW

NAMES = ["eu-de 1", "eu-nl.1", "eu_nl_1"]
JOBS = AssetKey(["core", "jobs"])


class Run(Protocol):
    def __call__(self, tags: dict[str, str], config: dict[str, Any]) -> ExecuteInProcessResult: ...


@pytest.fixture
def settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fleet: Fleet, endpoint: str
) -> Callable[..., dict[str, str]]:
    """Return a maker of environments with three sources, some of which are refused."""
    monkeypatch.chdir(tmp_path)

    def make(refused: Sequence[str] = ()) -> dict[str, str]:
        (tmp_path / "ids.txt").write_text("\n".join(fleet.job_ids[:6]), encoding="utf-8")
        tables = [
            f'[[sources]]\nname = "{name}"\nendpoint = "{endpoint}"\nproject_id = "{DEMO_PROJECT_ID}"\n'
            f'auth_token_env = "{"WRONG" if name in refused else "TOKEN"}"\njob_ids = "ids.txt"\n'
            for name in NAMES
        ]
        (tmp_path / "cce-etl.toml").write_text("".join(tables), encoding="utf-8")
        found = {"TOKEN": DEMO_TOKEN, "WRONG": "wrong", "CCE_WAREHOUSE": "w.duckdb", "CCE_PUBLISHED": "p.duckdb"}
        for name, value in found.items():
            monkeypatch.setenv(name, value)
        return found

    return make


def _runner(environment: dict[str, str], instance: DagsterInstance) -> Run:
    assets = [job_ids, fetch_by_source(NAMES, None, None)]
    resources = {RESOURCE: Warehouse(lambda: NOW, environment)}

    def run(tags: dict[str, str], config: dict[str, Any]) -> ExecuteInProcessResult:
        run_config = {"ops": {"fetch": {"config": config}}} if config else {}
        return materialize(
            assets, instance=instance, resources=resources, tags=tags, run_config=run_config, raise_on_error=False
        )

    return run


def _steps(result: ExecuteInProcessResult, kind: str = "STEP_SUCCESS") -> set[str]:
    found = {event.step_key or "" for event in result.all_events if event.event_type_value == kind}
    return {step.removeprefix("fetch.fetch_source") for step in found if step.startswith("fetch.fetch_source")}


def _accounts(result: ExecuteInProcessResult) -> list[AssetMaterialization]:
    found = [event for event in result.get_asset_materialization_events() if event.asset_key != JOBS]
    return [one.materialization for one in found if (one.step_key or "").startswith("fetch.fetch_source")]


def _counts(table: str) -> dict[str, int]:
    with duckdb.connect("w.duckdb", read_only=True) as connection:
        return dict(connection.execute(f"SELECT source, count(*) FROM {table} GROUP BY ALL").fetchall())


def test_one_source_has_no_partitions_and_one_step() -> None:
    definitions = build_definitions()
    assert definitions.resolve_asset_graph().get(JOBS).partitions_def is None
    assert isinstance(definitions.resolve_job_def(NIGHTLY).graph.node_dict["fetch"].definition, OpDefinition)


def test_several_sources_are_partitions_which_one_run_may_cover(settings: Callable[..., dict[str, str]]) -> None:
    definitions = build_definitions(environment=settings())
    graph = definitions.resolve_asset_graph()
    for key in (JOBS, AssetKey(["raw", "job_payloads"])):
        node = graph.get(key)
        assert node.partitions_def is not None and node.partitions_def.get_partition_keys() == NAMES
        assert node.backfill_policy is not None and node.backfill_policy.max_partitions_per_run is None
        assert node.parent_keys == {AssetKey(["raw", "job_ids"])}
        assert node.owners and node.kinds and node.description and node.metadata["dagster/table_name"]
    assert {key for key in graph.get_all_asset_keys() if graph.get(key).is_partitioned} == {
        JOBS,
        AssetKey(["raw", "job_payloads"]),
    }


def test_a_source_that_fails_fails_the_run_after_the_others_are_kept(
    settings: Callable[..., dict[str, str]], instance: DagsterInstance
) -> None:
    result = _runner(settings(refused=["eu-de 1"]), instance)(dict(all_partitions(NAMES)), {})
    assert not result.success
    assert (_steps(result, "STEP_FAILURE"), _steps(result)) == ({"[eu_de_1]"}, {"[eu_nl_1]", "[eu_nl_1_]"})
    assert _counts("core.jobs").keys() == set(NAMES[1:])
    assert {one.partition: one.metadata["fetched"].value for one in _accounts(result)} == dict.fromkeys(NAMES[1:], 6)
    partitions = StaticPartitionsDefinition(NAMES)
    state = get_and_update_asset_status_cache_value(instance, JOBS, partitions)
    assert state is not None
    assert set(state.deserialize_materialized_partition_subsets(partitions).get_partition_keys()) == set(NAMES[1:])
    assert set(state.deserialize_failed_partition_subsets(partitions).get_partition_keys()) == {"eu-de 1"}


def test_a_source_is_fetched_alone_by_its_partition_and_by_name_and_what_is_refetched_is_opened_once(
    settings: Callable[..., dict[str, str]], instance: DagsterInstance
) -> None:
    run = _runner(settings(), instance)
    assert _steps(run({"dagster/partition": "eu-nl.1"}, {})) == {"[eu_nl_1]"}
    result = run({}, {"refetch": True, "sources": ["eu-nl.1"]})
    assert _steps(result) == {"[eu_nl_1]"}
    assert _counts("raw.fetch_runs") == {"eu-nl.1": 2}
    (account,) = _accounts(result)
    assert (account.metadata["requested"].value, account.metadata["skipped"].value) == (6, 0)


def test_what_the_config_and_the_partitions_of_a_run_leave_is_never_nothing() -> None:
    assert _chosen(NAMES, FetchConfig()) == NAMES
    assert _chosen(NAMES, FetchConfig(sources=NAMES[:1], ids=["some-id"])) == NAMES[:1]
    with pytest.raises(ConfigError, match=r"the sources eu-de 1, and the run is of eu-nl\.1 alone"):
        _chosen(["eu-nl.1"], FetchConfig(sources=["eu-de 1"]))
    with pytest.raises(ConfigError, match=r"names ids, and the run is of .* Name one"):
        _chosen(NAMES, FetchConfig(ids=["some-id"]))


def test_a_name_that_no_partition_can_have_is_refused_with_what_to_do() -> None:
    with pytest.raises(ConfigError, match=r"The source 'a,b' cannot be a partition: rename it"):
        fetch_by_source(["fine", "a,b"], None, None)


def test_the_assets_are_told_of_as_those_of_one_source_are(settings: Callable[..., dict[str, str]]) -> None:
    one = build_definitions(environment={}).resolve_asset_graph()
    several = build_definitions(environment=settings()).resolve_asset_graph()
    assert (one.get(JOBS).is_partitioned, several.get(JOBS).is_partitioned) == (False, True)
    for key in (JOBS, AssetKey(["raw", "job_payloads"])):
        found, expected = several.get(key), one.get(key)
        for part in ("group_name", "description", "owners", "kinds", "metadata", "parent_keys"):
            assert getattr(found, part) == getattr(expected, part), part
