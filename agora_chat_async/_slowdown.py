"""How much of a rate is used after the service has refused calls that kept it.

Others draw on the same quota at the service: the apps of users, other programs. How much they leave changes and is
told nowhere, so a bucket whose calls are refused has to find out. It goes at a *factor* of its rate, in three ways at
once: it sends evenly spaced calls instead of bursts, so that at the edge one call is refused and not fifty; it holds
back a part of its slots, so that after a burst it is silent until the service's window has moved on; and the factor
follows the answers, by a curve like that of CUBIC, the congestion control of TCP:

    cut       A refusal multiplies the factor by 0.7, once a window of the rate. Answers to calls that were sent before
              the cut tell nothing of it, so they do not cut again. The *level* is remembered: what was admitted in
              the window before the refusal, but no less than the cut factor.
    silence   Until a call sent after the cut is admitted, the factor stays, and the space between calls doubles with
              each refusal up to half a second: while all calls are refused, few are sent.
    regain    From then on the factor rises to the level within a second, steep at first and flat when it gets there.
    probe     Then it rises on, flat for long and then steep, and is at the full rate 15 seconds later.

So a lasting load of others is met again after some seconds, with a call or two, and most of the time goes by near the
level. If calls are refused for longer than a window after a cut, the rate is not why, since the service has forgotten
by then what was sent before. The level is then what the factor was before the cut, so that a service which refused
everything for a while is used as before a second and a half after it admits again.

Rates of few calls do all this more slowly: regaining takes two calls' time at least, probing sixty. And since the
service remembers a call for a window, probing takes two of those at least.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final

from agora_chat_async.quota import MINUTE, Rate

CUT: Final = 0.7
REGAIN: Final = 1.0
"""Seconds from the first admitted call to the remembered level."""
PROBE: Final = 15.0
"""Seconds from there to the full rate."""
LONGEST_SILENCE: Final = 0.5
"""Seconds between two calls while all are refused; for slow quotas a sixtieth of the window or two calls' time."""
LONGEST_WINDOW: Final = MINUTE
"""Seconds of the longest window that is slowed: a day's quota that is used up stays so, however slow one is."""

_LEAST: Final = 0.01
_MOST_LEAST: Final = 0.5
_ROUNDING: Final = 1e-9


class Slowdown:
    """A rate that is not used to the full, from its first cut until it is again."""

    __slots__ = (
        "_before",
        "_calls",
        "_cut_at",
        "_doubled_at",
        "_doublings",
        "_floor",
        "_granted_at",
        "_granted_cost",
        "_level",
        "_low",
        "_period",
        "_refused",
        "_regains_from",
        "_silent_since",
        "_spacing",
    )

    def __init__(self, rate: Rate) -> None:
        self._calls = rate.calls
        self._period = rate.period
        self._spacing = rate.period / rate.calls
        """Seconds between calls that are evenly spaced at the full rate."""
        self._floor = min(_MOST_LEAST, max(_LEAST, 1 / rate.calls))
        self._low = self._level = self._before = 1.0
        self._cut_at = -math.inf
        self._regains_from: float | None = 0.0
        """When the first call since the cut was admitted; None while none was."""
        self._silent_since = 0.0
        self._doublings = 0
        self._doubled_at = 0.0
        self._granted_at = -math.inf
        self._granted_cost = 0
        self._refused = deque[tuple[float, int]]()
        """Of the refused calls of the last window, when they were sent and their cost."""

    def factor(self, now: float) -> float:
        """Tell which part of the rate is used, above 0 and at most 1."""
        if self._regains_from is None:
            return self._low
        since = now - self._regains_from
        regain = max(REGAIN, 2 * self._spacing)
        if since < regain:
            return self._level - (self._level - self._low) * (1 - since / regain) ** 3
        probe = max(PROBE, 2 * self._period, 60 * self._spacing)
        return self._level + (1 - self._level) * min(1.0, (since - regain) / probe) ** 5

    @property
    def cut(self) -> tuple[float, float, float]:
        """When it was last cut, what the factor fell to, and the level."""
        return self._cut_at, self._low, self._level

    def follow(self, began: float, low: float, level: float, now: float) -> None:
        """Be cut as another process was, that draws on the same quota."""
        if not self.silent:
            self._silent_since, self._before = now, self.factor(now)
            self._granted_at, self._granted_cost = now, 1
        self._cut_at, self._low, self._level = now, low, level
        self._regains_from = None if now - began < self._period else began

    def lower(self, low: float, level: float) -> None:
        """Know what others found out about the newest cut."""
        self._low, self._level = min(self._low, low), min(self._level, level)

    @property
    def silent(self) -> bool:
        """Whether no call was admitted since the last refusal."""
        return self._regains_from is None

    def held_back(self, now: float) -> int:
        """Tell how many slots are kept free; at least one is not."""
        return self._calls - max(1, int(self._calls * max(self._level, self.factor(now)) + _ROUNDING))

    def ready_at(self, now: float) -> float:
        """Tell when the next call may go, for its distance from the last one, as it looks now."""
        return self._granted_at + self._granted_cost * self.distance(now)

    def distance(self, now: float) -> float:
        """Tell how far apart the calls of this process are, in seconds."""
        distance = self._spacing / self.factor(now)
        if self.silent:
            longest = max(LONGEST_SILENCE, self._period / 60, 2 * self._spacing)
            distance = min(longest, max(distance, self._spacing * 2.0**self._doublings))
        return distance

    def pace(self, now: float) -> float:
        """Tell how far apart those of all processes are, which do not promise each other silence far ahead."""
        return self._spacing / (self._level if self.silent else self.factor(now))

    def granted(self, cost: int, now: float) -> None:
        """Note that a call goes; one that is late by less than its distance does not delay the next."""
        due = self.ready_at(now)
        self._granted_at = due if now - due < self._spacing else now
        self._granted_cost = cost

    def refused(self, cost: int, sent_at: float, used: int, now: float) -> None:
        """Take note of a refusal; `used` is what was sent in the window that ends now."""
        self._refused.append((sent_at, cost))
        if sent_at <= self._cut_at:
            self._level = max(self._low, self._level - cost / self._calls)
            return
        factor = self.factor(now)
        admitted = min(factor, self._admitted(used, now))
        cuts = now - self._cut_at >= self._period
        if cuts:
            self._cut_at, self._low = now, max(self._floor, CUT * factor)
        if self.silent:
            self._refused_again(sent_at, now)
            return
        self._level = max(self._low, admitted)
        if not cuts:
            self._low = self._level
        self._silent_since, self._before = now, factor
        self._granted_at, self._granted_cost = now, 1
        self._regains_from = None

    def _refused_again(self, sent_at: float, now: float) -> None:
        """Space calls wider, since this one was refused too and none was admitted in between."""
        if sent_at > self._doubled_at:
            self._doublings += 1
            self._doubled_at = now
        if sent_at - self._silent_since > self._period:
            self._level = self._before

    def admitted(self, sent_at: float, now: float) -> bool:
        """Take note of a call that was not refused; tell whether it is the first since the cut."""
        if self._regains_from is not None or sent_at <= self._cut_at:
            return False
        self._regains_from = now
        self._doublings = 0
        return True

    def _admitted(self, used: int, now: float) -> float:
        while self._refused and self._refused[0][0] <= now - self._period:
            self._refused.popleft()
        return (used - sum(cost for _, cost in self._refused)) / self._calls
