"""Progress as it is shown: a live bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final, Protocol

from agora_chat_async.bulk import Progress

PLAIN_EVERY: Final = 10.0
"""Seconds between two plain lines."""


class Display(Protocol):
    """Shows a run's progress."""

    def __call__(self, progress: Progress, /) -> None:
        """Show how the run stands."""
        ...


@contextmanager
def progress_display() -> Generator[Display, None, None]:
    """Give the best display for where stderr goes."""
    if not sys.stderr.isatty():
        yield PlainDisplay()
        return
    try:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bar
    except ModuleNotFoundError:
        yield PlainDisplay()
        return
    columns = (BarColumn(bar_width=20), TextColumn("{task.description}"))
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        yield RichDisplay(bar)


class PlainDisplay:
    """A line every ten seconds."""

    def __init__(self) -> None:
        self._shown_at = time.monotonic()

    def __call__(self, progress: Progress, /) -> None:
        """Print a line if it is time for one."""
        now = time.monotonic()
        if now - self._shown_at >= PLAIN_EVERY:
            self._shown_at = now
            print(in_words(progress), file=sys.stderr, flush=True)


class RichDisplay:
    """A bar with the figures beside it."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None)

    def __call__(self, progress: Progress, /) -> None:
        """Redraw the bar."""
        self._bar.update(self._task, completed=progress.done, total=progress.total, description=in_figures(progress))


def in_words(progress: Progress) -> str:
    """Tell the progress in one line."""
    of = f" of {progress.total:,}" if progress.total is not None else ""
    parts = [
        f"{progress.done:,}{of} rows",
        f"{progress.created:,} created",
        f"{progress.exists:,} exist" if progress.exists else "",
        f"{progress.failed:,} failed" if progress.failed else "",
        f"{progress.rows_per_second:,.0f} rows/s",
        f"{progress.quota_used:.0%} of the quota",
        f"{duration(progress.eta)} to go" if progress.eta is not None else "",
    ]
    return ", ".join(part for part in parts if part)


def in_figures(progress: Progress) -> str:
    """Tell the progress in a line short enough to stand beside a bar."""
    parts = [
        f"{progress.done:,}" + (f"/{progress.total:,}" if progress.total is not None else ""),
        f"[red]{progress.failed:,} failed[/red]" if progress.failed else "",
        f"{progress.rows_per_second:,.0f}/s",
        f"{progress.quota_used:.0%} of quota",
        f"{duration(progress.eta)} left" if progress.eta is not None else "",
    ]
    return "  ".join(part for part in parts if part)


def duration(seconds: float) -> str:
    """Write a time like `2 h 05 min`, `3 min 20 s` or `12 s`."""
    whole = round(seconds)
    minutes, hours = whole // 60, whole // 3600
    if hours:
        return f"{hours} h {minutes % 60:02} min"
    return f"{minutes} min {whole % 60:02} s" if minutes else f"{whole} s"
