"""Fetching many jobs: a fixed number of workers over one list of ids, stopped when every id would fail alike."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from typing import Final

from cce_etl.errors import ApiError, AuthError
from cce_etl.extract.client import Client, Failed, Fetched, Gone

Outcome = Fetched | Gone | Failed
_FIRST: Final = 10
# More failures in a row than single bad jobs ever cause: the API went down during the run.
_IN_A_ROW: Final = 50
_HEAD_START_SECONDS: Final = 2.0


async def fetch_all(client: Client, job_ids: Sequence[str], receive: Callable[[Outcome], Awaitable[None]]) -> None:
    """Fetch every id and pass each outcome to `receive`, in the order they come.

    When it raises, requests in flight are cancelled, and their ids stay pending.

    Raises:
        AuthError: The credentials were refused, or the first ten jobs were all forbidden (403).
        ConfigError: The API does not know the URL of the project.
        ApiError: The first ten jobs, or later fifty in a row, all met server faults or no response at all.
    """
    remaining = iter(job_ids)
    breaker = _CircuitBreaker()
    try:
        async with asyncio.TaskGroup() as workers:
            first = workers.create_task(_work(client, remaining, breaker, receive))
            # One request goes ahead, because a wrong key that is sent 32 times at once is locked for minutes.
            with suppress(TimeoutError):
                async with asyncio.timeout(_HEAD_START_SECONDS):
                    # Polling, not an event: a refusal must cancel this task before the other workers start.
                    while not client.statistics.latency_seconds and not first.done():  # noqa: ASYNC110
                        await asyncio.sleep(0.005)
            for _ in range(min(client.concurrency, len(job_ids)) - 1):
                workers.create_task(_work(client, remaining, breaker, receive))
    except* Exception as group:  # noqa: BLE001  the first error of the group is raised in its place
        first_error: Exception = group
        while isinstance(first_error, ExceptionGroup):
            first_error = first_error.exceptions[0]
        raise first_error from None


async def _work(
    client: Client, remaining: Iterator[str], breaker: "_CircuitBreaker", receive: Callable[[Outcome], Awaitable[None]]
) -> None:
    for job_id in remaining:
        outcome = await client.fetch(job_id)
        await receive(outcome)
        breaker.add(outcome)


class _CircuitBreaker:
    """A stop for runs whose first ten outcomes, or last fifty, failed in one way that all other ids would, too."""

    def __init__(self) -> None:
        self._count = 0
        self._kind = ""
        self._in_a_row = 0

    def add(self, outcome: Outcome) -> None:
        kind = outcome.kind if isinstance(outcome, Failed) else ""
        self._count += 1
        self._in_a_row = self._in_a_row + 1 if kind == self._kind else 1
        self._kind = kind
        if not isinstance(outcome, Failed):
            return
        if self._count == self._in_a_row == _FIRST:
            which = f"The first {_FIRST} jobs"
        elif self._in_a_row == _IN_A_ROW and kind != "forbidden":
            which = f"The last {_IN_A_ROW} jobs"
        else:
            return
        if kind == "forbidden":
            text = f"{which} were all refused: {outcome.message}. "
            text += "The credentials lack the permission cce:job:get in this project."
            raise AuthError(text, status=outcome.http_status, error_code=outcome.error_code)
        if kind == "unavailable":
            text = f"{which} all failed, after {outcome.attempts} tries each: {outcome.message}. "
            text += "Nothing is lost; run again later."
            raise ApiError(text, status=outcome.http_status, error_code=outcome.error_code)
        if kind == "unreachable":
            text = f"{which} got no answer at all: {outcome.message}. "
            raise ApiError(f"{text}Check CCE_ENDPOINT, the network and HTTPS_PROXY; `cce-etl doctor` tells more.")
