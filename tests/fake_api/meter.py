"""What a server saw of its clients: requests in flight, answers by status, and when.

Lives here: counting, as the outermost middleware. Does not: answering.
"""

import asyncio
import time
from collections import Counter
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

# What a web server's log shows for a client that hung up before its answer (nginx's word).
CLIENT_LEFT: Final = 499
_LOOP_TURNS: Final = 4


class Meter:
    """Count requests while a server runs; put it first among the middlewares."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.most_in_flight = 0
        self.statuses: Counter[int] = Counter()
        self.asked: Counter[str] = Counter()
        self.answered_at: list[tuple[float, int]] = []

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Count a request and its answer."""
        # A client that hung up may ask again at once; a few turns of the loop let its old request end first.
        for _ in range(_LOOP_TURNS):
            await asyncio.sleep(0)
        self.asked[request.path.rpartition("/")[2]] += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        status = CLIENT_LEFT
        try:
            response = await handler(request)
            status = response.status
        finally:
            self.in_flight -= 1
            self.statuses[status] += 1
            self.answered_at.append((time.monotonic(), status))
        return response

    @property
    def request_count(self) -> int:
        """Return how many requests were answered, or left by their client."""
        return self.statuses.total()

    def share_of(self, status: int) -> float:
        """Return the share of all answers that have this status; 0 before the first."""
        return self.statuses[status] / max(1, self.request_count)

    def served_per_second_in_second_half(self) -> float:
        """Return how many requests were answered 200 in the second half of the time between first and last answer.

        In requests a second; raises ValueError for fewer than two answers.
        """
        if len(self.answered_at) < 2:
            raise ValueError("a rate needs two answers at least")
        first, last = self.answered_at[0][0], self.answered_at[-1][0]
        middle = (first + last) / 2
        served = sum(status == 200 and moment > middle for moment, status in self.answered_at)
        return served / (last - middle)
