"""Ids as the service makes them: long numbers that rise with the time."""

from __future__ import annotations

from collections.abc import Callable


class RisingIds:
    """Numbers made of the milliseconds since 1970 and some digits behind these; none comes twice."""

    def __init__(self, now_ms: Callable[[], int], newest: Callable[[], int], *, digits: int) -> None:
        """Take the clock, what tells the newest number that is in use, and how many digits follow the time."""
        self._now_ms = now_ms
        self._newest = newest
        self._factor = 10**digits
        self._last = 0

    def next(self) -> int:
        """Make a number larger than all before."""
        if not self._last:
            self._last = self._newest()
        self._last = max(self._last + 1, self._now_ms() * self._factor + 1)
        return self._last
