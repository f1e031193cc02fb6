"""Faults by route: which calls something goes wrong with, drawn from a seed.

Some kinds strike *before* the operation is carried out: the caller may send it again. The others strike *after* it,
on the way back: who sends it again does it twice, and only the request log can tell.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final, Self

from attrs import define, fields, frozen


@frozen
class Kind:
    """What a kind of fault does."""

    purpose: str
    before: bool
    """Whether it strikes before the operation is carried out."""
    status: int = 0
    """Of the answer, where that is none that the service itself would give."""
    seconds: float = 0.0
    """What a fault of this kind waits where it says nothing else."""


KINDS: Final[Mapping[str, Kind]] = {
    "rate_limited": Kind("refused as if it came too fast, 429 reach_limit", before=True),
    "unavailable": Kind("503 with a Retry-After of so many seconds", before=True, status=503, seconds=1.0),
    "bad_gateway": Kind("a gateway's 502, a page of HTML", before=True, status=502),
    "revoked": Kind("every token made until now is revoked, so 401", before=True),
    "reset": Kind("the connection is reset", before=True),
    "latency": Kind("carried out, and answered so many seconds later", before=False, seconds=1.0),
    "gateway_timeout": Kind("carried out, and a gateway's 504, a page of HTML", before=False, status=504),
    "lost_answer": Kind("carried out, and the connection is reset", before=False),
    "reset_midway": Kind("carried out, and reset amid the answer", before=False),
    "cut_short": Kind("carried out, and closed amid the answer", before=False),
    "broken_gzip": Kind("carried out, and answered by a gzip stream without its end", before=False),
    "drip": Kind("carried out, and answered a byte every so many seconds", before=False, seconds=0.01),
    "silent": Kind("carried out, and not answered for so many seconds, then reset", before=False, seconds=60.0),
}
"""All kinds, by name."""


@frozen
class Fault:
    """Something that goes wrong with some calls.

    Args:
        kind: What goes wrong, one of `KINDS`.
        route: Ids of operations, or names of routes such as `POST /users`, with `*` for any part.
        probability: With which each call is struck, above 0 and up to 1.
        count: How many calls are struck at most; None for any number.
        seconds: For kinds that wait; None for the kind's own.
    """

    kind: str
    route: str = "*"
    probability: float = 1.0
    count: int | None = None
    seconds: float | None = None

    def __attrs_post_init__(self) -> None:
        rules = [
            (self.kind in KINDS, "kind", f"one of {', '.join(KINDS)}"),
            (_is_text(self.route), "route", "an operation or a route, * for all"),
            (_is_number(self.probability) and 0 < self.probability <= 1, "probability", "above 0 and up to 1"),
            (self.count is None or (type(self.count) is int and self.count >= 1), "count", "1 or more"),
            (
                self.seconds is None or (_is_number(self.seconds) and 0 <= self.seconds < math.inf),
                "seconds",
                "0 or more",
            ),
        ]
        for kept, name, rule in rules:
            if not kept:
                raise ValueError(f"a fault's {name} is {rule}, got {getattr(self, name)!r}")

    @classmethod
    def of(cls, given: Mapping[str, Any] | str | Self) -> Self:
        """Take a fault in any of its forms: itself, a text such as `drip,route=users.*,count=3`, or its members."""
        if isinstance(given, cls):
            return given
        if isinstance(given, str):
            given = _members(given)
        if not isinstance(given, Mapping) or "kind" not in given:
            raise ValueError(f"a fault has a kind, one of {', '.join(KINDS)}, got {given!r}")
        if unknown := given.keys() - _NAMES:
            raise ValueError(f"a fault has {', '.join(_NAMES)}, and no {', '.join(sorted(map(str, unknown)))}")
        return cls(**given)

    def __str__(self) -> str:
        others = ((name, getattr(self, name)) for name in _NAMES[1:])
        return ",".join([self.kind, *(f"{name}={value}" for name, value in others if value is not None)])

    @property
    def before(self) -> bool:
        """Whether it strikes before the operation is carried out."""
        return KINDS[self.kind].before

    @property
    def wait(self) -> float:
        """Seconds."""
        return KINDS[self.kind].seconds if self.seconds is None else self.seconds


_NAMES: Final = tuple(field.name for field in fields(Fault))


@define
class _Armed:
    fault: Fault
    routes: frozenset[str]
    struck: int = 0


class Faults:
    """The faults of an emulator; the same seed strikes the same calls, if they come in the same order.

    Args:
        routes: By name of each route, the ids of its operations.
        faults: What goes wrong from the start.
        seed: For the draws.
    """

    def __init__(
        self,
        routes: Mapping[str, Iterable[str]],
        faults: Iterable[Fault | str | Mapping[str, Any]] = (),
        seed: int = 0,
    ) -> None:
        self._names = {name: (name, *ids) for name, ids in routes.items()}
        self._at_start = (tuple(map(Fault.of, faults)), seed)
        self.reset()

    def set(self, *faults: Fault | str | Mapping[str, Any], seed: int = 0) -> None:
        """Put these faults in the place of all others; none for none."""
        armed = [self._arm(Fault.of(fault)) for fault in faults]
        self.seed: int = seed
        self._armed, self._random = armed, random.Random(seed)  # noqa: S311 - to be repeated

    def reset(self) -> None:
        """Go back to the faults of the start, and to their first draw."""
        faults, seed = self._at_start
        self.set(*faults, seed=seed)

    def draw(self, route: str) -> Fault | None:
        """Return what goes wrong with the next call of a route; the first fault that strikes is the one."""
        for armed in self._armed:
            fault = armed.fault
            if (
                route in armed.routes
                and armed.struck != fault.count
                and (fault.probability >= 1 or self._random.random() < fault.probability)
            ):
                armed.struck += 1
                return fault
        return None

    def told(self) -> list[dict[str, Any]]:
        """Tell of each fault what it is, and how many calls it struck."""
        return [
            {**{name: getattr(armed.fault, name) for name in _NAMES}, "struck": armed.struck} for armed in self._armed
        ]

    def _arm(self, fault: Fault) -> _Armed:
        routes = {
            route for route, names in self._names.items() if any(fnmatchcase(name, fault.route) for name in names)
        }
        if not routes:
            raise ValueError(f"a fault's route is an operation or a route, * for all, got {fault.route!r}")
        return _Armed(fault, frozenset(routes))


def _members(text: str) -> dict[str, Any]:
    """Read a fault as it is written on a command line."""
    kind, *others = text.split(",")
    members: dict[str, Any] = {"kind": kind.strip()}
    for other in others:
        name, _, value = other.strip().partition("=")
        reader = _READERS.get(name, str)
        try:
            members[name] = reader(value)
        except ValueError:
            raise ValueError(f"a fault's {name} is a number, got {value!r}") from None
    return members


_READERS: Final[Mapping[str, type[int | float]]] = {"probability": float, "count": int, "seconds": float}


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
