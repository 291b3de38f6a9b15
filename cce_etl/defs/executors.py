"""Where Dagster runs its steps: in the run's process, in processes beside it, on Celery workers, in Kubernetes pods.

Lives here: the executor that CCE_EXECUTOR names, what it needs, and what becomes of a step whose process dies.
Does not: the workers' side of Celery (`celery_worker`), which steps there are.
"""

from importlib.util import find_spec
from typing import Any, Final

from dagster import ExecutorDefinition, RetryPolicy, in_process_executor, multiprocess_executor

from cce_etl.defs.resources import POOL
from cce_etl.errors import ConfigError
from cce_etl.settings.settings import Settings, environment_name
from cce_etl.warehouse.connection import storage_at

# How long a step may be without a sign of life from its worker before another one takes it up, in seconds. Workers
# give a sign three times as often.
CLAIM_SECONDS: Final = 60
# The broker by its variable's name, so that no password stands in what Dagster keeps of a run.
BROKER: Final = {"env": environment_name("celery_broker")}
CELERY_CONFIG: Final[dict[str, Any]] = {
    # A step is crossed out when it is done, not when it is taken: what a killed worker had taken comes back.
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    # A step that is done, but whose worker died before it could say so, is not done again.
    "worker_deduplicate_successful_tasks": True,
    # A worker that cannot reach the broker cannot keep its step either.
    "worker_cancel_long_running_tasks_on_connection_loss": True,
    "broker_connection_retry_on_startup": True,
    "broker_transport_options": {
        "visibility_timeout": CLAIM_SECONDS,
        "unacked_restore_interval": CLAIM_SECONDS // 6,
        "unacked_restore_throttle": 1,
    },
}
_SCHEMES: Final = ("redis://", "rediss://")


def executor_of(settings: Settings) -> ExecutorDefinition:
    """Return the executor that the settings name; import what it needs, which no other pays for.

    Raises ConfigError when it cannot be: without a lake that several processes may write to, a broker, or the package.
    """
    if settings.executor == "in_process":
        # One process is all that a file's DuckDB lets write, and starting one per step costs more than the steps.
        return in_process_executor
    _require_shared_warehouse(settings)
    if settings.executor == "celery":
        return _celery_executor(settings)
    return _k8s_executor() if settings.executor == "k8s" else multiprocess_executor


def crash_policy(settings: Settings) -> RetryPolicy | None:
    """Return how often a step is tried again whose process died or met what nobody foresaw.

    None in the run's own process: Dagster follows the policy when a run is stopped, too, and there would begin again.
    """
    return None if settings.executor == "in_process" else RetryPolicy(max_retries=2, delay=10)


def pool_of_fetching(settings: Settings) -> str | None:
    """Return the pool that fetching waits for; none where several processes may write, and a night waits for nobody."""
    return None if storage_at(settings.warehouse).is_shared else POOL


def require_broker(settings: Settings) -> str:
    """Return the broker's address; raise ConfigError, without what was set, when it is none."""
    if settings.celery_broker is None or not settings.celery_broker.startswith(_SCHEMES):
        said = (
            "is not set" if settings.celery_broker is None else "is wrong: it does not begin with redis:// or rediss://"
        )
        raise ConfigError(f"CCE_CELERY_BROKER {said}. Name the workers' Redis: rediss://:password@host:6379/0.")
    return settings.celery_broker


def _require_shared_warehouse(settings: Settings) -> None:
    if not storage_at(settings.warehouse).is_shared:
        raise ConfigError(
            f"CCE_EXECUTOR is {settings.executor}, and the warehouse {settings.warehouse} lets one process write. "
            "Set CCE_WAREHOUSE=ducklake:postgres:dbname=... host=... user=..., or CCE_EXECUTOR=in_process."
        )


def _celery_executor(settings: Settings) -> ExecutorDefinition:
    _require_package("celery", "dagster_celery")
    require_broker(settings)
    from dagster_celery import celery_executor

    return celery_executor.configured({"broker": BROKER, "backend": BROKER, "config_source": CELERY_CONFIG})


def _k8s_executor() -> ExecutorDefinition:
    _require_package("k8s", "dagster_k8s")
    from dagster_k8s import k8s_job_executor

    return k8s_job_executor


def _require_package(extra: str, module: str) -> None:
    if find_spec(module) is None:
        raise ConfigError(f"CCE_EXECUTOR is {extra}, and {module} is not installed: pip install 'cce-etl[{extra}]'.")
