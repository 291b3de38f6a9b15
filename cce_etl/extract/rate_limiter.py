"""One budget for all requests to a source: a pace, and a pause that all keep.

Lives here: when the next request may go. Additive increase, multiplicative decrease, as TCP does (RFC 5681).
Does not: sending or counting tries (`client`); concurrency is the number of workers (`fetch`).
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from typing import Final

_DECREASE: Final = 0.85
_INCREASE_PER_SECOND: Final = 1.0
_WINDOW_SECONDS: Final = 1.0
_SLOWEST_PER_SECOND: Final = 0.1


class RateLimiter:
    """Tell each request when to go: at most `rate_limit` a second (0: no ceiling), fewer after the API throttles.

    The first refusals set the pace to what the API did answer in the last second, less 15%; each answer after
    that raises it a little, by one request a second every second, up to the ceiling. A second of pause is no second
    in which the API answered little.
    """

    def __init__(self, rate_limit: float, now: Callable[[], float]) -> None:
        self._ceiling = rate_limit if rate_limit > 0 else math.inf
        self._rate = self._ceiling
        self._now = now
        self._next_slot = 0.0
        self._pause_until = 0.0
        self._paused_seconds = 0.0
        self._last_decrease = -math.inf
        self._answered: deque[float] = deque()
        self.waited_seconds = 0.0

    @property
    def rate(self) -> float:
        """Return the pace in requests a second, infinite while nothing limits it."""
        return self._rate

    async def wait_for_turn(self) -> None:
        """Return when the next request may be sent; a pause begun meanwhile is kept too."""
        while True:
            now = self._now()
            if now < self._pause_until:
                await self._sleep(self._pause_until - now)
                continue
            slot = max(now, self._next_slot)
            self._next_slot = slot + 1 / self._rate
            if slot > now:
                await self._sleep(slot - now)
            if self._now() >= self._pause_until:
                return

    async def _sleep(self, seconds: float) -> None:
        self.waited_seconds += seconds
        await asyncio.sleep(seconds)

    def on_served(self) -> None:
        """Note a request that the API served, and raise the pace a little."""
        self._answered.append(self._working_seconds())
        self._forget_all_but_window()
        self._rate = min(self._ceiling, self._rate + _INCREASE_PER_SECOND / self._rate)

    def on_throttled(self, pause_seconds: float) -> None:
        """Note a request that the API throttled: all wait `pause_seconds`, and go slower after."""
        now = self._now()
        pause_from = max(self._pause_until, now)
        self._pause_until = max(self._pause_until, now + pause_seconds)
        self._paused_seconds += self._pause_until - pause_from
        # Requests in flight together are refused together: one decrease answers them all.
        if now < self._last_decrease + _WINDOW_SECONDS + pause_seconds:
            return
        self._last_decrease = now
        self._forget_all_but_window()
        served_per_second = len(self._answered) / _WINDOW_SECONDS
        self._rate = max(_SLOWEST_PER_SECOND, _DECREASE * min(self._rate, max(served_per_second, 1.0)))

    def _working_seconds(self) -> float:
        """Return what a clock shows that stands still during pauses."""
        return max(self._now(), self._pause_until) - self._paused_seconds

    def _forget_all_but_window(self) -> None:
        window_start = self._working_seconds() - _WINDOW_SECONDS
        while self._answered and self._answered[0] < window_start:
            self._answered.popleft()
