"""What arrived: every request in order, and the most calls in any window of time."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Any, Final

from attrs import frozen

_INTERNED: Final = 4096


@frozen
class Busiest:
    """The most that fell into one window."""

    calls: int
    cost: int


def busiest(arrivals: Sequence[tuple[float, int]], seconds: float) -> Busiest:
    """Find the most calls, and the most cost, in any window of a length: half open, beginning anywhere.

    Takes pairs of moment and cost, in order of time.
    """
    calls = cost = held = first = 0
    for last, (at, weight) in enumerate(arrivals):
        held += weight
        while arrivals[first][0] <= at - seconds:
            held -= arrivals[first][1]
            first += 1
        calls = max(calls, last - first + 1)
        cost = max(cost, held)
    return Busiest(calls, cost)


class RequestLog:
    """The newest requests, kept in flat arrays so that a million of them fit in memory."""

    def __init__(self, most: int = 1_000_000) -> None:
        self._most = most
        self.clear(0.0)

    def clear(self, start: float) -> None:
        """Forget everything; `requests` tells times from `start` on."""
        self.start = start
        # Moments are kept as the quotas saw them, so that both draw the borders of a window alike.
        self._times = array("d")
        self._dropped = 0
        self._names = list[str]()
        self._numbers = dict[str, int]()
        self._methods = array("H")
        self._routes = array("H")
        self._statuses = array("H")
        self._costs = array("l")
        self._faults = array("H")
        self._admitted = bytearray()
        self._refused = bytearray()
        self._targets = list[str]()
        self._interned = dict[str, str]()

    def copy(self) -> RequestLog:
        """Return the log as it is now, for a thread that takes its time."""
        other = RequestLog(self._most)
        for name, value in vars(self).items():
            setattr(other, name, value[:] if isinstance(value, array | bytearray | list) else value)
        return other

    def __len__(self) -> int:
        return len(self._times)

    def add(
        self,
        at: float,
        method: str,
        target: str,
        route: str,
        *,
        admitted: bool,
        cost: int,
        refused: bool = False,
        fault: str = "",
    ) -> int:
        """Note a request that was judged, and return its number, by which its status is noted later.

        `refused` tells that it came too fast: a request can also fail before its route's quota is asked.
        """
        if len(self._times) >= self._most:
            self._drop(max(1, self._most // 10))
        if len(self._interned) >= _INTERNED:
            self._interned.clear()
        self._times.append(at)
        self._methods.append(self._number(method))
        self._routes.append(self._number(route))
        self._statuses.append(0)
        self._costs.append(cost)
        self._faults.append(self._number(fault))
        self._admitted.append(admitted)
        self._refused.append(refused)
        self._targets.append(self._interned.setdefault(target, target))
        return self._dropped + len(self._times) - 1

    def answered(self, number: int, status: int) -> None:
        """Note the status of the answer."""
        if 0 <= number - self._dropped < len(self._statuses):
            self._statuses[number - self._dropped] = status

    def requests(
        self, *, route: str | None = None, status: int | None = None, limit: int = 1000
    ) -> list[dict[str, Any]]:
        """Return the newest requests that match, in the order in which they were judged."""
        found = list[dict[str, Any]]()
        for index in range(len(self._times) - 1, -1, -1):
            if len(found) >= limit:
                break
            if status is not None and self._statuses[index] != status:
                continue
            name = self._names[self._routes[index]]
            if route is not None and name != route:
                continue
            found.append(
                {
                    "at": self._times[index] - self.start,
                    "method": self._names[self._methods[index]],
                    "target": self._targets[index],
                    "route": name or None,
                    "status": self._statuses[index],
                    "admitted": bool(self._admitted[index]),
                    "cost": self._costs[index],
                }
            )
            if fault := self._names[self._faults[index]]:
                found[-1]["fault"] = fault
        return found[::-1]

    def windows(self, seconds: float) -> dict[str, Any]:
        """Tell for each route the most calls that arrived and were admitted in any window of that many seconds."""
        by_route = dict[int, list[int]]()
        for index, route in enumerate(self._routes):
            by_route.setdefault(route, []).append(index)
        return {
            "seconds": seconds,
            "routes": {
                self._names[route]: self._summary(indexes, seconds)
                for route, indexes in by_route.items()
                if self._names[route]
            },
            "total": self._summary(range(len(self._times)), seconds),
        }

    def _summary(self, indexes: Sequence[int], seconds: float) -> dict[str, Any]:
        arrived = busiest(self._moments(indexes), seconds)
        admitted = busiest(self._moments(index for index in indexes if self._admitted[index]), seconds)
        return {
            "arrived": {"calls": arrived.calls, "cost": arrived.cost},
            "admitted": {"calls": admitted.calls, "cost": admitted.cost},
            "requests": len(indexes),
            "admitted_requests": sum(self._admitted[index] for index in indexes),
            "refused": sum(self._refused[index] for index in indexes),
        }

    def _moments(self, indexes: Iterable[int]) -> list[tuple[float, int]]:
        return sorted((self._times[index], self._costs[index]) for index in indexes)

    def _number(self, name: str) -> int:
        number = self._numbers.get(name)
        if number is None:
            number = self._numbers[name] = len(self._names)
            self._names.append(name)
        return number

    def _drop(self, count: int) -> None:
        self._dropped += count
        numbers = (self._times, self._methods, self._routes, self._statuses, self._costs, self._faults)
        for column in (*numbers, self._admitted, self._refused, self._targets):
            del column[:count]
