"""The rate limiter that all requests to a source share: additive increase, multiplicative decrease, as TCP has it.

Source: RFC 5681 (congestion avoidance).
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
    """At most `rate_limit` requests a second (0: no ceiling), and fewer after the API throttled.

    Throttling sets the rate to what the API served in the second before, less 15%. Each request that is served after
    that raises it a little: by one request a second in each second, up to the ceiling. Pauses do not count as time in
    which the API served little. `rate` is in requests a second, infinite while nothing limits it.
    """

    def __init__(self, rate_limit: float, now: Callable[[], float]) -> None:
        self._ceiling = rate_limit if rate_limit > 0 else math.inf
        self.rate = self._ceiling
        self._now = now
        self._next_slot = 0.0
        self._pause_until = 0.0
        self._paused_seconds = 0.0
        self._last_decrease = -math.inf
        self._served_at: deque[float] = deque()
        self.waited_seconds = 0.0

    async def wait_for_turn(self) -> None:
        """Return when the next request may be sent; a pause that begins meanwhile counts too."""
        while True:
            now = self._now()
            is_paused = now < self._pause_until
            wake_at = self._pause_until if is_paused else max(now, self._next_slot)
            if not is_paused:
                self._next_slot = wake_at + 1 / self.rate
            if wake_at > now:
                self.waited_seconds += wake_at - now
                await asyncio.sleep(wake_at - now)
            if not is_paused and self._now() >= self._pause_until:
                return

    def on_served(self) -> None:
        """Count a request that the API served, and raise the rate a little."""
        self._served_at.append(self._working_seconds())
        self._drop_old_requests()
        self.rate = min(self._ceiling, self.rate + _INCREASE_PER_SECOND / self.rate)

    def on_throttled(self, pause_seconds: float) -> None:
        """Pause all requests for `pause_seconds`, and lower the rate."""
        now = self._now()
        pause_from = max(self._pause_until, now)
        self._pause_until = max(self._pause_until, now + pause_seconds)
        self._paused_seconds += self._pause_until - pause_from
        # Requests in flight together are throttled together: one decrease answers them all.
        if now < self._last_decrease + _WINDOW_SECONDS + pause_seconds:
            return
        self._last_decrease = now
        self._drop_old_requests()
        served_per_second = len(self._served_at) / _WINDOW_SECONDS
        self.rate = max(_SLOWEST_PER_SECOND, _DECREASE * min(self.rate, max(served_per_second, 1.0)))

    def _working_seconds(self) -> float:
        """Return the time of a clock that stands still during pauses."""
        return max(self._now(), self._pause_until) - self._paused_seconds

    def _drop_old_requests(self) -> None:
        window_start = self._working_seconds() - _WINDOW_SECONDS
        while self._served_at and self._served_at[0] < window_start:
            self._served_at.popleft()
