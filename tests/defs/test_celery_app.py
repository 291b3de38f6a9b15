"""The workers' side of Celery: what both sides agree on, and that a worker's sign of life keeps its step its own."""

import importlib
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cce_etl.defs.executors import CELERY_CONFIG, CLAIM_SECONDS
from tests.integration.scale.redis import find_redis, running_redis

TASK = "a task"


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Yield the module that workers run, with a Redis of its own."""
    pytest.importorskip("dagster_celery", reason="dagster-celery is needed: pip install '.[celery]'")
    program = find_redis()
    if program is None:
        pytest.skip("redis-server is needed: apt-get install redis-server")
    with running_redis(program, tmp_path) as address:
        monkeypatch.setenv("CCE_CELERY_BROKER", address)
        # Anew for each: it reads where Redis is when it is imported.
        monkeypatch.delitem(sys.modules, "cce_etl.defs.celery_app", raising=False)
        yield importlib.import_module("cce_etl.defs.celery_app")


@contextmanager
def _taken_task(app: Any) -> Iterator[Any]:
    """Hold a task as a worker does that has taken it and is not done."""
    with app.connection() as connection:
        app.send_task("execute_plan", task_id=TASK, queue="dagster", ignore_result=True)
        channel = connection.channel()
        (queue,) = app.conf.task_queues
        message = queue(channel).get()
        assert message is not None
        yield channel


def test_a_task_is_crossed_out_when_it_is_done_and_by_whom_it_was_done(worker: Any) -> None:
    for name, value in CELERY_CONFIG.items():
        assert getattr(worker.app.conf, name) == value
    assert worker.app.conf.broker_url == worker.app.conf.result_backend
    assert worker.KeepClaims in worker.app.steps["consumer"]
    assert worker.execute_plan.acks_late and worker.execute_plan.reject_on_worker_lost


def test_a_step_is_handed_on_when_its_worker_gives_no_sign_of_life_and_not_before(worker: Any) -> None:
    with _taken_task(worker.app) as channel:
        qos = channel.qos
        (claim,) = channel.client.zrange(qos.unacked_index_key, 0, -1)
        channel.client.zadd(qos.unacked_index_key, {claim: time.time() - CLAIM_SECONDS - 1})
        worker.keep_claims(SimpleNamespace(task_consumer=SimpleNamespace(channel=channel)))
        qos.restore_visible(interval=1)
        assert channel.client.zcard(qos.unacked_index_key) == 1
        channel.client.zadd(qos.unacked_index_key, {claim: time.time() - CLAIM_SECONDS - 1})
        qos.restore_visible(interval=1)
        assert channel.client.zcard(qos.unacked_index_key) == 0
        # It is another's now, or will be: whom it was taken from cannot take it back.
        worker.keep_claims(SimpleNamespace(task_consumer=SimpleNamespace(channel=channel)))
        assert channel.client.zcard(qos.unacked_index_key) == 0
        assert channel._size("dagster") == 1


def test_a_worker_that_knows_no_redis_says_so_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dagster_celery")
    monkeypatch.delenv("CCE_CELERY_BROKER", raising=False)
    monkeypatch.delitem(sys.modules, "cce_etl.defs.celery_app", raising=False)
    with pytest.raises(SystemExit, match="CCE_CELERY_BROKER is not set"):
        importlib.import_module("cce_etl.defs.celery_app")
