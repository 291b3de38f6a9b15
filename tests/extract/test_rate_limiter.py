"""Rate and pauses, on an event loop whose clock jumps to the next timer."""

import asyncio
import math
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cce_etl.extract.rate_limiter import RateLimiter


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop for which time passes only when all its tasks sleep."""

    def __init__(self) -> None:
        super().__init__(selectors.SelectSelector())
        self._moment = 0.0
        select = self._selector.select  # type: ignore[attr-defined]

        def jump(timeout: float | None = None) -> Any:
            self._moment += timeout or 0.0
            return select(0)

        self._selector.select = jump  # type: ignore[attr-defined]

    def time(self) -> float:
        return self._moment


def run(
    rate_limit: float, scene: Callable[[RateLimiter, Callable[[], float]], Coroutine[Any, Any, None]]
) -> RateLimiter:
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        loop = runner.get_loop()
        rate_limiter = RateLimiter(rate_limit, loop.time)
        runner.run(scene(rate_limiter, loop.time))
    return rate_limiter


def turns(rate_limit: float, count: int) -> list[float]:
    moments: list[float] = []

    async def one(rate_limiter: RateLimiter, now: Callable[[], float]) -> None:
        await rate_limiter.wait_for_turn()
        moments.append(now())

    async def scene(rate_limiter: RateLimiter, now: Callable[[], float]) -> None:
        await asyncio.gather(*(one(rate_limiter, now) for _ in range(count)))

    run(rate_limit, scene)
    return moments


def test_requests_are_sent_at_the_rate_limit() -> None:
    assert turns(4.0, 5) == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0])


def test_a_rate_limit_of_less_than_one_a_second_is_kept() -> None:
    assert turns(0.5, 3) == pytest.approx([0.0, 2.0, 4.0])


def test_without_a_ceiling_no_request_waits() -> None:
    assert turns(0.0, 1_000) == [0.0] * 1_000


@settings(deadline=None)
@given(st.floats(0.1, 1_000), st.integers(1, 30))
def test_no_second_has_more_requests_than_the_rate_limit_and_one(rate_limit: float, count: int) -> None:
    moments = turns(rate_limit, count)
    assert len(moments) == count
    within = max(sum(start <= moment < start + 1 - 1e-6 for moment in moments) for start in moments)
    assert within <= math.ceil(rate_limit) + 1


def test_requests_that_wait_already_keep_a_new_pause() -> None:
    moments: list[float] = []

    async def scene(rate_limiter: RateLimiter, now: Callable[[], float]) -> None:
        async def one() -> None:
            await rate_limiter.wait_for_turn()
            moments.append(now())

        tasks = [asyncio.create_task(one()) for _ in range(3)]
        await asyncio.sleep(0.5)
        rate_limiter.on_throttled(10.0)
        await asyncio.gather(*tasks)

    rate_limiter = run(1.0, scene)
    assert moments[0] == 0.0
    assert min(moments[1:]) >= 10.5
    assert rate_limiter.waited_seconds >= 10.0


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    moments: list[float] = []

    async def scene(rate_limiter: RateLimiter, now: Callable[[], float]) -> None:
        rate_limiter.on_throttled(20.0)
        rate_limiter.on_throttled(1.0)
        await rate_limiter.wait_for_turn()
        moments.append(now())

    run(0.0, scene)
    assert moments == pytest.approx([20.0])


def test_throttling_sets_the_rate_to_what_was_served_less_15_percent() -> None:
    async def scene(rate_limiter: RateLimiter, _now: Callable[[], float]) -> None:
        for _ in range(20):
            rate_limiter.on_served()
        rate_limiter.on_throttled(1.0)

    assert run(0.0, scene).rate == pytest.approx(17.0)


def test_requests_served_more_than_a_second_ago_do_not_count() -> None:
    async def scene(rate_limiter: RateLimiter, _now: Callable[[], float]) -> None:
        for _ in range(20):
            rate_limiter.on_served()
        await asyncio.sleep(1.5)
        rate_limiter.on_throttled(1.0)

    assert run(0.0, scene).rate == pytest.approx(0.85)


def test_requests_throttled_together_lower_the_rate_once() -> None:
    async def scene(rate_limiter: RateLimiter, _now: Callable[[], float]) -> None:
        for _ in range(100):
            rate_limiter.on_served()
        for _ in range(32):
            rate_limiter.on_throttled(1.0)

    assert run(0.0, scene).rate == pytest.approx(85.0)


def test_the_rate_never_falls_below_one_in_ten_seconds() -> None:
    async def scene(rate_limiter: RateLimiter, _now: Callable[[], float]) -> None:
        for _ in range(100):
            rate_limiter.on_throttled(0.0)
            await asyncio.sleep(2.0)

    assert run(50.0, scene).rate == pytest.approx(0.1)


def test_served_requests_raise_the_rate_by_one_a_second_up_to_the_ceiling() -> None:
    async def scene(rate_limiter: RateLimiter, _now: Callable[[], float]) -> None:
        for _ in range(10):
            rate_limiter.on_served()
        rate_limiter.on_throttled(0.0)
        assert rate_limiter.rate == pytest.approx(8.5)
        rate_limiter.on_served()
        assert rate_limiter.rate == pytest.approx(8.5 + 1 / 8.5)
        for _ in range(10_000):
            rate_limiter.on_served()

    assert run(20.0, scene).rate == 20.0
