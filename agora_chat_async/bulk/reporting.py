"""What a run has done so far, and what it did in the end."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, Literal

from attrs import define, field, frozen

from agora_chat_async.bulk.rows import RowStatus
from agora_chat_async.errors import AgoraChatError

OnExisting = Literal["skip", "update", "fail"]

GOOD: Final = (RowStatus.CREATED, RowStatus.EXISTS, RowStatus.UPDATED)
"""What becomes of rows whose users are registered."""
RECENT: Final = 5.0
"""Seconds over which the present rate is measured."""
_FIRST: Final = 1.0
"""Seconds in which the rate says nothing yet about the rest."""


@frozen
class Progress:
    """A run, part-way."""

    done: int
    """Rows that have a result."""
    created: int
    exists: int
    """Rows of users who existed, those that were updated included."""
    failed: int
    """Rows failed, invalid, of unknown outcome or not done."""
    total: int | None
    """Rows in all, where that is known; of a file it counts all lines, so it may be slightly too high."""
    elapsed: float
    """Seconds since the start."""
    rows_per_second: float
    """Of the last 5 seconds."""
    quota_used: float
    """Share of the calls that the quota allows, 0 to 1, over the last 5 seconds."""
    eta: float | None
    """Seconds to go, by the quota or by the present rate, whichever is longer."""


class TooManyErrors(Exception):
    """More rows went wrong than the caller allows."""


@frozen(kw_only=True)
class Report:
    """A run, ended."""

    counts: Mapping[RowStatus, int]
    """Rows by status; of a run that was resumed those of earlier runs too."""
    started: datetime
    elapsed: float
    """Seconds."""
    calls: int
    """Batches sent, repeated and divided ones included; the session's own retries are not."""
    on_existing: OnExisting
    interrupted: bool = False
    """Stopped before the end of the input by `stop`."""
    aborted: AgoraChatError | TooManyErrors | None = None
    """The error after which it made no sense to go on."""
    rows_before: int = 0
    """Rows that earlier runs of the same journal had done."""

    def count(self, status: RowStatus) -> int:
        """Rows of one status."""
        return self.counts.get(status, 0)

    @property
    def rows(self) -> int:
        """Rows read, each of which has exactly one result."""
        return sum(self.counts.values())

    @property
    def ended(self) -> datetime:
        """When the run ended."""
        return datetime.fromtimestamp(self.started.timestamp() + self.elapsed, UTC)

    @property
    def rows_per_second(self) -> float:
        """Rows registered or found to exist by this run, by its whole time."""
        done = max(sum(map(self.count, GOOD)) - self.rows_before, 0)
        return done / self.elapsed if self.elapsed > 0 else 0.0

    @property
    def ok(self) -> bool:
        """Whether every user of the input is registered now."""
        good = sum(map(self.count, GOOD)) - (self.count(RowStatus.EXISTS) if self.on_existing == "fail" else 0)
        return good == self.rows and not self.interrupted and self.aborted is None


@define
class Meter:
    """Counts results and measures how fast they come."""

    total: int | None
    calls_by_quota: Callable[[], float]
    """Tells how many calls a second the quota allows."""
    rows_a_call: int
    """Rows in a call, at most."""
    counts: Counter[RowStatus] = field(factory=Counter[RowStatus])
    started: datetime = field(factory=lambda: datetime.now(UTC), init=False)
    _began: float = field(factory=time.monotonic, init=False)
    _done: int = field(init=False)
    _recent: deque[tuple[float, int, int]] = field(factory=deque[tuple[float, int, int]], init=False)

    def __attrs_post_init__(self) -> None:
        self._done = self.counts.total()
        self._recent.append((0.0, self._done, 0))

    def add(self, status: RowStatus) -> None:
        """Count one result."""
        self.counts[status] += 1
        self._done += 1

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    def progress(self, calls: int) -> Progress:
        """Tell how the run stands after so many calls."""
        elapsed, done = self.elapsed, self._done
        self._recent.append((elapsed, done, calls))
        while elapsed - self._recent[1][0] >= RECENT:
            self._recent.popleft()
        then, done_then, calls_then = self._recent[0]
        rate, call_rate = 0.0, 0.0
        if elapsed > then:
            rate, call_rate = (done - done_then) / (elapsed - then), (calls - calls_then) / (elapsed - then)
        calls_by_quota = self.calls_by_quota()
        by_quota = self.rows_a_call * calls_by_quota
        created = self.counts[RowStatus.CREATED]
        exists = self.counts[RowStatus.EXISTS] + self.counts[RowStatus.UPDATED]
        return Progress(
            done=done,
            created=created,
            exists=exists,
            failed=done - created - exists,
            total=self.total,
            elapsed=elapsed,
            rows_per_second=rate,
            quota_used=min(call_rate / calls_by_quota, 1.0),
            eta=None if self.total is None else _seconds(self.total - done, by_quota, rate if elapsed > _FIRST else 0),
        )


def _seconds(left: int, by_quota: float, rate: float) -> float:
    return max(left, 0) / (min(rate, by_quota) if rate > 0 else by_quota)
