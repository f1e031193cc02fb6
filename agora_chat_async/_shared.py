"""A bucket that several processes share.

The slots are in a store (`agora_chat_async.stores`), which gives out a few at a time, each with the moment from which
it may be used. The line of calls stays in the process, and so does the rule of `_bucket`, that a slot's time begins
when its request is written: the store is told that moment afterwards, and what was not needed goes back at once.

A process asks for what it will send in the next quarter of a second, so that slots are here before they begin; and for
its whole share of the rate at once where it has not used that. What exceeds the share it asks for a moment later, and
the less the more it had lately, so that among processes that all need slots each gets as many, wherever they run.

While the store is away (see `_member`) calls go at this process's share of the rate, evenly spaced.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Iterable
from itertools import chain, groupby
from typing import Final, cast

from agora_chat_async._bucket import Bucket, BucketState, Slot
from agora_chat_async._member import Member, Membership, Reports, StoreClock
from agora_chat_async.quota import Rate
from agora_chat_async.stores._protocol import MICROSECONDS, BucketNews, BucketReply

_REPORT: Final = 0.05
"""Seconds that the report of a send waits for company."""
_LEAD: Final = 0.25
"""Seconds of sending for which slots are asked ahead."""
_MOST_AHEAD: Final = 25
"""Slots that are asked ahead at most."""
_MOST_WANTED: Final = 100
"""Calls for which slots are asked at once."""
_CORRECTION: Final = 2.0
"""How much less is asked for by a process that used more than the others."""
_MODESTY: Final = 0.03
"""Seconds that a process which has used its share waits before it asks for more, so that the others come first."""
_LATENESS: Final = 0.05
"""Seconds by which a call that goes alone may be late without making the next one late."""
_ROUNDING: Final = 1e-6
_TICK: Final = 1e-3
"""Seconds by which a timer may be early."""
_LUMPS: Final = 50
"""Sends of one fiftieth of a period are remembered as one, as if all were the last of them."""


class SharedSlot(Slot):
    """Slots of one grant."""

    __slots__ = ("begin", "id", "left", "membership")

    def __init__(self, membership: Membership | None, begin: float, grant: int = 0, left: int = 0) -> None:
        self.membership = membership
        """As what the process got them; None where it has them from no store."""
        self.begin = begin
        self.id = grant
        self.left = left

    @property
    def usable(self) -> bool:
        """Whether the store still keeps them for this process."""
        return self.membership is None or asyncio.get_running_loop().time() < self.membership.until


class SharedBucket(Bucket):
    """A rate that calls of several processes draw on."""

    __slots__ = (
        "_again",
        "_asked_at",
        "_back",
        "_cut_at",
        "_extra",
        "_free",
        "_member",
        "_modest_until",
        "_next_alone",
        "_next_free",
        "_on_hand",
        "_pending",
        "_rivals",
        "_seen_at",
        "_seen_used",
        "_sent",
        "_stock",
        "_tally",
        "_used_of_late",
    )

    def __init__(self, name: str, rate: Rate, margin: float | None, member: Member) -> None:
        super().__init__(name, rate, margin)
        self._member = member
        self._stock = deque[SharedSlot]()
        """Grants that no call has taken yet."""
        self._on_hand = 0
        """Slots in them."""
        self._pending = 0
        """Slots taken, and neither sent with nor given back."""
        self._sent = list[tuple[int, float, int]]()
        self._back = list[tuple[int, int]]()
        self._extra = list[tuple[float, int]]()
        self._tally = deque[list[float]]()
        """When this process sent how many, for as long as they count."""
        self._again = 0.0
        """Before when the store need not be asked for slots."""
        self._asked_at = 0.0
        self._modest_until = 0.0
        """Before when only as much is asked for as the share of this process is."""
        self._next_alone = 0.0
        """When the next call may go while the store is away."""
        self._cut_at = -math.inf
        """When the fleet was last slowed, by a refusal here or elsewhere."""
        self._rivals = member.workers
        """Processes that need slots of the bucket, this one included."""
        self._used_of_late = 1.0
        """What this process used, relative to the average of them."""
        self._free = rate.calls
        self._seen_used = 0
        self._next_free = self._seen_at = 0.0
        member.join(self)

    async def take(self, cost: int, patience: float = math.inf) -> list[Slot]:
        """Wait in line for `cost` slots and take them; the caller ends them with `sent` or `give_back`."""
        if self._headed:
            self.demand(cost)
        try:
            return await super().take(cost, patience)
        except BaseException:
            self.demand()  # what was asked for on behalf of this call goes back
            raise

    async def sent(self, slots: list[Slot]) -> None:
        """Note that the request was written that these slots are for."""
        now = asyncio.get_running_loop().time()
        for slot, count in _counted(slots):
            if slot.membership is self._member.membership:
                self._sent.append((slot.id, now, count))
            else:
                self._extra.append((now, count))
        self._pending -= len(slots)
        self._remember(now, len(slots))
        self._member.wake(self, 0.0 if self.rate.calls < 4 * self._rivals else min(_REPORT, self._period / 20))

    def give_back(self, slots: list[Slot]) -> None:
        """Return slots with which nothing was sent."""
        for slot, count in _counted(slots):
            if slot.membership is self._member.membership:
                self._back.append((slot.id, count))
        self._pending -= len(slots)
        self._member.wake(self)

    def holds(self, slots: list[Slot]) -> bool:
        """Tell whether slots that were taken may still be used."""
        return all(slot.usable for slot, _ in _counted(slots))

    def refused(self, cost: int, sent_at: float) -> None:
        """Slow the bucket, here and in the other processes: the service refused a call."""
        before = self._slowdown.cut[0] if self._slowdown is not None else -math.inf
        super().refused(cost, sent_at)
        if self._slowdown is not None and self._slowdown.cut[0] > before:
            self._cut_at = self._slowdown.cut[0]
        self._member.wake(self)

    def wait_for(self, cost: int) -> float:
        """Tell how long a call that comes now has to wait at least, in seconds, as far as this process knows."""
        now, total = asyncio.get_running_loop().time(), self._in_line + cost
        if not self._member.shared:
            return max(0.0, self._next_alone - now + self._in_line * self._interval)
        if total <= self._on_hand:
            return max(0.0, self._begin(total) - now)
        first = self._next_free - now if not self._free and not self._on_hand else 0.0
        return max(0.0, first, (total - 1) // self.rate.calls * self._period)

    def state(self) -> BucketState:
        """Tell how full the bucket is, as of the last conversation with the store."""
        now, calls = asyncio.get_running_loop().time(), self.rate.calls
        at_hand = sum(slot.left for slot in self._stock if slot.begin <= now)
        free = calls if now > max(self._seen_at + self._period, self._next_free) else min(calls, self._free + at_hand)
        next_free = self._next_free
        if not self._member.shared:
            free, next_free = int(now >= self._next_alone), self._next_alone
        waiting = len(self._line) + bool(self._headed)
        slowdown = self._slowed(now)
        factor = 1.0 if slowdown is None else slowdown.factor(now)
        return BucketState(self.rate, calls - free, free, waiting, 0.0 if free else max(0.0, next_free - now), factor)

    # What the bucket does in line.

    def _used(self, now: float) -> int:
        """What all processes together have used."""
        here = self._used_here(now)
        return max(here, self._seen_used) if self._member.shared else min(self.rate.calls, here * self._member.heads)

    def _ready_at(self, cost: int) -> float:
        ready = self._free_at(cost)
        slowdown = self._slowed(asyncio.get_running_loop().time()) if self._slowdown is not None else None
        return ready if slowdown is None else max(ready, slowdown.ready_at(asyncio.get_running_loop().time()))

    def _free_at(self, slots: int) -> float:
        if slots <= self._on_hand and self._stock[0].usable:
            begin = self._begin(slots)
            return begin if begin > asyncio.get_running_loop().time() + _ROUNDING else 0.0
        if not self._member.shared:
            self._member.refuse_if_closed(self.name)
            due = self._next_alone
            return due if due > asyncio.get_running_loop().time() + _ROUNDING else 0.0
        self.demand()
        return math.inf

    def _pop(self, cost: int) -> list[Slot]:
        self._pending += cost
        if not self._member.shared:
            now = asyncio.get_running_loop().time()
            due = self._next_alone if now - self._next_alone < _LATENESS else now
            self._next_alone = due + cost * self._interval
            if cost > self._on_hand or not self._stock[0].usable:
                return [SharedSlot(None, now)] * cost
        slots = list[Slot]()
        while len(slots) < cost:
            first = self._stock[0]
            count = min(first.left, cost - len(slots))
            first.left -= count
            slots += [first] * count
            if not first.left:
                self._stock.popleft()
        self._on_hand -= cost
        self.demand()
        return slots

    def _begin(self, slots: int) -> float:
        """When the first so many slots on hand can all be used."""
        for grant in self._stock:
            slots -= grant.left
            if slots <= 0:
                return grant.begin
        raise AssertionError("more than there are")

    @property
    def _interval(self) -> float:
        """Seconds from one call to the next while the store is away."""
        return self._period * self._member.heads / self.rate.calls

    # What it tells the store, and is told.

    def demand(self, cost: int = 0) -> None:
        """Wake the member where there is something to ask for or to return; `cost` is of a call that is just coming."""
        if not self._member.shared:
            return
        now, waiting = asyncio.get_running_loop().time(), self._in_line + cost
        if self._on_hand > waiting:
            self._member.wake(self)
        elif waiting > self._on_hand and (self._head_cost > self._on_hand or 2 * self._on_hand <= self._ahead):
            if self._share > self._used_here(now) + self._on_hand:
                self._modest_until = now
            elif self._modest_until <= self._asked_at:
                self._modest_until = now + min(_MODESTY, self._period / 30)
            self._member.wake(self, max(self._again, self._modest_until) - now)

    @property
    def _share(self) -> float:
        """Slots that this process uses before the others have got theirs; more where it had fewer of late."""
        fair = min(1.5, max(0.5, 1.0 - _CORRECTION * (self._used_of_late - 1.0)))
        return self.rate.calls / self._rivals * fair

    @property
    def _ahead(self) -> int:
        """Slots that are asked for ahead of their time."""
        now, rate = asyncio.get_running_loop().time(), self._share / self._period
        slowdown = self._slowed(now)
        if slowdown is not None:
            rate = min(rate, 1 / slowdown.distance(now) / self._rivals)
        return max(1, min(_MOST_AHEAD, round(rate * _LEAD)))

    def _used_here(self, now: float) -> int:
        """Slots that this process used up in the window that ends now."""
        while self._tally and self._tally[0][0] <= now - self._period:
            self._tally.popleft()
        return self._pending + sum(int(count) for _, count, _ in self._tally)

    def _remember(self, now: float, count: int) -> None:
        if self._tally and now - self._tally[-1][2] < self._period / _LUMPS:
            self._tally[-1][0] = now
            self._tally[-1][1] += count
        else:
            self._used_here(now)
            self._tally.append([now, count, now])

    def news(self, clock: StoreClock, *, shared: bool, leaving: bool = False) -> BucketNews | None:
        """Write down what the store has to know; None where there is nothing."""
        loop_time = asyncio.get_running_loop().time()
        want = self._wanted(loop_time) if shared and not leaving else []
        if leaving:
            self._return(self._on_hand)
        sent = [(grant, clock.there(at), count) for grant, at, count in self._sent]
        extra = [(clock.there(at), count) for at, count in self._extra]
        slowdown, cut, calls, spacing = self._slowed(loop_time), (0, 0, 0), self.rate.calls, 0
        if slowdown is not None:
            if self._cut_at > loop_time - self.rate.period:
                _, low, level = slowdown.cut
                cut = clock.there(self._cut_at), int(low * MICROSECONDS), int(level * MICROSECONDS)
            calls -= slowdown.held_back(loop_time)
            spacing = int(slowdown.pace(loop_time) * MICROSECONDS)
        if not (sent or self._back or extra or want or cut[0]):
            return None
        calls = max(calls, *want, 1)
        period = math.ceil((self._period + _ROUNDING) * MICROSECONDS)
        return BucketNews(self.name, calls, period, sent, self._back, extra, want, cut, spacing)

    def told(self, reply: BucketReply) -> None:
        """Take in what the store answered to the news, which it knows now."""
        clock, now = self._member.clock, asyncio.get_running_loop().time()
        self._again = clock.here(reply.again) if reply.again else 0.0
        self._rivals, self._used_of_late = reply.rivals, reply.used / 1000
        self._free, self._next_free, self._seen_at = reply.free, clock.here(reply.next_free), now
        self._seen_used = self.rate.calls - reply.free
        self._follow(*reply.cut, now)
        for grant in reply.grants:
            self._stock.append(SharedSlot(self._member.membership, clock.here(grant.begin), grant.id, grant.slots))
            self._on_hand += grant.slots
        self._look_again()
        self.demand()

    def _follow(self, cut: int, low: int, level: int, now: float) -> None:
        """Be as slow as the others, of which one has met a refusal."""
        if not cut:
            return
        began, known = self._member.clock.here(cut), (low / MICROSECONDS, level / MICROSECONDS)
        if began > self._cut_at + self.rate.period / 2:
            self._cut_at = began
            self._slow(now).follow(began, *known, now)
        elif self._slowdown is not None and began > self._cut_at - self.rate.period / 2:
            self._slowdown.lower(*known)

    def noted(self) -> Reports:
        """Hand over what the news held, since it is on its way."""
        noted = self._sent, self._extra
        self._sent, self._back, self._extra = [], [], []
        return noted

    def lost(self, reports: Reports) -> None:
        """Take back news that did not arrive: under its new name the process tells all of it as extra."""
        sent, extra = reports
        self._extra = [*extra, *((at, count) for _, at, count in (*sent, *self._sent)), *self._extra]
        self._sent, self._back = [], []

    def retell(self) -> None:
        """Tell the store all that counts, since it knows nothing any more."""
        self._used_here(asyncio.get_running_loop().time())
        self._extra = [(at, int(count)) for at, count, _ in self._tally]
        self.drop()

    def go_alone(self, rank: int) -> None:
        """Go on without the store; the processes of a fleet begin one after the other."""
        now = asyncio.get_running_loop().time()
        used, due = self._used_here(now), now + rank * self._interval / self._member.heads
        if not self._free and self._next_free < now + self._period:
            due = max(due, self._next_free)
        if self._tally:  # what it sent in this window, as if it had done so evenly
            due = max(due, min(self._tally[0][2] + used * self._interval, self._tally[-1][0] + self._period))
        self._next_alone = due
        self._look_again()

    def share_again(self) -> None:
        """Go on with the store."""
        self._again = 0.0
        self._look_again()
        self.demand()

    @property
    def holding(self) -> bool:
        """Whether it holds slots, which are lost where the store hears nothing."""
        return bool(self._on_hand or self._pending)

    def drop(self) -> None:
        """Have nothing on hand any more."""
        self._sent, self._back = [], []
        self._stock.clear()
        self._on_hand = 0

    def _wanted(self, now: float) -> list[int]:
        """Costs of the calls that slots are needed for; returns what is on hand for nobody."""
        share = 0.0 if self._slowed(now) is not None else self._share - self._used_here(now)
        ahead = self._ahead if now + _TICK >= self._modest_until else 0
        left, total, want = self._on_hand, 0, list[int]()
        for cost in chain((self._head_cost,) if self._headed else (), self._line.values()):
            if left >= cost:
                left -= cost
            elif now + _TICK < self._again or len(want) >= _MOST_WANTED or not (total + cost <= share or total < ahead):
                break
            else:
                self._return(left)  # too few for a call are kept from nobody
                left = 0
                want.append(cost)
            total += cost
        else:
            self._return(left)
        if want:
            self._asked_at = now
        return want

    def _return(self, count: int) -> None:
        self._on_hand -= count
        while count > 0:
            last = self._stock[-1]
            part = min(last.left, count)
            last.left -= part
            count -= part
            self._back.append((last.id, part))
            if not last.left:
                self._stock.pop()


def _counted(slots: Iterable[Slot]) -> Iterable[tuple[SharedSlot, int]]:
    return ((cast("SharedSlot", slot), len(list(same))) for slot, same in groupby(slots))
