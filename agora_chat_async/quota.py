"""Quotas as values: what the service allows, before anything is counted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from attrs import field, frozen

SECOND: Final = 1.0
MINUTE: Final = 60.0
DAY: Final = 86_400.0

_PERIODS: Final = {"second": SECOND, "minute": MINUTE, "day": DAY}
_WRITTEN: Final = re.compile(
    r"\s*(?P<calls>\d+)\s*/\s*"
    r"(?:(?P<name>second|minute|day)|(?P<seconds>\d+(?:\.\d+)?)\s*s)"
    r"(?:\s+of\s+(?P<counts>\w+))?\s*"
)
_NAMES: Final = {period: name for name, period in _PERIODS.items()}


@frozen
class Rate:
    """At most `calls` in any window of `period` seconds."""

    calls: int = field()
    """How many, at least 1."""
    period: float = field()
    """Length of the window in seconds."""
    counts: str | None = None
    """Name of the list argument whose items are counted; None where each call counts as one."""

    def __attrs_post_init__(self) -> None:
        if self.calls < 1 or self.period <= 0:
            raise ValueError(f"a rate needs at least one call in a positive time, got {self.calls} in {self.period} s")

    @property
    def per(self) -> str:
        """The window's name, `second`, `minute` or `day`, else its length such as `2 s`."""
        return _NAMES.get(self.period) or f"{self.period:g} s"

    def __str__(self) -> str:
        return f"{self.calls}/{self.per}" + (f" of {self.counts}" if self.counts else "")

    @classmethod
    def parse(cls, text: str) -> Rate:
        """Read a rate written like `150/second`, `5/1800 s` or `6000/minute of to`."""
        match = _WRITTEN.fullmatch(text)
        if not match or int(match["calls"]) < 1:
            raise ValueError(f"a rate is written like '150/second', '5/1800 s' or '6000/minute of to', got {text!r}")
        period = _PERIODS[match["name"]] if match["name"] else float(match["seconds"])
        return cls(int(match["calls"]), period, match["counts"])


@frozen
class Quota:
    """A documented total that several endpoints draw on, known by its name."""

    name: str
    rates: tuple[Rate, ...] = ()
    concurrent: int | None = None
    """Calls that may be in progress at once."""


@frozen
class Plan:
    """What a price plan allows in all, over every endpoint."""

    name: str
    total: Rate | None = None


def per_second(calls: int, *, counts: str | None = None) -> Rate:
    """At most `calls` in any second."""
    return Rate(calls, SECOND, counts)


def per_minute(calls: int, *, counts: str | None = None) -> Rate:
    """At most `calls` in any minute."""
    return Rate(calls, MINUTE, counts)


def per_day(calls: int, *, counts: str | None = None) -> Rate:
    """At most `calls` in any 24 hours."""
    return Rate(calls, DAY, counts)


PLANS: Final[Mapping[str, Plan]] = {
    plan.name: plan for plan in (Plan("free", per_second(10)), Plan("starter"), Plan("pro"), Plan("enterprise"))
}
"""The vendor's price plans; only the free one has a total, 10 calls a second."""
