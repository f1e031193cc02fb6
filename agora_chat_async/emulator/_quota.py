"""Counting calls as the service does: who is admitted, who comes too often.

Three ways to count, all told the moment of a call, so that none of them needs a clock of its own. The sliding log is
exact: in no window of a rate's length, wherever it begins, are more calls admitted than the rate allows. The fixed
window and the token bucket let up to twice the rate through at their seams, as many real services do.
"""

from __future__ import annotations

import difflib
import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal, Protocol

from agora_chat_async.emulator._routes import Operation
from agora_chat_async.quota import Plan, Quota, Rate

Algorithm = Literal["sliding", "fixed", "token_bucket"]
Overrides = Mapping[str, str | Rate | Iterable[str | Rate]]
"""Rates by the id of an operation, such as `{"users.create": "150/second"}`, or by the name of a shared quota."""

_KEPT: Final = 30.0
"""Seconds beyond the window that calls are remembered, for calls that are judged late."""
_TRIMMED_AT: Final = 4096


class Counter(Protocol):
    """One rate being counted."""

    def admits(self, at: float, cost: int, /) -> bool:
        """Whether a call at this moment keeps within the rate."""
        ...

    def take(self, at: float, cost: int, /) -> None:
        """Count a call that was admitted."""
        ...


class SlidingLog:
    """Remembers the moment of every admitted call."""

    def __init__(self, most: int, period: float) -> None:
        self._most = most
        self._period = period
        self._times = list[float]()
        self._totals = [0]

    def admits(self, at: float, cost: int, /) -> bool:
        """Whether the window that ends now has room, and with it every later window that a late call falls into."""
        if self._used(at) + cost > self._most:
            return False
        later = self._times[bisect_right(self._times, at) : bisect_left(self._times, at + self._period)]
        return all(self._used(end) + cost <= self._most for end in later)

    def take(self, at: float, cost: int, /) -> None:
        """Count a call."""
        if not self._times or at >= self._times[-1]:
            self._times.append(at)
            self._totals.append(self._totals[-1] + cost)
        else:
            place = bisect_right(self._times, at)
            insort(self._times, at)
            self._totals.insert(place + 1, self._totals[place])
            self._totals[place + 1 :] = [total + cost for total in self._totals[place + 1 :]]
        if len(self._times) > _TRIMMED_AT:
            self._trim()

    def _used(self, end: float) -> int:
        first = bisect_right(self._times, end - self._period)
        return self._totals[bisect_right(self._times, end)] - self._totals[first]

    def _trim(self) -> None:
        gone = bisect_right(self._times, self._times[-1] - self._period - _KEPT)
        if gone > len(self._times) // 2:
            del self._times[:gone]
            del self._totals[:gone]


class FixedWindow:
    """Counts anew at the beginning of each second, minute or day of the clock."""

    def __init__(self, most: int, period: float, offset: float = 0.0) -> None:
        self._most = most
        self._period = period
        self._offset = offset
        self._window = -math.inf
        self._used = 0

    def admits(self, at: float, cost: int, /) -> bool:
        """Whether this window has room."""
        return (self._used if self._at(at) <= self._window else 0) + cost <= self._most

    def take(self, at: float, cost: int, /) -> None:
        """Count a call; one that is judged late counts in the newest window."""
        window = self._at(at)
        if window > self._window:
            self._window, self._used = window, 0
        self._used += cost

    def _at(self, at: float) -> float:
        return math.floor((at + self._offset) / self._period)


class TokenBucket:
    """Fills steadily up to the rate's number of calls."""

    def __init__(self, most: int, period: float) -> None:
        self._most = most
        self._speed = most / period
        self._tokens = float(most)
        self._filled_at = -math.inf

    def admits(self, at: float, cost: int, /) -> bool:
        """Whether enough tokens are there."""
        return self._level(at) + 1e-9 >= cost

    def take(self, at: float, cost: int, /) -> None:
        """Use tokens."""
        self._tokens = self._level(at) - cost
        self._filled_at = max(at, self._filled_at)

    def _level(self, at: float) -> float:
        if at <= self._filled_at:
            return self._tokens
        return min(float(self._most), self._tokens + (at - self._filled_at) * self._speed)


