"""The emulator's time, which a test can put forward so that mutes, tokens, files and windows of quotas run out."""

from __future__ import annotations

from collections.abc import Callable


class Clock:
    """The wall clock and the clock of the quotas, both as far ahead of the real ones as was asked for."""

    def __init__(self, wall: Callable[[], float], ticks: Callable[[], float]) -> None:
        self._wall = wall
        self._ticks = ticks
        self.ahead: float = 0.0
        """Seconds."""

    def now(self) -> float:
        """The wall clock, in seconds since 1970."""
        return self._wall() + self.ahead

    def monotonic(self) -> float:
        """The clock by which calls are counted, in seconds."""
        return self._ticks() + self.ahead
