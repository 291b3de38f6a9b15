"""The workers' side of Celery: `celery --app cce_etl.defs.celery_app worker --queues dagster`.

Lives here: the app that a worker runs, and the sign of life for the steps it holds.
Does not: settings of both sides (`execution`), what a step does.
"""

import time
from typing import Any, Final

from celery import bootsteps
from dagster_celery.executor import CeleryExecutor
from dagster_celery.make_app import make_app
from dagster_celery.tasks import create_task

from cce_etl.defs.executors import CELERY_CONFIG, CLAIM_SECONDS, require_broker
from cce_etl.errors import ConfigError
from cce_etl.settings.settings import read_settings


class KeepClaims(bootsteps.StartStopStep):  # type: ignore[misc]
    """Tell Redis three times within CLAIM_SECONDS that this worker still has its steps.

    Redis knows no connection that ends with a worker: what is not told of for that long goes to another one. Without a
    sign of life that time would have to be longer than the longest step, and a killed worker's step would wait for it.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self.timer: Any = None

    def start(self, parent: Any) -> None:
        """Begin with a connection."""
        self.timer = parent.timer.call_repeatedly(CLAIM_SECONDS / 3, keep_claims, (parent,))

    def stop(self, parent: Any) -> None:  # noqa: ARG002
        """End with it."""
        if self.timer is not None:
            self.timer.cancel()


def keep_claims(consumer: Any) -> None:
    """Set the time of every step the worker holds to now, and of none that another one has taken up meanwhile."""
    qos = consumer.task_consumer.channel.qos
    with qos.pipe_or_acquire() as pipe:
        for claim in list(qos._delivered):  # noqa: SLF001  what the broker's client knows to be held has no other name
            pipe.zadd(qos.unacked_index_key, {claim: time.time()}, xx=True)
        pipe.execute()


def _app() -> Any:
    try:
        broker = require_broker(read_settings({}))
    except ConfigError as error:
        raise SystemExit(str(error)) from None  # what Celery's command shows as it is
    made = make_app(CeleryExecutor.for_cli(broker, broker, config_source=CELERY_CONFIG).app_args())
    made.steps["consumer"].add(KeepClaims)
    return made


app: Final = _app()
execute_plan: Final = create_task(app)
