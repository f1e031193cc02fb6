"""Which buckets a call passes, in which order, and what it holds while it is under way.

The order is from the particular to the general: the route's own rates, then the totals that it shares with others,
then the cap on calls in progress, then the plan's total, then the session's cap on calls in flight. So a call that
waits for a slow route of its own holds nothing that other routes need.
"""

from __future__ import annotations

import asyncio
import difflib
import math
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from anyio import CapacityLimiter, WouldBlock

from agora_chat_async._bucket import Bucket, BucketState, Slot
from agora_chat_async._endpoint import Endpoint
from agora_chat_async._member import Member
from agora_chat_async._shared import SharedBucket
from agora_chat_async.errors import (
    AgoraChatError,
    ConnectFailed,
    InvalidArgument,
    QuotaWaitExceeded,
    RateLimited,
    ServerError,
)
from agora_chat_async.quota import DAY, Plan, Quota, Rate

DAY_MAX_WAIT: Final = 60.0
"""Seconds that a call waits for a quota a day, where the caller names no `max_wait`."""

Overrides = Mapping[str, str | Rate | Iterable[str | Rate]]
"""Rates by the id of an endpoint, such as `{"users.create": "150/second"}`, or by the name of a shared quota."""


class SlotsExpired(ConnectFailed):
    """A call held its slots for so long, out of the store's sight, that others may use them; nothing was sent."""


class Lease:
    """What a call holds: slots and its places among the calls in progress."""

    __slots__ = ("_caps", "_sent_at", "_slots", "bytes_out", "handed")

    def __init__(self) -> None:
        # No lists, of which each waiting call would hold one for the garbage collector to look at.
        self._slots: tuple[tuple[Bucket, list[Slot]], ...] = ()
        self._caps: tuple[CapacityLimiter, ...] = ()
        self._sent_at: float | None = None
        self.handed: bool = False
        """Whether the request has got a connection, so that it may have been sent."""
        self.bytes_out: int = 0
        """Length of the request's body, as far as it is known."""

    def hand(self) -> None:
        """Note that the request has got its connection, and is about to be written.

        Raises:
            SlotsExpired: It must not be.
        """
        if not self.handed and not all(bucket.holds(slots) for bucket, slots in self._slots):
            raise SlotsExpired("the slots of the call were held for too long")
        self.handed = True

    async def sent(self) -> None:
        """Begin the slots' time: the request is on the wire."""
        if self._sent_at is None:
            self.handed = True
            self._sent_at = asyncio.get_running_loop().time()
            for bucket, slots in self._slots:
                await bucket.sent(slots)

    def answered(self, error: AgoraChatError | None) -> bool:
        """Tell the buckets what the service answered; returns whether one of them spaces the repeats from now on.

        The service does not tell which of its counters refuses a call. Of the buckets that the call drew on, the one
        nearest to its present limit decides how fast such calls go; slowing it helps whichever counter it was. An
        hour's or a day's quota is never slowed.
        """
        if not isinstance(error, RateLimited):
            if self._sent_at is not None and not isinstance(error, ServerError):
                for bucket, _ in self._slots:
                    bucket.admitted(self._sent_at)
            return False
        drawn = [(bucket, len(slots)) for bucket, slots in self._slots if bucket.can_slow]
        if not drawn:
            return False
        bucket, cost = max(drawn, key=lambda each: each[0].pressure)
        bucket.refused(cost, asyncio.get_running_loop().time() if self._sent_at is None else self._sent_at)
        return True

    async def release(self) -> None:
        """End the call, without ever waiting; slots with which nothing can have been sent are given back."""
        if _is_over():
            return
        if self.handed:
            await self.sent()
        else:
            for bucket, slots in self._slots:
                bucket.give_back(slots)
        for cap in self._caps:
            cap.release_on_behalf_of(self)
        self._slots = self._caps = ()

    def hold(self, bucket: Bucket, slots: list[Slot]) -> None:
        """Note slots that were taken of a bucket."""
        self._slots = (*self._slots, (bucket, slots))

    async def occupy(self, cap: CapacityLimiter) -> None:
        """Take a place among the calls in progress."""
        try:
            cap.acquire_on_behalf_of_nowait(self)
        except WouldBlock:
            await cap.acquire_on_behalf_of(self)
        self._caps = (*self._caps, cap)


