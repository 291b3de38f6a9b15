"""A count of what a server saw of its clients: requests in flight, and responses by status and time."""

import asyncio
import time
from collections import Counter
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

# What nginx logs for a client that closes its connection before the response.
CLIENT_CLOSED: Final = 499
_LOOP_ITERATIONS: Final = 4


class Meter:
    """A middleware that counts requests; it has to be the first one."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.most_in_flight = 0
        self.statuses: Counter[int] = Counter()
        self.requested: Counter[str] = Counter()
        self.responses: list[tuple[float, int]] = []

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Count a request and its response."""
        # A client that closed its connection may ask again at once: its old request ends within a few iterations of
        # the event loop.
        for _ in range(_LOOP_ITERATIONS):
            await asyncio.sleep(0)
        self.requested[request.path.rpartition("/")[2]] += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        status = CLIENT_CLOSED
        try:
            response = await handler(request)
            status = response.status
        finally:
            self.in_flight -= 1
            self.statuses[status] += 1
            self.responses.append((time.monotonic(), status))
        return response

    @property
    def request_count(self) -> int:
        """Return how many requests got a response or were given up by their client."""
        return self.statuses.total()

    def share_of(self, status: int) -> float:
        """Return the share of all responses that have this status; 0 before the first."""
        return self.statuses[status] / max(1, self.request_count)

    def served_per_second_in_second_half(self) -> float:
        """Return the responses 200 per second in the second half of the time between the first and the last response.

        Raises ValueError for fewer than two responses.
        """
        if len(self.responses) < 2:
            raise ValueError("a rate needs at least two responses")
        first, last = self.responses[0][0], self.responses[-1][0]
        middle = (first + last) / 2
        served = sum(status == 200 and seconds > middle for seconds, status in self.responses)
        return served / (last - middle)
