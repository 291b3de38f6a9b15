"""The Celery app of a worker: `celery --app cce_etl.defs.celery_app worker --queues dagster`."""

import time
from typing import Any, Final

from celery import bootsteps
from dagster_celery.executor import CeleryExecutor
from dagster_celery.make_app import make_app
from dagster_celery.tasks import create_task

from cce_etl.defs.executors import CELERY_CONFIG, VISIBILITY_TIMEOUT_SECONDS, require_broker
from cce_etl.errors import ConfigError
from cce_etl.settings.settings import read_settings


class VisibilityHeartbeat(bootsteps.StartStopStep):  # type: ignore[misc]
    """A part of the worker that extends the visibility timeout of its unacknowledged tasks three times per timeout.

    Redis does not notice that a worker is gone. A task that is not acknowledged within the timeout goes to another
    worker. Without this heartbeat the timeout would have to exceed the longest step, and the step of a killed worker
    would wait that long. docs/decisions/0016 says why Celery needs it.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self.timer: Any = None

    def start(self, parent: Any) -> None:
        """Start the timer, each time the worker has connected to the broker."""
        self.timer = parent.timer.call_repeatedly(VISIBILITY_TIMEOUT_SECONDS / 3, extend_visibility, (parent,))

    def stop(self, parent: Any) -> None:  # noqa: ARG002
        """Stop the timer, each time the connection ends."""
        if self.timer is not None:
            self.timer.cancel()


def extend_visibility(consumer: Any) -> None:
    """Restart the visibility timeout of each task of this worker that has not gone to another worker meanwhile."""
    qos = consumer.task_consumer.channel.qos
    with qos.pipe_or_acquire() as pipe:
        for delivery_tag in list(qos._delivered):  # noqa: SLF001  kombu has no public name for unacknowledged tasks
            pipe.zadd(qos.unacked_index_key, {delivery_tag: time.time()}, xx=True)
        pipe.execute()


try:
    _broker: Final = require_broker(read_settings({}))
except ConfigError as error:
    raise SystemExit(str(error)) from None  # the celery command prints this text as it is
app: Final = make_app(CeleryExecutor.for_cli(_broker, _broker, config_source=CELERY_CONFIG).app_args())
app.steps["consumer"].add(VisibilityHeartbeat)
execute_plan: Final = create_task(app)
