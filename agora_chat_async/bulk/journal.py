"""A journal beside a run, so that it can be stopped or killed at any moment and gone on with.

A batch is noted as sent, durably, before it leaves, and as done after its answer. So a later run knows three kinds of
rows: those that are done, which it passes over; those that were never sent; and those of batches that were sent
without an answer being noted, which it sends again, as a name can be registered only once.

All that is noted within some milliseconds is made durable together, by a thread of the journal's own. The result file
is written by the same thread, ahead of the journal, which knows how much of it is final: whatever stands after that,
a torn line or the rows of batches that are not done, is cut off when the run is resumed.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Final, Self

from anyio import CancelScope, to_thread
from attrs import define

from agora_chat_async.bulk._batches import Batch, Past
from agora_chat_async.bulk._result_lines import ResultLines, line_of
from agora_chat_async.bulk._store import JournalError, Store
from agora_chat_async.bulk.reading import fingerprint
from agora_chat_async.bulk.rows import Row, RowResult, RowStatus

GATHER: Final = 0.03
"""Seconds over which what is noted is gathered, to be made durable together."""
_LINES_AT_ONCE: Final = 1000


@define(eq=False)
class _Step:
    """Something to note, and who waits until it is durable."""

    do: Callable[[], None]
    waiting: asyncio.Future[None] | None = None
    batch: Batch | None = None
    """The batch whose results are noted."""


class Journal:
    """The journal of one run over one input; `async with` opens it.

    Args:
        path: An SQLite file, made where there is none.
        source: The file that users are read from; a run over another one is refused.
        result: Where to write what became of each row, as `ResultFile` does; complete whenever the journal is closed.
        resume: Whether to go on with a run that the journal knows; without it only a new file is taken.
        force: Whether to go on although `source` or `bind` is not what it was.
        bind: What else has to be the same whenever the run is resumed, such as the app.

    Raises:
        JournalError: On opening: the file is in use, or belongs to another run; from the run: the journal is not open.
        OSError: On opening, and from the run: a file cannot be read or written.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        source: str | os.PathLike[str] | None = None,
        result: str | os.PathLike[str] | None = None,
        resume: bool = False,
        force: bool = False,
        bind: Mapping[str, str] | None = None,
    ) -> None:
        self._store = Store(Path(path))
        self._source = None if source is None else Path(source)
        self._result = None if result is None else Path(result)
        self._resume, self._force = resume, force
        self._bind = dict(bind or {})
        self._steps = SimpleQueue[_Step | None]()
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._error: Exception | None = None
        self._runs = False
        """Whether it is open for a run."""
        self._lines: ResultLines | None = None
        self._new_lines = list[bytes]()
        self._noted: int | None = None
        """Bytes of the result file that the journal calls final."""
        self._unsaved = list[Batch]()
        self.past: Past = Past()
        """What is left to do of the rows that were begun."""
        self.counts: Counter[RowStatus] = Counter()
        """Rows done by earlier runs, by status."""
        self.newest: int | None = None
        self.began: float = 0.0
        """When the first run began, in seconds since 1970."""
        self.finished: float | None = None
        """When the whole input was done, in seconds since 1970."""
        self.rebuilding: bool = False
        """Whether the result file has to be written anew, from the journal and the rows as they are read."""

    @property
    def read_after(self) -> int:
        """The line up to which nothing has to be read, for `read_users(..., after=)`."""
        return 0 if self.rebuilding else self.past.read_after

    def begin(self) -> None:
        """Note that a run begins; an opened journal takes one."""
        if not self._runs:
            raise JournalError("the journal is not open: use `async with`, once for each run")
        self._runs = False

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        opened = self._loop.create_future()
        self._steps.put(_Step(self._open, opened))
        self._thread.start()
        try:
            await opened
        except BaseException:
            await self._end()
            raise
        self._runs = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runs = False
        await self._end()
        if error is None and self._error is not None:
            raise self._error

    async def sent(self, batch: Batch) -> None:
        """Note that a batch is about to be sent; returns when that is durable."""
        await self._durable(lambda: self._store.note_sent(batch))

    def settled(self, batch: Batch) -> None:
        """Note the results of a batch, soon."""
        self._steps.put(_Step(lambda: self._settle(batch), batch=batch))

    async def restore(self, rows: Sequence[Row]) -> None:
        """Write the results of rows anew that an earlier run has done."""
        await self._durable(lambda: self._restore(rows))

    async def restored(self) -> None:
        """Note that the result file has all that the journal knows."""
        self.rebuilding = False
        await self._durable(lambda: None)

    async def end(self, *, all_read: bool) -> None:
        """Make all durable; where the whole input was read and every row is done, the run is finished."""
        await self._durable(self._store.note_end if all_read else lambda: None)

    async def _durable(self, do: Callable[[], None]) -> None:
        waiting = self._loop.create_future()
        self._steps.put(_Step(do, waiting))
        await waiting

    async def _end(self) -> None:
        self._steps.put(None)
        with CancelScope(shield=True):
            await to_thread.run_sync(self._thread.join)

    # What follows runs in the journal's thread.

    def _work(self) -> None:
        first = self._steps.get()
        if first is not None:
            try:
                first.do()
            except Exception as error:  # noqa: BLE001 - told to whoever opens the journal
                self._tell([first], error)
                return
            self._tell([first])
        ended = False
        while not ended:
            steps, ended = self._next()
            if self._error is None:
                self._commit(steps)
            else:
                self._unsaved += [step.batch for step in steps if step.batch is not None]
            self._tell(steps, self._error)
        self._close()

    def _next(self) -> tuple[list[_Step], bool]:
        """Wait for something to note, and return all that comes together."""
        steps = list[_Step]()
        step = self._steps.get()
        if step is not None:
            time.sleep(GATHER)
        with suppress(Empty):
            while step is not None:
                steps.append(step)
                step = self._steps.get_nowait()
            return steps, True
        return steps, False

    def _tell(self, steps: Iterable[_Step], error: Exception | None = None) -> None:
        waiting = [step.waiting for step in steps if step.waiting is not None]

        def wake() -> None:
            for future in waiting:
                if not future.done():
                    future.set_result(None) if error is None else future.set_exception(error)

        if waiting:
            with suppress(RuntimeError):  # the event loop is gone, and so is who waits
                self._loop.call_soon_threadsafe(wake)

    def _commit(self, steps: Sequence[_Step]) -> None:
        try:
            with self._store.transaction():
                for step in steps:
                    step.do()
                if self._lines is not None:
                    self._lines.write(b"".join(self._new_lines))
                    if not self.rebuilding and self._lines.size != self._noted:
                        self._store.set("result_bytes", self._lines.size)
        except Exception as error:  # noqa: BLE001 - told to whoever waits, and by leaving the journal
            self._error = error
            self._unsaved += [step.batch for step in steps if step.batch is not None]
        else:
            if self._lines is not None:
                self._lines.keep()
                self._noted = None if self.rebuilding else self._lines.size
        self._new_lines.clear()

    def _open(self) -> None:
        bound = {**self._bind, **(fingerprint(self._source) if self._source is not None else {})}
        store = self._store
        store.open(bound, resume=self._resume, force=self._force)
        try:
            self.past, self.counts, self.newest = store.past(), store.counts(), store.newest()
            self.began, self.finished = store.began, store.get("finished")
            final: int | None = store.get("result_bytes")
            if self._result is not None:
                path = str(self._result.absolute())
                size = self._result.stat().st_size if self._result.is_file() else 0
                if final is None or store.get("result") != path or size < final:
                    self.rebuilding, final = self.past.covered > 0, 0
                self._lines = ResultLines(self._result, final)
                with store.transaction():
                    store.set("result", path)
                    store.set("result_bytes", None if self.rebuilding else final)
            elif final is not None:
                with store.transaction():
                    store.set("result_bytes", None)  # rows will be done that no result file has
        except BaseException:
            store.close()
            raise

    def _settle(self, batch: Batch) -> None:
        if self._store.note_settled(batch) and self._lines is not None:
            self._new_lines += map(line_of, batch.results)

    def _restore(self, rows: Sequence[Row]) -> None:
        others = self._store.results_between(rows[0].line, rows[-1].line)
        self._new_lines += [
            line_of(others.get(row.line) or RowResult(row.line, row.username, RowStatus.CREATED)) for row in rows
        ]

    def _close(self) -> None:
        """Add the rows of batches that are not done to the result file, and close the files."""
        try:
            if self._lines is not None:
                self._lines.cut()
                self._add_open(self._lines)
        except Exception as error:  # noqa: BLE001 - raised by leaving the journal
            self._error = self._error or error
            with suppress(OSError):
                if self._lines is not None:
                    self._lines.cut()  # rather whole lines than all
        for file in (self._lines, self._store):
            try:
                if file is not None:
                    file.close()
            except OSError as error:
                self._error = self._error or error

    def _add_open(self, lines: ResultLines) -> None:
        known = {result.line: line_of(result) for batch in self._unsaved for result in batch.results}
        lines.write(b"".join(known.values()))
        others = (line_of(result) for result in self._store.open_results() if result.line not in known)
        while some := b"".join(islice(others, _LINES_AT_ONCE)):
            lines.write(some)
