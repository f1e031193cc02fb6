"""Whether a session can be used, what is under way in it, and how it ends for calls that are."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from attrs import frozen

from agora_chat_async.errors import SessionClosed, SessionNotOpen, WrongEventLoop


@frozen
class Stats:
    """Counts since the session was opened."""

    calls: int
    """Calls begun."""
    attempts: int
    """Requests handed to a connection."""
    retries: int
    """Calls sent again."""
    refused: int
    """Answers that said that calls come too fast."""


class Life:
    """Whether a session can be used, and what happened in it: shared by all that send through it."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.closed = False
        self._active = dict[object, asyncio.Task[Any] | None]()
        self._evicted = set[object]()
        self._idle: asyncio.Event | None = None
        self.calls: int = 0
        self.attempts: int = 0
        self.retries: int = 0
        self.refused: int = 0

    def check(self) -> None:
        """Raise what a call outside the session's life deserves."""
        if self.closed:
            raise SessionClosed("the session is closed")
        if self.loop is None:
            raise SessionNotOpen("the session is not open: use `async with`, or await its open()")
        if self.loop is not asyncio.get_running_loop():
            raise WrongEventLoop("the session was opened in another event loop; make one for each loop")

    def enter(self, call: object) -> None:
        """Note that a call begins."""
        self.check()
        self.calls += 1
        self._active[call] = asyncio.current_task()

    def leave(self, call: object) -> None:
        """Note that a call has ended."""
        self._active.pop(call, None)
        self._evicted.discard(call)
        if self._idle is not None and not self._active:
            self._idle.set()

    async def drained(self, patience: float) -> None:
        """Wait some seconds at most until no call is under way."""
        if self._active and patience > 0:
            self._idle = asyncio.Event()
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._idle.wait()

    def evict(self) -> list[asyncio.Task[Any]]:
        """Interrupt every call that is under way, and return their tasks."""
        me = asyncio.current_task()
        tasks = {call: task for call, task in self._active.items() if task is not None and task is not me}
        self._evicted.update(tasks)
        for task in tasks.values():
            task.cancel()
        return [*tasks.values()]

    def was_evicted(self, call: object) -> bool:
        """Tell whether a call was interrupted by closing, and if so end the interruption of its task."""
        task = asyncio.current_task()
        if call not in self._evicted or task is None:
            return False
        task.uncancel()
        return True

    @property
    def under_way(self) -> int:
        """Calls that are under way."""
        return len(self._active)
