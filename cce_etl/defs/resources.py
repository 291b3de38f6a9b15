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
# Only what a later try can mend: the file or a source in someone's hands, beyond CCE_LOCK_WAIT_SECONDS. Asked for by
# the step that meets it, not by a policy of the step: Dagster follows that when a run is stopped, too, and would begin
# again.
_RETRIES: Final = 3
_RETRY_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Session:
    """What a step works with: the connection for writing, the settings of this moment, and the clock."""

    connection: Connection
    settings: Settings
    clock: Clock


@dataclass(frozen=True, slots=True)
class Warehouse:
    """Open the warehouse for one step; without an `environment`, the process's own counts, read at that time.

    It has no config fields, so that no setting, let alone a token, can stand in run config, event log or UI.
    """

    clock: Clock
    environment: Mapping[str, str] | None = field(default=None, repr=False)

    def settings(self) -> Settings:
        """Read the settings of this moment; raises ConfigError."""
        return read_settings({}, self.environment)

    def alert_webhook(self) -> str | None:
        """Return where alerts go, whatever else in the settings is wrong: that is when they matter."""
        environment = os.environ if self.environment is None else self.environment
        return environment.get(environment_name("alert_webhook"), "").strip() or None

    def settings_to_load(self) -> Settings:
        """Return what definitions are made by: the defaults while the settings are wrong, which every step says."""
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
        """Read the settings and hold the writer's file for a run's step; what it tells a collector is of that run.

        Raises Failure with a message a person can act on.
        """
        with readable_failures(), telemetry.run(run_id, "dagster"):
            settings = self.settings()
            with open_warehouse(settings.warehouse, settings.lock_wait_seconds) as connection:
                yield Session(connection, settings, self.clock)


@contextmanager
def readable_failures() -> Iterator[None]:
    """Turn our errors into Dagster's: a Failure of the message alone; a stop into a cancelled run.

    A warehouse or source in another's hands alone may be tried again: the client has tried what else may pass, and no
    try mends a setting.
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
