"""The warehouse as a Dagster resource, and the project's errors as Dagster's."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import dagster as dg

from cce_etl import telemetry
from cce_etl.errors import CceEtlError, ConfigError, Interrupted, WarehouseBusyError
from cce_etl.pipeline.plan import Clock
from cce_etl.settings.settings import Settings, environment_name, read_settings
from cce_etl.settings.sources import read_sources
from cce_etl.warehouse.connection import Connection, open_warehouse

# DuckDB lets one process write at a time: dagster_home lets one run at a time have this pool.
POOL: Final = "warehouse"
RESOURCE: Final = "warehouse"
# Only a warehouse or source that is busy for longer than CCE_LOCK_WAIT_SECONDS is retried. The step asks for the retry,
# because Dagster would also apply a retry policy when a run is stopped, and start the step again.
_RETRIES: Final = 3
_RETRY_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Session:
    """What a step works with: a connection for writing, the current settings, and the clock."""

    connection: Connection
    settings: Settings
    clock: Clock


@dataclass(frozen=True, slots=True)
class Warehouse:
    """The warehouse as a resource; without an `environment`, each use reads the process's own.

    It has no config fields, so that no setting or token can appear in the run config, the event log or the UI.
    """

    clock: Clock
    environment: Mapping[str, str] | None = field(default=None, repr=False)

    def settings(self) -> Settings:
        """Return the current settings; raise ConfigError when one is wrong."""
        return read_settings({}, self.environment)

    def alert_webhook(self) -> str | None:
        """Return where alerts go, even while other settings are wrong, when alerts matter most."""
        environment = os.environ if self.environment is None else self.environment
        return environment.get(environment_name("alert_webhook"), "").strip() or None

    def settings_to_load(self) -> Settings:
        """Return the settings for definitions, or the defaults while they are wrong, which each step then reports."""
        try:
            return self.settings()
        except ConfigError:
            return Settings()

    def max_age(self) -> timedelta:
        """Return how old the published file may be."""
        return timedelta(hours=self.settings_to_load().max_age_hours)

    def source_names(self) -> list[str]:
        """Return the names of all sources where there are several, else none; none while the settings are wrong."""
        try:
            names = [str(one.source) for one in read_sources(self.settings(), self.environment)]
        except ConfigError:
            return []
        return names if len(names) > 1 else []

    @contextmanager
    def open(self, run_id: str = "") -> Iterator[Session]:
        """Open the warehouse for writing for a step; telemetry sent meanwhile belongs to the run `run_id`.

        Raises Failure with a message for people.
        """
        with readable_failures(), telemetry.run(run_id, "dagster"):
            settings = self.settings()
            with open_warehouse(settings.warehouse, settings.lock_wait_seconds) as connection:
                yield Session(connection, settings, self.clock)


@contextmanager
def readable_failures() -> Iterator[None]:
    """Turn this project's errors into Dagster's: a Failure with the message alone, or an interrupted run.

    Only a busy warehouse or source is retried: the API client has already retried other passing failures, and a retry
    does not fix a setting.
    """
    try:
        yield
    except Interrupted as error:
        raise dg.DagsterExecutionInterruptedError(str(error)) from None
    except CceEtlError as error:
        failure = dg.Failure(str(error), allow_retries=False)
        if isinstance(error, WarehouseBusyError):
            raise dg.RetryRequested(max_retries=_RETRIES, seconds_to_wait=_RETRY_SECONDS) from failure
        raise failure from None
