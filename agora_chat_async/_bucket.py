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

A bucket whose calls are refused all the same is slowed for a while, see `_slowdown`: that only ever adds to a wait.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import OrderedDict, deque
from typing import Final

from aiolimiter import AsyncLimiter
from attrs import frozen

from agora_chat_async._slowdown import LONGEST_WINDOW, Slowdown
from agora_chat_async.errors import QuotaWaitExceeded
from agora_chat_async.quota import Rate

log = logging.getLogger("agora_chat_async.quotas")

MARGIN_SHARE: Final = 0.02
MAX_MARGIN: Final = 0.05

# The limiter of a slot and this module compute the same moment in different ways; this is far more than the
# rounding error between the two, and far less than anyone can notice.
_ROUNDING: Final = 1e-6

_LONGEST_NAP: Final = 0.1
"""Seconds, or a quarter of a call's time where that is longer, after which the head of the line of a slowed bucket
looks again, since the factor rises meanwhile."""


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
    factor: float = 1.0
    """Part of the limit that is used at present: below 1 after the service refused calls, until it admits all again."""


class Slot:
    """The right to send one call."""

    __slots__ = ("limiter", "taken")

    def __init__(self, period: float) -> None:
        self.limiter = AsyncLimiter(1, period)
        self.taken = 0.0


