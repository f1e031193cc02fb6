"""Running an event loop for a command: without long pauses, and with a Ctrl-C of two steps."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Final, TypeVar

T = TypeVar("T")

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def run_smoothly(main: Coroutine[Any, Any, T]) -> T:
    """Run like `asyncio.run`, with what was loaded so far out of the garbage collector's sight.

    A full collection over it takes 50 to 100 ms. In that pause requests stay behind that were already counted as sent,
    and arrive too close to later ones for the quota.
    """
    gc.collect()
    gc.freeze()
    return asyncio.run(main)


@contextmanager
def two_step_stop(ask: Callable[[], object], force: Callable[[], object]) -> Generator[None, None, None]:
    """Inside the context, call `ask` at the first signal to stop and `force` at every later one."""
    steps = iter([ask])

    def stop() -> None:
        next(steps, force)()

    def from_outside(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop)

    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        for number in _SIGNALS:
            try:
                loop.add_signal_handler(number, stop)
            except NotImplementedError:  # Windows
                signal.signal(number, from_outside)
        yield
    finally:
        for number in _SIGNALS:
            with suppress(NotImplementedError):
                loop.remove_signal_handler(number)
            signal.signal(number, before[number])
