"""A service that counts calls in an exact sliding window, on whatever clock the event loop has, and callers of it."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Mapping

from attrs import define, field, frozen

from agora_chat_async._gate import Gate
from agora_chat_async.errors import RateLimited

REFUSED = RateLimited(status=429)


@frozen
class Arrival:
    """One call as the service saw it."""

    at: float
    cost: int
    admitted: bool


@define
class SlidingService:
    """Admits what others leave of a quota, and nothing at all for a while if told so."""

    calls: int
    period: float
    storm: tuple[float, float] = (0.0, 0.0)
    """When everything is refused."""
    arrivals: list[Arrival] = field(factory=list)
    _window: deque[tuple[float, int]] = field(factory=deque[tuple[float, int]])
    _used: int = 0

    def admits(self, cost: int = 1, *, foreign: bool = False) -> bool:
        """Judge a call that arrives now; those of others are not logged."""
        now = asyncio.get_running_loop().time()
        while self._window and self._window[0][0] <= now - self.period:
            self._used -= self._window.popleft()[1]
        fine = self._used + cost <= self.calls and not self.storm[0] <= now < self.storm[1]
        if fine:
            self._window.append((now, cost))
            self._used += cost
        if not foreign:
            self.arrivals.append(Arrival(now, cost, fine))
        return fine

    def seen(self, begin: float, end: float = float("inf")) -> list[Arrival]:
        """Tell what arrived from one moment to another."""
        return [arrival for arrival in self.arrivals if begin <= arrival.at < end]

    def use(self, begin: float, end: float) -> float:
        """Tell which part of what it would have admitted was used."""
        admitted = sum(arrival.cost for arrival in self.seen(begin, end) if arrival.admitted)
        return admitted / (self.calls * (end - begin) / self.period)

    def refusals(self, begin: float = 0.0, end: float = float("inf")) -> float:
        """Tell which part of the calls was refused."""
        seen = self.seen(begin, end)
        return sum(not arrival.admitted for arrival in seen) / len(seen)


async def keep_calling(
    gate: Gate,
    service: SlidingService,
    seconds: float,
    *,
    callers: int = 250,
    counts: Callable[[], Mapping[str, int] | None] = lambda: None,
    there: float = 0.02,
    back: float = 0.01,
) -> int:
    """Have callers call one after the other, each call until it is admitted; return the most attempts of one.

    A call takes a random time up to `there` seconds to arrive, its answer `back` seconds.
    """
    draw = random.Random(7)  # noqa: S311
    most = 0

    async def call() -> None:
        nonlocal most
        weights = counts()
        attempts = 0
        admitted = False
        while not admitted:
            attempts += 1
            most = max(most, attempts)
            lease = await gate.enter(weights, None)
            try:
                await lease.sent()
                await asyncio.sleep(draw.uniform(0, there))
                admitted = service.admits(sum(weights.values()) if weights else 1)
                await asyncio.sleep(back)
                lease.answered(None if admitted else REFUSED)
            finally:
                await lease.release()

    async def work() -> None:
        while True:
            await call()

    tasks = [asyncio.create_task(work()) for _ in range(callers)]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        assert isinstance(ended, asyncio.CancelledError), ended
    return most
