"""Following one live job: fetching it again and again until it ends. Nothing is written."""

import asyncio
import signal
import time
from collections.abc import Callable

import msgspec

from cce_etl.errors import ApiError, AuthError, CceEtlError, ConfigError, Interrupted, JobGone, PayloadError
from cce_etl.extract.client import Client, Failed, Fetched, Gone
from cce_etl.extract.id_lists import is_valid_id
from cce_etl.extract.sign_in import choose_sign_in
from cce_etl.pipeline.fetch import policy_of
from cce_etl.pipeline.plan import Clock
from cce_etl.settings.settings import Settings
from cce_etl.settings.sources import read_sources, require_source
from cce_etl.transform.flatten import JobRow, job_rows, parse_payload
from cce_etl.transform.payload import TERMINAL_PHASES


class Snapshot(msgspec.Struct, frozen=True):
    """A job's tree as it was at `fetched_at` (ns since 1970 UTC); parents come before children."""

    rows: list[JobRow]
    fetched_at: int

    @property
    def root(self) -> JobRow:
        """Return the job itself."""
        return self.rows[0]

    @property
    def is_last(self) -> bool:
        """Return whether the job has ended; an unknown phase is no end."""
        return self.root.canonical_phase in TERMINAL_PHASES


def one_source(settings: Settings) -> Settings:
    """Return the settings of the one source to ask; raise ConfigError when there are several, or a setting is wrong."""
    sources = read_sources(settings)
    if len(sources) > 1:
        names = ", ".join(str(one.source) for one in sources)
        raise ConfigError(f"A job is of one source, and there are several: {names}. Name one with --source.")
    return sources[0]


def watch(
    settings: Settings,
    job_id: str,
    every_seconds: float,
    show: Callable[[Snapshot], None],
    *,
    is_autopilot: bool = False,
    clock: Clock = time.time_ns,
) -> Snapshot:
    """Fetch a job every `every_seconds` and show each snapshot, until it ends; return the last one.

    Retries and limits are those of any fetch.

    Raises:
        ConfigError: A setting or the id is wrong.
        ApiError: The job is gone (JobGone), refused (AuthError), or could not be fetched.
        CceEtlError: The answer is not this job.
        Interrupted: Ctrl-C.
    """
    if not is_valid_id(job_id):
        raise ConfigError(f"{job_id!r} is no job id.")
    source = require_source(settings)
    sign_in = choose_sign_in(settings, source, clock)
    client = Client(source.endpoint, source.project_id, sign_in.auth, policy_of(settings), clock)
    client.autopilot_job_ids = frozenset([job_id] if is_autopilot else [])
    try:
        return asyncio.run(_follow(client, job_id, every_seconds, show))
    except KeyboardInterrupt:
        raise Interrupted("Stopped watching; the job itself goes on.", signal_number=signal.SIGINT) from None


async def _follow(client: Client, job_id: str, every_seconds: float, show: Callable[[Snapshot], None]) -> Snapshot:
    async with client:
        while True:
            snapshot = _snapshot(job_id, await client.fetch(job_id))
            show(snapshot)
            if snapshot.is_last:
                return snapshot
            await asyncio.sleep(every_seconds)


def _snapshot(job_id: str, outcome: Fetched | Gone | Failed) -> Snapshot:
    if isinstance(outcome, Gone):
        raise JobGone(
            f"Job {job_id} is gone: the API does not know it, or no longer. What was fetched of it before: "
            f"`cce-etl trace {job_id}`. A job of an Autopilot cluster needs --autopilot."
        )
    if isinstance(outcome, Failed):
        status, code = outcome.http_status, outcome.error_code
        if outcome.kind == "forbidden":
            lack = "The credentials lack the permission cce:job:get for it."
            raise AuthError(f"Job {job_id} was refused: {outcome.message}. {lack}", status=status, error_code=code)
        hint = " Check CCE_ENDPOINT, the network and HTTPS_PROXY." if outcome.kind == "unreachable" else ""
        text = f"Job {job_id} could not be fetched, after {outcome.attempts} tries: {outcome.message}.{hint}"
        raise ApiError(text, status=status, error_code=code)
    try:
        return Snapshot(job_rows(parse_payload(outcome.body, job_id)), outcome.fetched_at)
    except PayloadError as error:
        raise CceEtlError(f"The answer for job {job_id} is no such job: {error}") from None
