"""This process as one of the fleet that shares quotas: its conversations with the store.

One conversation is under way at a time, for all buckets together: what comes up meanwhile goes into the next one, so
that the store is asked the less often the busier a process is. In between, a heartbeat keeps what the process holds and
finds out whether the store is there.

When the store fails, each process goes on *alone*: its buckets divide each quota by the number of processes that were
seen last. A first attempt to reach the store comes after a quarter of a second, since it may only have been slow, and
then one a second. As long as not all processes are back, the quota must not be used to the full by those that are:
therefore the store names the moment from which all share again. Until shortly before they go on alone and tell what
they send, so that by then everything is told. A store that lost its memory is told likewise what still counts.

A process that was away comes back under a new name: what it held under the old one is given up with that, and messages
that reach the store late change nothing.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
import secrets
from collections.abc import Sequence
from typing import Any, Final, Literal, Protocol

from agora_chat_async.errors import QuotaStoreUnavailable
from agora_chat_async.stores._protocol import (
    MICROSECONDS,
    VALIDITY,
    BucketNews,
    BucketReply,
    News,
    QuotaStore,
    Reply,
)

log = logging.getLogger("agora_chat_async")

OnStoreFailure = Literal["share", "closed", "open"]

_SOON: Final = 0.25
"""Seconds before the first attempt to reach a store that failed."""
_PROBE: Final = 1.0
"""Seconds between the attempts after that, on average."""
_HEARTBEAT: Final = 1.0
"""Seconds between messages at most."""
_RENEWAL: Final = 0.3
"""The same while slots are held."""
_GATHERING: Final = 0.25
"""Seconds before all share again in which nobody sends alone any more."""
_ROUNDING: Final = 1e-6
_DRIFT: Final = 5e-4
"""Part by which two clocks may differ in their speed."""


class StoreClock:
    """Where the store's clock stands, within bounds that each conversation narrows."""

    def __init__(self) -> None:
        self._low: float = math.nan
        self._high: float = math.nan
        self._at = 0.0

    def seen(self, asked: float, now: int, answered: float) -> None:
        """Note that the store's clock stood at `now` somewhere between two moments of the loop's."""
        low, high = now / MICROSECONDS - answered, now / MICROSECONDS - asked
        drift = (answered - self._at) * _DRIFT
        both = max(low, self._low - drift), min(high, self._high + drift)
        if both[0] <= both[1]:
            low, high = both
        self._low, self._high, self._at = low, high, answered  # without common bounds a clock was set

    def here(self, there: int) -> float:
        """The loop's time at a moment of the store's, rather too late than too early."""
        return there / MICROSECONDS - self._low

    def there(self, here: float) -> int:
        """The store's time at a moment of the loop's, likewise."""
        return math.ceil((here + self._high) * MICROSECONDS)

    @property
    def known(self) -> bool:
        """Whether anything is known."""
        return not math.isnan(self._low)


class Membership:
    """What a process is to the store from one failure to the next."""

    __slots__ = ("until",)

    def __init__(self) -> None:
        self.until: float = -math.inf
        """Until when the store keeps for it what it holds."""


class MemberBucket(Protocol):
    """What a member wants of a bucket."""

    @property
    def holding(self) -> bool:
        """Whether it holds slots, which are lost where the store hears nothing."""
        ...

    def news(self, clock: StoreClock, *, shared: bool, leaving: bool = False) -> BucketNews | None:
        """Write down what the store has to know; None where there is nothing."""
        ...

    def noted(self) -> Reports:
        """Hand over what the news held, since it is on its way."""
        ...

    def told(self, reply: BucketReply) -> None:
        """Take in what the store answered to the news."""
        ...

    def lost(self, reports: Reports) -> None:
        """Take back news that did not arrive."""
        ...

    def retell(self) -> None:
        """Prepare to tell the store all that counts."""
        ...

    def demand(self) -> None:
        """Wake the member, at its time, where there is something to ask for."""
        ...

    def drop(self) -> None:
        """Have nothing on hand any more."""
        ...

    def go_alone(self, rank: int) -> None:
        """Go on without the store."""
        ...

    def share_again(self) -> None:
        """Go on with the store."""
        ...


