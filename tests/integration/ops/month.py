"""Thirty simulated nights, one after another. Five of them go wrong, and everything observable is recorded."""

import resource
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import duckdb

from cce_etl.demo.api import DEMO_PROJECT_ID, DEMO_TOKEN
from tests.defs.chat import Chat, chat_server
from tests.integration.ops.json_process import ROOT, JsonProcess
from tests.integration.ops.month_fleet import MINUTE_NS, NIGHTS, NightJob, jobs_of, night_ns

OUTAGE: Final = 8
FULL_DISK: Final = 12
KILLED: Final = 16
VOIDED: Final = 20
BAD: Final = (OUTAGE, FULL_DISK, KILLED, VOIDED)
_SUNDAY: Final = 6
_KILL_LATENCY_SECONDS: Final = 0.05


@dataclass
class Night:
    """What one night requested, reported and left."""

    number: int
    listed: list[str]
    asked: dict[str, int]
    run: dict[str, Any]
    alerts: list[str]
    alerts_by_morning: list[str]
    failed_health_checks: list[str]
    finished_before: set[str]
    warehouse_bytes: int = 0
    published_bytes: int = 0
    records_bytes: int = 0
    run_count: int = 0


@dataclass
class Month:
    """The folder, everything that the API has shown, and the nights so far."""

    folder: Path
    environment: dict[str, str]
    jobs: dict[str, NightJob] = field(default_factory=dict)
    nights: list[Night] = field(default_factory=list)
    last_phase: dict[str, str] = field(default_factory=dict)
    reader: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def warehouse(self) -> Path:
        """Return the path of the warehouse."""
        return Path(self.environment["CCE_WAREHOUSE"])

    @property
    def published(self) -> Path:
        """Return the path of the published file."""
        return Path(self.environment["CCE_PUBLISHED"])

    def rows(self, path: Path, sql: str) -> list[tuple[Any, ...]]:
        """Query a file that no process is writing."""
        with duckdb.connect(path, read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def finished(self) -> set[str]:
        """Return the ids that are finished in the warehouse."""
        if not self.warehouse.exists():
            return set()
        rows = self.rows(self.warehouse, "SELECT job_id FROM raw.job_ids WHERE state = 'finished'")
        return {job_id for (job_id,) in rows}


@contextmanager
def started(folder: Path) -> Iterator["Stage"]:
    """Start the API, the chat and the process of the nights in a folder."""
    (folder / "home").mkdir()
    (folder / "home" / "dagster.yaml").symlink_to(ROOT / "dagster_home" / "dagster.yaml")
    with ExitStack() as stack:
        chat = stack.enter_context(chat_server())
        api = stack.enter_context(JsonProcess.start("month_server", folder, {}))
        month = Month(folder, _environment(folder, api.ask(where=True)["port"], chat.url))
        host = stack.enter_context(JsonProcess.start("month_nights", folder, month.environment))
        stage = Stage(month, chat, api, host, stack)
        yield stage


def _environment(folder: Path, port: int, webhook: str) -> dict[str, str]:
    return {
        "CCE_ENDPOINT": f"http://127.0.0.1:{port}",
        "CCE_PROJECT_ID": DEMO_PROJECT_ID,
        "CCE_AUTH_TOKEN": DEMO_TOKEN,
        "CCE_SOURCE": "month",
        "CCE_JOB_IDS": str(folder / "ids.txt"),
        "CCE_WAREHOUSE": str(folder / "warehouse.duckdb"),
        "CCE_PUBLISHED": str(folder / "cce_jobs.duckdb"),
        "CCE_RATE_LIMIT": "0",
        "CCE_CONCURRENCY": "8",
        "CCE_MAX_ATTEMPTS": "2",
        "CCE_ALERT_WEBHOOK": webhook,
        "CCE_RAW_HISTORY_DAYS": "7",
        "CCE_DAGSTER_RUN_DAYS": "7",
        "DAGSTER_HOME": str(folder / "home"),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "TZ": "UTC",
    }


@dataclass
class Stage:
    """The processes of a month, and what was recorded."""

    month: Month
    chat: Chat
    api: JsonProcess
    host: JsonProcess
    stack: ExitStack
    reader: JsonProcess | None = None

    def whole_month(self) -> Month:
        """Simulate all nights."""
        began = time.monotonic()
        for number in range(1, NIGHTS + 1):
            self.night(number)
        assert self.reader is not None
        self.month.reader = self.reader.ask(account=True)
        self.month.last_phase = self.api.ask(all=True)["last_phase"]
        self.month.seconds = time.monotonic() - began
        return self.month

    def night(self, number: int) -> None:
        """List new jobs, evaluate the schedule, and tick the sensors after the run and in the morning."""
        month, now = self.month, night_ns(number)
        new = jobs_of(number, may_vanish=number not in BAD)
        month.jobs |= {job.job_id: job for job in new}
        listed = list(month.jobs)
        (month.folder / "ids.txt").write_text("\n".join(listed), encoding="utf-8")
        finished = month.finished()
        if datetime.fromtimestamp(now / 1e9, UTC).weekday() == _SUNDAY:
            assert self.host.ask(do="housekeeping", now_ns=now - 30 * MINUTE_NS)["is_success"]
        fault = {OUTAGE: "outage", VOIDED: "voided"}.get(number, "none")
        latency = _KILL_LATENCY_SECONDS if number == KILLED else 0.0
        question = {"may_vanish": number not in BAD, "seen_ns": now, "fault": fault, "latency_seconds": latency}
        self.api.ask(night=number, **question)
        run = self._run(number, now)
        self.host.ask(do="watch", now_ns=now + 10 * MINUTE_NS)
        alerts = self.chat.received()
        watched = self.host.ask(do="watch", now_ns=now + 390 * MINUTE_NS)
        if self.reader is None:
            self.reader = self.stack.enter_context(JsonProcess.start("month_reader", month.folder, month.environment))
        asked = self.api.ask()["asked"]
        night = Night(
            number, listed, asked, run, alerts, self.chat.received(), watched["failed_health_checks"], finished
        )
        night.warehouse_bytes, night.published_bytes = month.warehouse.stat().st_size, month.published.stat().st_size
        night.records_bytes, night.run_count = watched["folder_bytes"], watched["run_count"]
        month.nights.append(night)

    def _run(self, number: int, now: int) -> dict[str, Any]:
        if number == KILLED:
            return self._killed_run(now)
        if number == FULL_DISK:
            return self._run_on_a_full_disk(now)
        run: dict[str, Any] = self.host.ask(do="night", now_ns=now)
        return run

    def _killed_run(self, now: int) -> dict[str, Any]:
        """Start the night in another process, and kill it when half of the unfinished jobs were requested."""
        wanted = len(self.month.jobs.keys() - self.month.finished())
        with JsonProcess.start("month_nights", self.month.folder, self.month.environment) as doomed:
            doomed.send(do="night", now_ns=now)
            until = time.monotonic() + 120
            while len(self.api.ask()["asked"]) < wanted // 2:
                assert doomed.process.poll() is None, doomed.log.read_text(errors="replace")[-3000:]
                assert time.monotonic() < until
                time.sleep(0.01)
            doomed.kill()
        return {"is_success": False}

    def _run_on_a_full_disk(self, now: int) -> dict[str, Any]:
        """Limit the size of files to three quarters of the warehouse's, which stands for a full disk.

        Dagster's files are smaller. A limit needs no privileges, unlike a small mounted disk.
        """
        process_id = self.host.process.pid
        _, hard = resource.prlimit(process_id, resource.RLIMIT_FSIZE)
        limit = self.month.warehouse.stat().st_size * 3 // 4
        resource.prlimit(process_id, resource.RLIMIT_FSIZE, (limit, hard))
        try:
            run: dict[str, Any] = self.host.ask(do="night", now_ns=now)
            return run
        finally:
            resource.prlimit(process_id, resource.RLIMIT_FSIZE, (hard, hard))
