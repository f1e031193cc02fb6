"""Whether a session can be used, what is under way in it, and how it ends for calls that are."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from typing import Any, Final
from weakref import WeakSet

from attrs import frozen

from agora_chat_async.errors import SessionAlreadyOpen, SessionClosed, SessionNotOpen, WrongEventLoop, WrongProcess

_FORKED: Final = "the session was opened before this process was forked; make one for each process"
CLOSED_UNDER_WAY: Final = "the session was closed while the call was under way"


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
        self.closed: bool = False
        """Whether new calls are refused."""
        self.ended: bool = False
        """Whether calls under way are ended too."""
        self.forked: bool = False
        """Whether this is the copy of a session in a process that was forked since."""
        self._active = dict[object, asyncio.Task[Any]]()
        """Of each call its task."""
        self._cancelled_before = dict[object, int]()
        """Of calls whose task had been cancelled when they began, how often."""
        self._evicted = set[object]()
        self._idle = asyncio.Event()
        self.calls: int = 0
        self.attempts: int = 0
        self.retries: int = 0
        self.refused: int = 0

    def check_unused(self) -> None:
        """Raise what opening the session again deserves."""
        if self.forked:
            raise WrongProcess(_FORKED)
        if self.closed:
            raise SessionClosed("a closed session cannot be opened again; make a new one")
        if self.loop is not None:
            raise SessionAlreadyOpen("the session is open already")

    def begin(self) -> None:
        """Let the session be used, in this event loop and process."""
        self.loop = asyncio.get_running_loop()
        _opened.add(self)

    def check(self) -> None:
        """Raise what a call outside the session's life deserves."""
        if self.closed:
            if self.forked:
                raise WrongProcess(_FORKED)
            raise SessionClosed("the session is closed")
        if self.loop is None:
            raise SessionNotOpen("the session is not open: use `async with`, or await its open()")
        if self.loop is not asyncio.get_running_loop():
            raise WrongEventLoop("the session was opened in another event loop; make one for each loop")

    def check_goes_on(self) -> None:
        """Raise what a call under way gets when it is to end."""
        if self.ended:
            raise SessionClosed(CLOSED_UNDER_WAY)

    def enter(self, call: object) -> None:
        """Note that a call begins."""
        self.check()
        task = asyncio.current_task()
        if task is None:
            raise WrongEventLoop("a call has to be awaited in a task")
        self.calls += 1
        self._active[call] = task
        if before := task.cancelling():
            self._cancelled_before[call] = before

    def leave(self, call: object) -> None:
        """Note that a call has ended."""
        self._active.pop(call, None)
        self._cancelled_before.pop(call, None)
        self._evicted.discard(call)
        if not self._active:
            self._idle.set()

    async def drained(self, patience: float) -> None:
        """Wait some seconds at most until no call is under way, or until `hurry`."""
        if self._active and patience > 0:
            self._idle.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._idle.wait()

    def hurry(self) -> None:
        """Wait no longer for calls under way."""
        self._idle.set()

    def evict(self) -> None:
        """Interrupt every call that is under way."""
        self.ended = True
        for call, task in self._active.items():
            if task.cancelling() <= self._cancelled_before.get(call, 0):  # otherwise it is being cancelled already
                self._evicted.add(call)
                task.cancel()

    def was_evicted(self, call: object) -> bool:
        """Tell whether closing, and nobody else, interrupted a call; if so end the interruption of its task."""
        if call not in self._evicted:
            return False
        return self._active[call].uncancel() <= self._cancelled_before.get(call, 0)

    @property
    def under_way(self) -> int:
        """Calls that are under way."""
        return len(self._active)


_opened: Final = WeakSet[Life]()


def _leave_to_parent() -> None:
    """In a forked process: let its copies of sessions alone, for to close their connections would spoil the parent's.

    The copy of the event loop watches them through the very epoll object that the parent's loop does.
    """
    for life in _opened:
        life.closed = life.forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)