class Quotas:
    """Everything that is counted in one emulated app."""

    def __init__(
        self,
        operations: Iterable[Operation],
        *,
        overrides: Overrides | None = None,
        plan: Plan | None = None,
        algorithm: Algorithm = "sliding",
        background: float = 0.0,
        clock_offset: float = 0.0,
    ) -> None:
        if not 0 <= background < 1:
            raise ValueError(f"background is a share of the quota, from 0 to below 1, got {background}")
        self._makers: Mapping[str, Callable[[int, float], Counter]] = {
            "sliding": SlidingLog,
            "fixed": lambda most, period: FixedWindow(most, period, clock_offset),
            "token_bucket": TokenBucket,
        }
        if algorithm not in self._makers:
            raise ValueError(f"algorithm is one of {', '.join(self._makers)}, got {algorithm!r}")
        self._make = self._makers[algorithm]
        self._background = background
        self._plan = plan
        self._table = _Table(operations)
        self._table.override(overrides or {})
        self.reset()

    def reset(self) -> None:
        """Forget all calls."""
        shared = {name: self._counters(quota.rates) for name, quota in self._table.shared.items()}
        total = self._counters((self._plan.total,)) if self._plan is not None and self._plan.total else []
        self._counted = {
            route: [
                *self._counters(self._table.own[route]),
                *(counter for name in self._table.drawn_on[route] for counter in shared[name]),
                *total,
            ]
            for route in self._table.own
        }

    def admit(self, route: str, at: float, counts: Mapping[str, int]) -> bool:
        """Count a call of a route, unless one of its rates is used up: then nothing is counted."""
        judged = [(counter, counts.get(counted, 1) if counted else 1) for counter, counted in self._counted[route]]
        if not all(counter.admits(at, cost) for counter, cost in judged):
            return False
        for counter, cost in judged:
            counter.take(at, cost)
        return True

    def rates_of(self, route: str) -> tuple[Rate, ...]:
        """The rates that hold for a route, without the plan's total."""
        shared = (self._table.shared[name] for name in self._table.drawn_on[route])
        return (*self._table.own[route], *(rate for quota in shared for rate in quota.rates))

    def _counters(self, rates: Iterable[Rate]) -> list[tuple[Counter, str | None]]:
        return [(self._make(self._share(rate.calls), rate.period), rate.counts) for rate in rates]

    def _share(self, calls: int) -> int:
        return max(1, calls - math.ceil(calls * self._background))


class _Table:
    """The rates that hold, by route, and the shared quotas by name."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self.own = dict[str, tuple[Rate, ...]]()
        self.drawn_on = dict[str, tuple[str, ...]]()
        self.shared = dict[str, Quota]()
        self._routes = dict[str, str]()
        for operation in operations:
            self._routes[operation.id] = route = operation.route
            self.own[route] = tuple(dict.fromkeys((*self.own.get(route, ()), *operation.rates)))
            names = (quota.name for quota in operation.shared)
            self.drawn_on[route] = tuple(dict.fromkeys((*self.drawn_on.get(route, ()), *names)))
            self.shared.update({quota.name: quota for quota in operation.shared})

    def override(self, overrides: Overrides) -> None:
        """Put the caller's rates in the place of the declared ones."""
        for name, given in overrides.items():
            news = [Rate.parse(one) if isinstance(one, str) else one for one in _each(given)]
            if name in self._routes:
                route = self._routes[name]
                self.own[route] = _replaced(self.own[route], news)
            elif name in self.shared:
                quota = self.shared[name]
                self.shared[name] = Quota(name, _replaced(quota.rates, news), quota.concurrent)
            else:
                near = difflib.get_close_matches(name, (*self._routes, *self.shared), n=1)
                hint = f"; {near[0]!r} is one" if near else ""
                raise ValueError(f"quotas names {name!r}, which is neither an operation nor a shared quota{hint}")


def _each(given: str | Rate | Iterable[str | Rate]) -> Iterable[str | Rate]:
    return (given,) if isinstance(given, str | Rate) else given


def _replaced(rates: tuple[Rate, ...], news: Iterable[Rate]) -> tuple[Rate, ...]:
    """Replace the rate of the same window, preferably the one that counts the same; a rate of a new window is added."""
    for new in news:
        rivals = [rate for rate in rates if rate.period == new.period]
        old = next((rate for rate in rivals if rate.counts == new.counts), rivals[0] if rivals else None)
        counts = new.counts or (old.counts if old is not None else None)
        rates = (*(rate for rate in rates if rate is not old), Rate(new.calls, new.period, counts))
    return rates
