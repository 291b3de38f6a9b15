"""The Celery app of a worker: its settings, and the heartbeat that keeps its steps from other workers."""

import importlib
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cce_etl.defs.executors import CELERY_CONFIG, VISIBILITY_TIMEOUT_SECONDS
from tests.integration.scale.redis import find_redis, running_redis

TASK = "a task"


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Yield the module that workers run, with its own Redis."""
    pytest.importorskip("dagster_celery", reason="dagster-celery is needed: pip install '.[celery]'")
    program = find_redis()
    if program is None:
        pytest.skip("redis-server is needed: apt-get install redis-server")
    with running_redis(program, tmp_path) as address:
        monkeypatch.setenv("CCE_CELERY_BROKER", address)
        # The module reads the broker's address when it is imported.
        monkeypatch.delitem(sys.modules, "cce_etl.defs.celery_app", raising=False)
        yield importlib.import_module("cce_etl.defs.celery_app")


@contextmanager
def _taken_task(app: Any) -> Iterator[Any]:
    """Take a task and do not acknowledge it, as a worker does while a step runs."""
    with app.connection() as connection:
        app.send_task("execute_plan", task_id=TASK, queue="dagster", ignore_result=True)
        channel = connection.channel()
        (queue,) = app.conf.task_queues
        message = queue(channel).get()
        assert message is not None
        yield channel


def test_a_task_is_acknowledged_when_it_has_ended(worker: Any) -> None:
    for name, value in CELERY_CONFIG.items():
        assert getattr(worker.app.conf, name) == value
    assert worker.app.conf.broker_url == worker.app.conf.result_backend
    assert worker.VisibilityHeartbeat in worker.app.steps["consumer"]
    assert worker.execute_plan.acks_late and worker.execute_plan.reject_on_worker_lost


def test_a_step_goes_to_another_worker_when_heartbeats_stop_and_not_before(worker: Any) -> None:
    with _taken_task(worker.app) as channel:
        qos = channel.qos
        (delivery_tag,) = channel.client.zrange(qos.unacked_index_key, 0, -1)
        channel.client.zadd(qos.unacked_index_key, {delivery_tag: time.time() - VISIBILITY_TIMEOUT_SECONDS - 1})
        worker.extend_visibility(SimpleNamespace(task_consumer=SimpleNamespace(channel=channel)))
        qos.restore_visible(interval=1)
        assert channel.client.zcard(qos.unacked_index_key) == 1
        channel.client.zadd(qos.unacked_index_key, {delivery_tag: time.time() - VISIBILITY_TIMEOUT_SECONDS - 1})
        qos.restore_visible(interval=1)
        assert channel.client.zcard(qos.unacked_index_key) == 0
        # The task is in the queue again: the first worker cannot take it back by a late heartbeat.
        worker.extend_visibility(SimpleNamespace(task_consumer=SimpleNamespace(channel=channel)))
        assert channel.client.zcard(qos.unacked_index_key) == 0
        assert channel._size("dagster") == 1


def test_a_worker_without_a_broker_exits_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dagster_celery")
    monkeypatch.delenv("CCE_CELERY_BROKER", raising=False)
    monkeypatch.delitem(sys.modules, "cce_etl.defs.celery_app", raising=False)
    with pytest.raises(SystemExit, match="CCE_CELERY_BROKER is not set"):
        importlib.import_module("cce_etl.defs.celery_app")
