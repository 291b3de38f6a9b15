"""The work of the code server and the daemon in one night, in one process with a clock that is set from outside.

The clock of Dagster's records and of our rows is moved. The clock of files, timeouts and DuckDB is the machine's.
"""

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from dagster import (
    DagsterInstance,
    RunRequest,
    SensorDefinition,
    SensorResult,
    SkipReason,
    build_schedule_context,
    build_sensor_context,
)
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.events import EngineEventData
from dagster._core.execution.api import execute_run
from dagster._core.storage.tags import GRPC_INFO_TAG, SCHEDULE_NAME_TAG

from cce_etl.defs.assembly import build_definitions
from cce_etl.defs.housekeeping import HOUSEKEEPING
from cce_etl.defs.jobs import NIGHTLY, nightly_schedule
from cce_etl.defs.resources import Warehouse
from cce_etl.defs.sensors.health import health as health_sensor
from cce_etl.defs.sensors.stuck import stuck_jobs
from cce_etl.publish.health import Limits, check_published
from tests.integration.ops.json_process import answer_lines

_machine_ns: Final = time.time_ns


class Host:
    """One Dagster instance on disk, our definitions, and the cursors of the sensors."""

    def __init__(self, instance: DagsterInstance) -> None:
        self._instance = instance
        self._offset_ns = 0
        self._definitions = build_definitions(self.now_ns)
        self._cursors: dict[str, str | None] = {}
        self._warehouse = Warehouse(self.now_ns)

    def now_ns(self) -> int:
        """Return the simulated time."""
        return _machine_ns() + self._offset_ns

    def answer(self, question: dict[str, Any]) -> Any:
        """Do one action at an instant."""
        self._offset_ns = question["now_ns"] - _machine_ns()
        actions = {"night": self.night, "watch": self.watch, HOUSEKEEPING: self.housekeeping}
        return actions[question["do"]]()

    def night(self) -> dict[str, Any]:
        """Evaluate the schedule, and run what it requests as the launcher does, with the process id in the events."""
        with build_schedule_context(self._instance, scheduled_execution_time=self._moment()) as context:
            request = nightly_schedule()(context)
        if isinstance(request, SkipReason):
            return {"skipped": request.skip_message}
        assert isinstance(request, RunRequest)
        return self._run(NIGHTLY, {SCHEDULE_NAME_TAG: nightly_schedule().name})

    def housekeeping(self) -> dict[str, Any]:
        """Run the weekly housekeeping."""
        return self._run(HOUSEKEEPING, {})

    def _run(self, name: str, tags: dict[str, str]) -> dict[str, Any]:
        began = time.process_time()
        job = self._definitions.resolve_job_def(name)
        run = self._instance.create_run_for_job(job, tags=tags | {GRPC_INFO_TAG: "{}"})
        said = f"Started process for run (pid: {os.getpid()})."
        self._instance.report_engine_event(said, run, EngineEventData.in_process(os.getpid()))
        result = execute_run(InMemoryJob(job), run, self._instance)
        seconds = time.process_time() - began
        return {"run_id": run.run_id, "is_success": result.success, "cpu_seconds": seconds}

    def watch(self) -> dict[str, Any]:
        """Do what the daemon does in a minute: tick the sensors that send alerts."""
        for sensor in (health_sensor, stuck_jobs):
            self._tick(sensor)
        settings = self._warehouse.settings()
        limits = Limits(settings.max_age_hours, settings.min_coverage, settings.max_dead_letters)
        health = check_published(settings.published, limits, self.now_ns())
        failed = [vital.text for vital in health.vitals if not vital.is_well]
        return {
            "failed_health_checks": failed,
            "run_count": self._instance.get_runs_count(),
            "folder_bytes": _size(self._instance),
        }

    def _tick(self, sensor: SensorDefinition) -> None:
        context = build_sensor_context(instance=self._instance, cursor=self._cursors.get(sensor.name))
        result: Any = sensor(context, warehouse=self._warehouse)
        if isinstance(result, SensorResult):
            self._cursors[sensor.name] = result.cursor

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self.now_ns() / 1e9, UTC)


def _size(instance: DagsterInstance) -> int:
    return sum(path.stat().st_size for path in Path(instance.root_directory).rglob("*") if path.is_file())


def main() -> None:
    """Answer until standard input ends. Dagster's clock is moved in the way of its own tests."""
    with DagsterInstance.get() as instance:
        host = Host(instance)

        def seconds() -> float:
            return host.now_ns() / 1e9

        with (
            patch("time.time", seconds),
            patch("dagster._time._mockable_get_current_datetime", lambda: datetime.fromtimestamp(seconds(), UTC)),
        ):
            answer_lines(host.answer)


if __name__ == "__main__":
    main()
