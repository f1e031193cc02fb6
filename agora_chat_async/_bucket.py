"""A rate at run time: an exact sliding window, first come, first served.

The promise: no window of the rate's length, wherever it begins, sees more calls at the service than the rate allows,
and the rate is used to the full. A leaky bucket, which a plain `AsyncLimiter(100, 1)` is, cannot promise that: it
starts full and refills meanwhile, so that 199 calls pass in the first second.

A rate of N calls in T is therefore N slots, each an `AsyncLimiter(1, T + margin)`, taken in turn: call k+N gets the
slot of call k, and so cannot be sent sooner than T after it. N calls may go at once, and only the call at the head of
the line has a timer. A call that counts as several takes several slots, and since the line is first come, first
served, large ones are not starved by small ones.

A slot's time is the moment at which its request is handed to a connection. Between being granted and that moment a
slot is *pending*: in nobody's reach, so that a server which stalls is not followed by a burst of calls that were
granted long ago. A call that ends before anything was sent gives its slots back as new.

The margin covers what the network adds: two calls that leave T apart arrive less than T apart when the first was
delayed more than the second.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from typing import Final

from aiolimiter import AsyncLimiter
from attrs import frozen

from agora_chat_async.quota import Rate

MARGIN_SHARE: Final = 0.02
MAX_MARGIN: Final = 0.05

# The limiter of a slot and this module compute the same moment in different ways; this is far more than the
# rounding error between the two, and far less than anyone can notice.
_ROUNDING: Final = 1e-6


@frozen
class BucketState:
    """What a bucket looks like at one moment."""

    limit: Rate
    used: int
    """Calls, or what is counted, that fall in the present window or are about to be sent."""
    free: int
    """How many could be sent now."""
    waiting: int
    """Calls in line."""
    next_free_in: float
    """Seconds until at least one more can be sent; 0 where one is free."""


class Slot:
    """The right to send one call."""

    __slots__ = ("limiter", "taken")

    def __init__(self, period: float) -> None:
        self.limiter = AsyncLimiter(1, period)
        self.taken = 0.0


class Bucket:
    """One rate that calls draw on."""

    __slots__ = ("_alarm", "_fresh", "_headed", "_in_line", "_line", "_period", "_taken", "name", "rate")

    def __init__(self, name: str, rate: Rate, margin: float | None = None) -> None:
        self.name = name
        self.rate = rate
        self._period = rate.period + (min(MARGIN_SHARE * rate.period, MAX_MARGIN) if margin is None else margin)
        self._fresh = rate.calls
        """Slots that were never taken, or given back; they are made when they are needed."""
        self._taken = deque[Slot]()
        """Slots that were sent with, the oldest first."""
        self._line = OrderedDict[asyncio.Future[None], None]()
        """Calls behind the head of the line."""
        self._headed = False
        self._in_line = 0
        """Cost of all calls in line, the head's included."""
        self._alarm: asyncio.Future[None] | None = None

    async def take(self, cost: int) -> list[Slot]:
        """Wait in line for `cost` slots and take them; the caller ends them with `sent` or `give_back`."""
        if cost > self.rate.calls:
            raise ValueError(f"{self.name}: {cost} can never be had at once, the rate is {self.rate}")
        self._in_line += cost
        try:
            if self._headed:
                await self._queue()
            self._headed = True
            try:
                while (ready := self._ready_at(cost)) > asyncio.get_running_loop().time():
                    await self._sleep_until(ready)
                return self._pop(cost)
            finally:
                self._call_next()
        finally:
            self._in_line -= cost

    async def sent(self, slots: list[Slot]) -> None:
        """Begin the time of slots whose request goes to the wire now."""
        now = asyncio.get_running_loop().time()
        for slot in slots:
            await slot.limiter.acquire()
            slot.taken = now
        self._taken.extend(slots)
        self._look_again()

    def give_back(self, slots: list[Slot]) -> None:
        """Return slots with which nothing was sent."""
        self._fresh += len(slots)
        self._look_again()

    def wait_for(self, cost: int) -> float:
        """Tell how long a call that comes now has to wait at least, in seconds."""
        rounds, index = divmod(self._in_line + cost - 1, self.rate.calls)
        now = asyncio.get_running_loop().time()
        if index < self._fresh:
            first = now
        elif index < self._fresh + len(self._taken):
            first = max(now, self._taken[index - self._fresh].taken + self._period)
        else:  # a pending slot, whose time begins now at the earliest
            first = now + self._period
        return first - now + rounds * self._period

    def state(self) -> BucketState:
        """Tell how full the bucket is now."""
        now = asyncio.get_running_loop().time()
        free = self._fresh + sum(slot.taken + self._period <= now for slot in self._taken)
        next_free_in = 0.0 if free else self._taken[0].taken + self._period - now if self._taken else self._period
        return BucketState(self.rate, self.rate.calls - free, free, len(self._line) + self._headed, next_free_in)

    async def _queue(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line[turn] = None
        try:
            await turn
        except asyncio.CancelledError:
            if self._line.pop(turn, turn) is turn and not turn.cancelled():
                self._call_next()  # it was this call's turn already
            raise

    def _call_next(self) -> None:
        while self._line:
            turn, _ = self._line.popitem(last=False)
            if not turn.done():
                turn.set_result(None)
                return
        self._headed = False

    def _ready_at(self, cost: int) -> float:
        """Moment at which `cost` slots are free; infinity while that depends on pending ones."""
        index = cost - 1 - self._fresh
        if index < 0:
            return 0.0
        return self._taken[index].taken + self._period + _ROUNDING if index < len(self._taken) else float("inf")

    def _pop(self, cost: int) -> list[Slot]:
        """Take slots that are free; used ones first, so that no more are made than calls fall in one window."""
        now = asyncio.get_running_loop().time()
        slots = list[Slot]()
        while len(slots) < cost:
            if self._taken and self._taken[0].taken + self._period + _ROUNDING <= now:
                slots.append(self._taken.popleft())
            else:
                self._fresh -= 1
                slots.append(Slot(self._period))
        return slots

    async def _sleep_until(self, ready: float) -> None:
        loop = asyncio.get_running_loop()
        self._alarm = loop.create_future()
        timer = None if ready == float("inf") else loop.call_at(ready, self._look_again)
        try:
            await self._alarm
        finally:
            self._alarm = None
            if timer is not None:
                timer.cancel()

    def _look_again(self) -> None:
        if self._alarm is not None and not self._alarm.done():
            self._alarm.set_result(None)