class Bucket:
    """One rate that calls draw on."""

    __slots__ = (
        "_alarm",
        "_fresh",
        "_head_cost",
        "_headed",
        "_in_line",
        "_line",
        "_period",
        "_slowdown",
        "_taken",
        "name",
        "rate",
    )

    def __init__(self, name: str, rate: Rate, margin: float | None = None) -> None:
        self.name = name
        self.rate = rate
        self._period = rate.period + (min(MARGIN_SHARE * rate.period, MAX_MARGIN) if margin is None else margin)
        self._fresh = rate.calls
        """Slots that were never taken, or given back; they are made when they are needed."""
        self._taken = deque[Slot]()
        """Slots that were sent with, the oldest first."""
        self._line = OrderedDict[asyncio.Future[None], int]()
        """Calls behind the head of the line, and their cost."""
        self._headed = False
        self._head_cost = 0
        self._in_line = 0
        """Cost of all calls in line, the head's included."""
        self._alarm: asyncio.Future[None] | None = None
        self._slowdown: Slowdown | None = None
        """What the service's refusals demand; None while there were none for long enough."""

    async def take(self, cost: int, patience: float = math.inf) -> list[Slot]:
        """Wait in line for `cost` slots and take them; the caller ends them with `sent` or `give_back`.

        At the head of the line it fails at once where the wait is known to be longer than `patience` seconds in all.
        """
        if cost > self.rate.calls:
            raise ValueError(f"{self.name}: {cost} can never be had at once, the rate is {self.rate}")
        begun = asyncio.get_running_loop().time() if patience < math.inf else 0.0
        self._in_line += cost
        try:
            if self._headed:
                turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._line[turn] = cost
                try:
                    await turn
                except asyncio.CancelledError:
                    self._step_out(turn)
                    raise
            self._headed, self._head_cost = True, cost
            try:
                while (ready := self._ready_at(cost)) > asyncio.get_running_loop().time():
                    if patience < self._free_at(cost) - begun < math.inf:
                        raise QuotaWaitExceeded(self.name, ready - asyncio.get_running_loop().time(), patience)
                    await self._sleep_until(ready)
                if self._slowdown is not None:
                    self._slowdown.granted(cost, asyncio.get_running_loop().time())
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

    def holds(self, slots: list[Slot]) -> bool:  # noqa: ARG002 - where slots are shared, they can be lost
        """Tell whether slots that were taken may still be used."""
        return True

    def refused(self, cost: int, sent_at: float) -> None:
        """Slow the bucket: the service refused a call of that cost, sent at that moment, as one too many."""
        now = asyncio.get_running_loop().time()
        self._slow(now).refused(cost, sent_at, self._used(now), now)
        self._look_again()

    def admitted(self, sent_at: float) -> None:
        """Note that the service did not refuse a call that was sent at that moment."""
        if self._slowdown is not None and self._slowdown.admitted(sent_at, asyncio.get_running_loop().time()):
            self._look_again()

    @property
    def pressure(self) -> float:
        """How near to its present limit the bucket is: about 1 where it is what calls wait for.

        Infinite while it waits for the first admitted call after a cut, so that no other is cut meanwhile.
        """
        now = asyncio.get_running_loop().time()
        slowdown = self._slowed(now)
        used = self._used(now) / self.rate.calls
        if slowdown is None:
            return used
        return float("inf") if slowdown.silent else used / slowdown.factor(now)

    @property
    def can_slow(self) -> bool:
        """Whether going slower helps: a day's quota that is used up stays so, however slow one is."""
        return self.rate.period <= LONGEST_WINDOW

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
        unused = self._fresh + sum(slot.taken + self._period <= now for slot in self._taken)
        waiting = len(self._line) + self._headed
        slowdown = self._slowed(now)
        if slowdown is None:
            free, factor = unused, 1.0
        else:
            free, factor = int(self._ready_at(1) <= now), slowdown.factor(now)
        ready = 0.0 if free else self._ready_at(1) - now
        next_free_in = self._period if ready == float("inf") else ready
        return BucketState(self.rate, self.rate.calls - unused, free, waiting, next_free_in, factor)

    def _step_out(self, turn: asyncio.Future[None]) -> None:
        """Leave the line; where it was this call's turn already, it is the next one's."""
        if self._line.pop(turn, None) is None and not turn.cancelled():
            self._call_next()

    def _call_next(self) -> None:
        while self._line:
            turn, cost = self._line.popitem(last=False)
            if not turn.done() and not turn.get_loop().is_closed():
                self._head_cost = cost
                turn.set_result(None)
                return
        self._headed, self._head_cost = False, 0

    def _ready_at(self, cost: int) -> float:
        """Moment at which a call of that cost may go, as it looks now; infinity while that depends on pending slots."""
        slowdown = self._slowdown
        if slowdown is None or (slowdown := self._slowed(now := asyncio.get_running_loop().time())) is None:
            return self._free_at(cost)
        free_at = self._free_at(min(self.rate.calls, cost + slowdown.held_back(now)))
        return max(free_at, slowdown.ready_at(now))

    def _free_at(self, slots: int) -> float:
        """Moment at which so many slots are free; infinity while that depends on pending ones."""
        index = slots - 1 - self._fresh
        if index < 0:
            return 0.0
        return self._taken[index].taken + self._period + _ROUNDING if index < len(self._taken) else float("inf")

    def _slowed(self, now: float) -> Slowdown | None:
        """What slows the bucket now, if anything does."""
        if self._slowdown is not None and self._slowdown.factor(now) >= 1.0:
            self._slowdown = None
            log.info("%s: the service admits calls at the full rate again", self.name)
        return self._slowdown

    def _slow(self, now: float) -> Slowdown:
        """What slows the bucket from now on."""
        slowdown = self._slowed(now)
        if slowdown is None:
            slowdown = self._slowdown = Slowdown(self.rate)
            log.warning("%s: the service refuses calls that keep the quota, slowing down", self.name)
        return slowdown

    def _used(self, now: float) -> int:
        """How many slots were sent with in the window that ends now, or are pending."""
        used = self.rate.calls - self._fresh - len(self._taken)
        for slot in reversed(self._taken):
            if slot.taken <= now - self.rate.period:
                break
            used += 1
        return used

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
        if self._slowdown is not None:
            nap = max(_LONGEST_NAP, self.rate.period / self.rate.calls / 4)
            ready = min(ready, loop.time() + nap)
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
