"""The executor that CCE_EXECUTOR names: the run's own process, local processes, Celery workers or Kubernetes pods."""

from importlib.util import find_spec
from typing import Any, Final

import dagster as dg

from cce_etl.defs.resources import POOL
from cce_etl.errors import ConfigError
from cce_etl.settings.settings import Settings, environment_name
from cce_etl.warehouse.connection import storage_at

# After how many seconds without a heartbeat of its worker a step goes to another worker.
VISIBILITY_TIMEOUT_SECONDS: Final = 60
# The broker is given by the name of its variable, so that Dagster keeps no password in the record of a run.
BROKER: Final = {"env": environment_name("celery_broker")}
CELERY_CONFIG: Final[dict[str, Any]] = {
    # A task is acknowledged when its step has ended, so that the step of a killed worker is run again.
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    # A step that succeeded is not run again when its worker died before it could acknowledge the task.
    "worker_deduplicate_successful_tasks": True,
    # A worker that cannot reach the broker sends no heartbeat either, so its step goes to another worker.
    "worker_cancel_long_running_tasks_on_connection_loss": True,
    "broker_connection_retry_on_startup": True,
    "broker_transport_options": {
        "visibility_timeout": VISIBILITY_TIMEOUT_SECONDS,
        "unacked_restore_interval": VISIBILITY_TIMEOUT_SECONDS // 6,
        "unacked_restore_throttle": 1,
    },
}
_SCHEMES: Final = ("redis://", "rediss://")


def executor_of(settings: Settings) -> dg.ExecutorDefinition:
    """Return the executor that the settings name; import only the package that it needs.

    Raises:
        ConfigError: A lake that several processes may write to, the broker, or the package is missing.
    """
    if settings.executor == "in_process":
        # DuckDB lets one process write to a file, and to start a process for each step takes longer than the steps.
        return dg.in_process_executor
    if not storage_at(settings.warehouse).is_shared:
        raise ConfigError(
            f"CCE_EXECUTOR is {settings.executor}, but only one process can write to the warehouse "
            f"{settings.warehouse}. Set CCE_WAREHOUSE=ducklake:postgres:dbname=... host=... user=..., "
            "or CCE_EXECUTOR=in_process."
        )
    if settings.executor == "celery":
        _require_package("celery", "dagster_celery")
        require_broker(settings)
        from dagster_celery import celery_executor

        return celery_executor.configured({"broker": BROKER, "backend": BROKER, "config_source": CELERY_CONFIG})
    if settings.executor == "k8s":
        _require_package("k8s", "dagster_k8s")
        from dagster_k8s import k8s_job_executor

        return k8s_job_executor
    return dg.multiprocess_executor


def retry_policy_of(settings: Settings) -> dg.RetryPolicy | None:
    """Return how often a step is retried whose process died or that failed with an unexpected error.

    None for the run's own process: Dagster also retries the steps of a run that was stopped, which would start again.
    """
    return None if settings.executor == "in_process" else dg.RetryPolicy(max_retries=2, delay=10)


def fetch_pool_of(settings: Settings) -> str | None:
    """Return the pool that limits fetching to one run at a time; None where several processes may write."""
    return None if storage_at(settings.warehouse).is_shared else POOL


def require_broker(settings: Settings) -> str:
    """Return the broker's address; raise ConfigError, which does not show the value, when it is missing or wrong."""
    if settings.celery_broker is None or not settings.celery_broker.startswith(_SCHEMES):
        missing = settings.celery_broker is None
        problem = "is not set" if missing else "is wrong: it does not begin with redis:// or rediss://"
        raise ConfigError(f"CCE_CELERY_BROKER {problem}. Name the workers' Redis: rediss://:password@host:6379/0.")
    return settings.celery_broker


def _require_package(extra: str, module: str) -> None:
    if find_spec(module) is None:
        raise ConfigError(f"CCE_EXECUTOR is {extra}, and {module} is not installed: pip install 'cce-etl[{extra}]'.")