def _is_over() -> bool:
    """Tell whether the event loop was closed under the calls in it, whose coroutines are only destroyed now."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return True
    return False


class Gate:
    """All that calls of one route have to pass."""

    __slots__ = ("_steps",)

    def __init__(self, steps: Iterable[Bucket | CapacityLimiter]) -> None:
        self._steps = tuple(steps)

    def enter(self, counts: Mapping[str, int] | None, max_wait: float | None) -> Coroutine[Any, Any, Lease]:
        """Wait for every bucket and cap, and return the lease, which the caller must release."""
        for bucket in self.buckets:
            _refuse_never(bucket, counts)
        self._refuse_long_wait(counts, max_wait)
        # Most calls wait in line here, and hold no more than they need.
        if max_wait is None or max_wait == math.inf:
            return self._enter(counts, max_wait)
        return self._enter_within(max_wait, counts)

    async def _enter(self, counts: Mapping[str, int] | None, max_wait: float | None) -> Lease:
        lease = Lease()
        try:
            for step in self._steps:
                if isinstance(step, Bucket):
                    lease.hold(step, await step.take(_cost(step.rate, counts), _patience(step.rate, max_wait)))
                else:
                    await lease.occupy(step)
        except BaseException:
            await lease.release()
            raise
        return lease

    async def _enter_within(self, max_wait: float, counts: Mapping[str, int] | None) -> Lease:
        scope = asyncio.timeout(max_wait)
        try:
            async with scope:
                return await self._enter(counts, max_wait)
        except TimeoutError:
            if not scope.expired():
                raise
            slowest, wait = self.longest_wait(counts)
            raise QuotaWaitExceeded(slowest, wait, max_wait) from None

    def _refuse_long_wait(self, counts: Mapping[str, int] | None, max_wait: float | None) -> None:
        for bucket in self.buckets:
            limit = _patience(bucket.rate, max_wait)
            if limit < math.inf and (wait := bucket.wait_for(_cost(bucket.rate, counts))) > limit:
                raise QuotaWaitExceeded(bucket.name, wait, limit)

    def longest_wait(self, counts: Mapping[str, int] | None) -> tuple[str, float]:
        """Name the bucket that a call that comes now waits for longest, and how long at least, in seconds."""
        for bucket in self.buckets:
            _refuse_never(bucket, counts)
        waits = [(bucket.name, bucket.wait_for(_cost(bucket.rate, counts))) for bucket in self.buckets]
        return max(waits, key=lambda wait: wait[1], default=("calls in flight", 0.0))

    @property
    def buckets(self) -> Iterator[Bucket]:
        """The buckets that a call draws on."""
        return (step for step in self._steps if isinstance(step, Bucket))


def _refuse_never(bucket: Bucket, counts: Mapping[str, int] | None) -> None:
    """Refuse a call that counts as more than the quota ever allows."""
    cost, rate = _cost(bucket.rate, counts), bucket.rate
    if cost > rate.calls:
        raise InvalidArgument(rate.counts or "quotas", f"{cost} items", f"at most {rate.calls}, by the quota {rate}")


def _patience(rate: Rate, max_wait: float | None) -> float:
    """Seconds that a call waits for a rate."""
    if max_wait is not None:
        return max_wait
    return DAY_MAX_WAIT if rate.period >= DAY else math.inf


def _cost(rate: Rate, counts: Mapping[str, int] | None) -> int:
    return counts.get(rate.counts, 1) if counts is not None and rate.counts is not None else 1


class Quotas:
    """The quotas of one session at run time."""

    def __init__(
        self,
        endpoints: Iterable[Endpoint],
        *,
        plan: Plan | None,
        overrides: Overrides,
        margin: float | None,
        in_flight: int,
        member: Member | None = None,
    ) -> None:
        self._member = member
        self._margin = margin
        self._buckets = dict[str, Bucket]()
        self._caps = dict[str, CapacityLimiter]()
        self._gates = dict[str, Gate]()
        self._rates = _resolve(overrides, endpoints) if overrides else {}
        self._total = self._bucket(f"plan {plan.name}", plan.total) if plan is not None and plan.total else None
        self._in_flight_cap = in_flight

    @cached_property
    def _in_flight(self) -> CapacityLimiter:
        return CapacityLimiter(self._in_flight_cap)  # made inside the event loop, where it costs less to use

    def gate(self, endpoint: Endpoint) -> Gate:
        """Return the gate of an endpoint; endpoints on the same wire route share its buckets."""
        gate = self._gates.get(endpoint.id)
        if gate is None:
            gate = self._gates[endpoint.id] = self.make_gate(endpoint.route, endpoint.rates, endpoint.shared)
        return gate

    def make_gate(self, route: str, rates: Iterable[Rate], shared: Iterable[Quota] = ()) -> Gate:
        """Make the gate of a route from its own rates and the totals that it shares."""
        own = self._rates.get(route, tuple(rates))
        shared = sorted(shared, key=lambda quota: quota.name)  # all take them in one order, so that none wait in a ring
        steps: list[Bucket | CapacityLimiter] = self._named_buckets(route, own)
        for quota in shared:
            steps += self._named_buckets(quota.name, self._rates.get(quota.name, quota.rates))
        for quota in shared:
            if quota.concurrent is not None:
                steps.append(self._caps.setdefault(quota.name, CapacityLimiter(quota.concurrent)))
        steps += [self._total] if self._total is not None else []
        return Gate([*steps, self._in_flight])

    def snapshot(self) -> Mapping[str, BucketState]:
        """Tell of every bucket that was drawn on how much is used, free and waited for."""
        return {name: bucket.state() for name, bucket in self._buckets.items()}

    def _named_buckets(self, name: str, rates: tuple[Rate, ...]) -> list[Bucket | CapacityLimiter]:
        # A call that counts as one waits for its own rate first, then for the one that counts what it carries.
        ordered = sorted(rates, key=lambda rate: rate.counts is not None)
        return [self._bucket(name if len(ordered) == 1 else f"{name} {rate}", rate) for rate in ordered]

    def _bucket(self, name: str, rate: Rate) -> Bucket:
        bucket = self._buckets.get(name)
        if bucket is None:
            shared = self._member
            bucket = SharedBucket(name, rate, self._margin, shared) if shared else Bucket(name, rate, self._margin)
            self._buckets[name] = bucket
        return bucket


def _resolve(overrides: Overrides, endpoints: Iterable[Endpoint]) -> dict[str, tuple[Rate, ...]]:
    """Find the rates that hold instead of the declared ones, by route and by name of a shared quota."""
    declared = dict[str, tuple[Rate, ...]]()
    routes = dict[str, str]()
    for endpoint in endpoints:
        declared[endpoint.route] = endpoint.rates
        routes[endpoint.id] = endpoint.route
        for quota in endpoint.shared:
            declared[quota.name] = quota.rates
            routes[quota.name] = quota.name
    resolved = dict[str, tuple[Rate, ...]]()
    for name, given in overrides.items():
        if name not in routes:
            near = difflib.get_close_matches(name, routes, n=1)
            hint = f", such as {near[0]!r}" if near else ""
            raise InvalidArgument("quotas", name, f"the id of an endpoint or the name of a shared quota{hint}")
        route = routes[name]
        rates = declared[route]
        for rate in [given] if isinstance(given, str | Rate) else given:
            try:
                rates = _replace(rates, Rate.parse(rate) if isinstance(rate, str) else rate)
            except ValueError as error:
                raise InvalidArgument(f"quotas[{name!r}]", str(rate), str(error)) from None
        if resolved.setdefault(route, rates) != rates:
            raise InvalidArgument("quotas", name, f"the same rates for all endpoints of {route}")
    return resolved


def _replace(rates: tuple[Rate, ...], new: Rate) -> tuple[Rate, ...]:
    """Put a rate in the place of the one with the same window; where none has it, add it."""
    same_window = [rate for rate in rates if rate.period == new.period]
    if new.counts is not None and new.counts not in {rate.counts for rate in rates}:
        raise ValueError(f"no quota of this endpoint counts {new.counts!r}")
    old = next((rate for rate in same_window if rate.counts == new.counts), None)
    if old is None and new.counts is None and same_window:
        old = same_window[0]
        new = Rate(new.calls, new.period, old.counts)
    return (*(rate for rate in rates if rate is not old), new)
