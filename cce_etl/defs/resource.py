"""The warehouse as a Dagster resource, and our errors as Dagster's.

Lives here: when settings are read, and how long the writer's file is held: one step.
Does not: settings themselves (`settings`), what a step does (the assets).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from dagster import DagsterExecutionInterruptedError, Failure

from cce_etl.errors import CceEtlError, Interrupted
from cce_etl.ingest import Clock
from cce_etl.settings import Settings, read_settings
from cce_etl.warehouse.connection import Connection, open_warehouse

# DuckDB lets one process write at a time. Where other projects' runs share the Dagster instance, a limit of 1 on this
# pool keeps ours apart; dagster_home limits whole runs instead.
POOL: Final = "warehouse"
RESOURCE: Final = "warehouse"


@dataclass(frozen=True, slots=True)
class Session:
    """Hold what a step works with: the writer's connection, the settings of this moment, and the clock."""

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

    @contextmanager
    def open(self) -> Iterator[Session]:
        """Read the settings and hold the writer's file; raises Failure with a message a person can act on."""
        with readable_failures():
            settings = self.settings()
            with open_warehouse(settings.warehouse, settings.lock_wait_seconds) as connection:
                yield Session(connection, settings, self.clock)


@contextmanager
def readable_failures() -> Iterator[None]:
    """Turn our errors into Dagster's: a Failure of the message alone, never retried; a stop into a cancelled run."""
    try:
        yield
    except Interrupted as error:
        raise DagsterExecutionInterruptedError(str(error)) from None
    except CceEtlError as error:
        # Whatever may pass was tried again before it got here, so a retry of the step would only repeat it.
        raise Failure(str(error), allow_retries=False) from None
