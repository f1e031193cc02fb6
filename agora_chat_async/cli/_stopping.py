"""A Ctrl-C of two steps."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


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
