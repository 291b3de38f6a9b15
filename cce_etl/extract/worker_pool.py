"""Many jobs at once: a fixed number of workers over one list of ids.

Lives here: concurrency, and when to stop because every id would fail alike.
Does not: one request (`client`), what happens to an outcome (the caller's `receive`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from typing import Final

from cce_etl.errors import ApiError, AuthError
from cce_etl.extract.client import Client, Failed, Fetched, Gone

Outcome = Fetched | Gone | Failed
_SAMPLE: Final = 10
# An API that goes down in the middle of a run is left alone, too; more in a row than single bad jobs ever come.
_OUTAGE: Final = 50
_AHEAD_SECONDS: Final = 2.0


async def fetch_all(client: Client, job_ids: Iterable[str], receive: Callable[[Outcome], Awaitable[None]]) -> None:
    """Fetch every id and hand each outcome to `receive`, in the order they come.

    Raises AuthError and ConfigError at once, AuthError when the first ten answers are all 403, and ApiError when the
    first ten ids, or later fifty in a row, all met server faults or no answer at all; the work in flight is dropped,
    and its ids stay pending.
    """
    remaining = iter(job_ids)
    verdict = _Verdict()
    try:
        async with asyncio.TaskGroup() as workers:
            first = workers.create_task(_work(client, remaining, verdict, receive))
            await _first_try(client, first)
            for _ in range(client.concurrency - 1):
                workers.create_task(_work(client, remaining, verdict, receive))
    except* Exception as group:  # noqa: BLE001  a group is unwrapped to what happened first
        raise _first_of(group) from None


async def _first_try(client: Client, worker: "asyncio.Task[None]") -> None:
    """Let one request go ahead of all others: a wrong key sent 32 times at once would be locked for some minutes."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_AHEAD_SECONDS):
            # By looking, not by an event: a refusal must cancel this before it can start the others.
            while not client.statistics.latency_seconds and not worker.done():  # noqa: ASYNC110
                await asyncio.sleep(0.005)


async def _work(
    client: Client, remaining: Iterator[str], verdict: "_Verdict", receive: Callable[[Outcome], Awaitable[None]]
) -> None:
    for job_id in remaining:
        outcome = await client.fetch(job_id)
        await receive(outcome)
        verdict.add(outcome)


class _Verdict:
    """Look at the first outcomes of a run, and later at the last ones, and stop when all are of one hopeless kind."""

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
        if self._count == self._in_a_row == _SAMPLE:
            _stop_if_hopeless(outcome, "first", _SAMPLE)
        elif self._in_a_row == _OUTAGE and kind != "forbidden":
            _stop_if_hopeless(outcome, "last", _OUTAGE)


def _stop_if_hopeless(outcome: Failed, which: str, count: int) -> None:
    if outcome.kind == "forbidden":
        raise AuthError(
            f"The {which} {count} jobs were all refused: {outcome.message}. "
            "The credentials lack the permission cce:job:get in this project.",
            status=outcome.http_status,
            error_code=outcome.error_code,
        )
    if outcome.kind == "unavailable":
        raise ApiError(
            f"The {which} {count} jobs all failed, after {outcome.attempts} tries each: {outcome.message}. "
            "Nothing is lost; run again later.",
            status=outcome.http_status,
            error_code=outcome.error_code,
        )
    if outcome.kind == "unreachable":
        raise ApiError(
            f"The {which} {count} jobs got no answer at all: {outcome.message}. "
            "Check CCE_ENDPOINT, the network and HTTPS_PROXY; `cce-etl doctor` tells more."
        )


def _first_of(group: BaseExceptionGroup[Exception]) -> Exception:
    first = group.exceptions[0]
    return _first_of(first) if isinstance(first, BaseExceptionGroup) else first
