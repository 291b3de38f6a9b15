"""Executors: which one the settings name, and what each needs."""

import ast
from pathlib import Path

import pytest

from cce_etl import defs
from cce_etl.defs.executors import CELERY_CONFIG, executor_of, fetch_pool_of, require_broker, retry_policy_of
from cce_etl.defs.resources import POOL
from cce_etl.errors import ConfigError
from cce_etl.settings.settings import Settings, read_settings

LAKE = {"CCE_WAREHOUSE": "ducklake:postgres:dbname=lake host=127.0.0.1 user=etl"}
BROKER = "redis://:canary@127.0.0.1:6379/0"


def _settings(**environment: str) -> Settings:
    return read_settings({}, environment)


def test_by_default_steps_run_in_the_process_of_their_run() -> None:
    assert executor_of(_settings()).name == "in_process"
    assert (retry_policy_of(_settings()), fetch_pool_of(_settings())) == (None, POOL)


@pytest.mark.parametrize("name", ["multiprocess", "celery", "k8s"])
def test_with_a_lake_steps_run_in_several_processes_and_fetching_waits_for_no_other_run(name: str) -> None:
    settings = _settings(**LAKE, CCE_EXECUTOR=name, CCE_CELERY_BROKER=BROKER)
    assert executor_of(settings).name == name
    policy = retry_policy_of(settings)
    assert policy is not None and policy.max_retries == 2
    assert fetch_pool_of(settings) is None


@pytest.mark.parametrize("warehouse", ["data/warehouse.duckdb", "ducklake:data/lake.ducklake"])
@pytest.mark.parametrize("name", ["multiprocess", "celery", "k8s"])
def test_a_file_is_refused_where_several_processes_would_write(name: str, warehouse: str) -> None:
    with pytest.raises(ConfigError, match=f"CCE_EXECUTOR is {name}, but only one .* {warehouse}.*ducklake:postgres"):
        executor_of(_settings(CCE_EXECUTOR=name, CCE_WAREHOUSE=warehouse, CCE_CELERY_BROKER=BROKER))


@pytest.mark.parametrize("broker", [None, "amqp://guest:canary@127.0.0.1", "canary"])
def test_celery_needs_a_redis_and_a_wrong_value_is_never_shown(broker: str | None) -> None:
    settings = _settings(**LAKE, CCE_EXECUTOR="celery", **({} if broker is None else {"CCE_CELERY_BROKER": broker}))
    with pytest.raises(ConfigError, match=r"CCE_CELERY_BROKER is .*Name the workers' Redis") as caught:
        executor_of(settings)
    assert "canary" not in str(caught.value) + repr(settings)
    assert require_broker(_settings(CCE_CELERY_BROKER=BROKER)) == BROKER


def test_a_run_has_the_variable_of_the_broker_and_not_its_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dagster._core.definitions.executor_definition import ExecutorDefinition

    monkeypatch.setenv("CCE_CELERY_BROKER", BROKER)
    found = executor_of(_settings(**LAKE, CCE_EXECUTOR="celery", CCE_CELERY_BROKER=BROKER))
    assert isinstance(found, ExecutorDefinition)
    resolved = found.apply_config_mapping({"config": {}})
    assert resolved.success and resolved.value is not None
    assert resolved.value["config"]["broker"] == resolved.value["config"]["backend"] == BROKER
    assert resolved.value["config"]["config_source"] == CELERY_CONFIG


def test_the_package_of_an_executor_is_imported_only_when_it_is_chosen() -> None:
    for path in Path(defs.__path__[0]).rglob("*.py"):
        top = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.ImportFrom)]
        heavy = {str(node.module).split(".")[0] for node in top} & {"celery", "dagster_celery", "dagster_k8s"}
        assert heavy == ({"celery", "dagster_celery"} if path.name == "celery_app.py" else set())


def test_a_missing_package_is_named_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cce_etl.defs.executors.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"dagster_k8s is not installed: pip install 'cce-etl\[k8s\]'"):
        executor_of(_settings(**LAKE, CCE_EXECUTOR="k8s"))