Reports = tuple[Sequence[tuple[int, float, int]], Sequence[tuple[float, int]]]
"""Sends by id of the grant, moment and number, and those that the store does not know, by moment and number."""


class Member:
    """This process as one of the fleet: talks to the store on behalf of all its buckets."""

    def __init__(self, store: QuotaStore, app: str, *, on_failure: OnStoreFailure, workers: int) -> None:
        self._store = store
        self._app = app
        self._on_failure = on_failure
        self._fewest = workers
        self._buckets = list[MemberBucket]()
        self._dirty = dict[MemberBucket, None]()
        self.clock: StoreClock = StoreClock()
        self.membership: Membership = Membership()
        self._left = self.membership
        self._worker, self._was = _new_name(), ""
        self._history = ""
        self._heard = 0
        self._away = 0
        self.shared: bool = False
        """Whether the store gives out the slots, or else this process is alone."""
        self._failed = False
        self._opens = math.inf
        self.workers: int = workers
        self._rank = 0
        self._due = 0.0
        self._alarm: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open the store, ask it once, and keep talking to it."""
        await self._store.open(self._app)
        try:
            await self._talk()
        except BaseException:
            await self._store.aclose()
            raise
        self._task = asyncio.create_task(self._run(), name="agora_chat_async quota store")

    async def stop(self) -> None:
        """Return what is held, leave the fleet and close the store."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.wait({task})
        try:
            if not self._failed:
                await self._talk(leaving=True)
        finally:
            await self._store.aclose()

    def join(self, bucket: MemberBucket) -> None:
        """Talk on behalf of a bucket too."""
        self._buckets.append(bucket)

    def wake(self, bucket: MemberBucket, within: float = 0.0) -> None:
        """Talk about a bucket in so many seconds at most."""
        self._dirty[bucket] = None
        if not self._failed:
            self._schedule(asyncio.get_running_loop().time() + within)

    def refuse_if_closed(self, bucket: str) -> None:
        """Raise while the store is away, where calls must not be sent without it."""
        if self._on_failure == "closed" and self._failed:
            raise QuotaStoreUnavailable(bucket)

    @property
    def heads(self) -> int:
        """Among how many the quota is divided while the store is away."""
        return 1 if self._on_failure == "open" else max(self.workers, self._fewest)

    def _schedule(self, due: float) -> None:
        if due < self._due:
            self._due = due
            if self._alarm is not None and not self._alarm.done():
                self._alarm.set_result(None)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            while self._due > loop.time() + _ROUNDING:
                self._alarm = loop.create_future()
                timer = loop.call_at(self._due, self._ring, self._alarm)
                try:
                    await self._alarm
                finally:
                    timer.cancel()
                    self._alarm = None
            await self._talk()

    @staticmethod
    def _ring(alarm: asyncio.Future[None]) -> None:
        if not alarm.done():
            alarm.set_result(None)

    async def _talk(self, *, leaving: bool = False) -> None:
        """Have one conversation."""
        loop = asyncio.get_running_loop()
        self._share_if_open()
        self._lapse()
        dirty = self._buckets if leaving or not self.shared else list(self._dirty)
        self._dirty.clear()
        self._due = math.inf
        about, noted = list[tuple[MemberBucket, BucketNews]](), dict[MemberBucket, Reports]()
        if self.clock.known and self._history:
            for bucket in dirty:
                news = bucket.news(self.clock, shared=self.shared, leaving=leaving)
                if news is None:
                    bucket.demand()  # what must not be asked for yet
                else:
                    about.append((bucket, news))
                    noted[bucket] = bucket.noted()
        if self._was:  # of which the store lets go when it hears that
            self._give_up_membership()
        asked = loop.time()
        message = News(
            self._worker, self._was, self._history, secrets.token_hex(8), self._heard, self._away, leaving,
            [news for _, news in about],
        )  # fmt: skip
        try:
            reply, answered = await _in_time(self._converse(message), self._store.timeout)
        except Exception as error:  # noqa: BLE001 - whatever a store raises, calls go on without it
            self._fail(error, noted)
            return
        except BaseException:
            for bucket, reports in noted.items():  # closing: the last conversation tells it again
                bucket.lost(reports)
            raise
        self.clock.seen(asked, reply.now, answered)
        self._take_in(message, reply, asked)
        if reply.history == message.history:
            self._was, self._away = "", 0
            for (bucket, _), told in zip(about, reply.buckets, strict=True):
                bucket.told(told)
        elif message.history:
            self._start_over()
        self._history = reply.history
        self._share_if_open()
        holding = any(bucket.holding for bucket in self._buckets)
        self._schedule(loop.time() + (_RENEWAL if holding or not self.shared else _HEARTBEAT))

    async def _converse(self, message: News) -> tuple[Reply, float]:
        reply = await self._store.converse(message)
        return reply, asyncio.get_running_loop().time()

    def _take_in(self, message: News, reply: Reply, asked: float) -> None:
        if self._failed:
            log.info("quota store: answers again")
        self._failed = False
        self._heard = reply.now
        self.membership.until = asked + VALIDITY / MICROSECONDS
        # The first one to be back is not the only one; nor is it where the store forgot the others.
        self.workers = (
            max(1, reply.workers)
            if (reply.history == message.history and self.shared) or not message.history
            else max(self.workers, reply.workers)
        )
        self._rank = reply.rank
        self._opens = self.clock.here(reply.opens)

    def _share_if_open(self) -> None:
        """Begin to share where all processes of the fleet do."""
        now = asyncio.get_running_loop().time()
        if self.shared or self._failed or now < self._opens - _GATHERING:
            if not self.shared and not self._failed:
                self._schedule(self._opens - _GATHERING)
            return
        self.shared = True
        for bucket in self._buckets:
            bucket.share_again()

    def _fail(self, error: Exception, noted: dict[MemberBucket, Reports]) -> None:
        """Do without the store for a while."""
        loop, again = asyncio.get_running_loop(), self._failed
        if not again:
            log.warning("quota store: %s, going on %s", _told(error), self._manner)
            self._away = self._away or (self.clock.there(loop.time()) if self.clock.known else 0)
            self._change_membership()
        self._failed = True
        for bucket in self._buckets:
            bucket.lost(noted.get(bucket, ((), ())))
        self._go_alone()
        pause = _PROBE if again else _SOON
        self._due = loop.time() + pause * random.uniform(0.8, 1.2)  # noqa: S311 - not for secrets

    def _start_over(self) -> None:
        """Tell a store that has lost its memory all that this process knows."""
        log.warning("quota store: has forgotten what was sent, going on %s until all have told it", self._manner)
        self._change_membership()
        for bucket in self._buckets:
            bucket.retell()
        self._go_alone()
        self._schedule(0.0)

    def _go_alone(self) -> None:
        if self.shared:
            self.shared = False
            for bucket in self._buckets:
                bucket.go_alone(self._rank)
        elif self._on_failure == "closed":
            for bucket in self._buckets:
                bucket.go_alone(self._rank)

    def _lapse(self) -> None:
        """After too long a silence, let go of what the store keeps no more, or its answer would seem to renew it."""
        silent = asyncio.get_running_loop().time() >= self.membership.until
        if self.shared and silent and any(bucket.holding for bucket in self._buckets):
            self._change_membership()
            for bucket in self._buckets:
                bucket.lost(((), ()))
                bucket.drop()
                bucket.demand()

    def _give_up_membership(self) -> None:
        self._left.until = -math.inf
        for bucket in self._buckets:
            bucket.drop()

    def _change_membership(self) -> None:
        self._left = self.membership
        self.membership = Membership()
        self._was, self._worker = self._worker, _new_name()

    @property
    def _manner(self) -> str:
        if self._on_failure == "closed":
            return "by refusing calls"
        return "with the whole quota" if self._on_failure == "open" else f"with 1/{self.heads} of each quota"


async def _in_time(conversation: Any, patience: float) -> Any:
    """Await an answer for as long as a store gets; an answer that is there counts, however late this loop looks."""
    task = asyncio.ensure_future(conversation)
    try:
        await asyncio.wait({task}, timeout=patience)
        for _ in range(3):
            if not task.done():
                await asyncio.sleep(0)
        if not task.done():
            raise TimeoutError(f"no answer in {patience:g} s")
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})


def _new_name() -> str:
    return secrets.token_hex(8)


def _told(error: Exception) -> str:
    text = str(error).splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
