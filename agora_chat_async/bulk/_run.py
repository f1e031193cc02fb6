"""One run: reading, the workers that send batches, and the account of every row."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Final

import anyio
from anyio import CancelScope, Event, create_memory_object_stream, create_task_group
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from attrs import define

from agora_chat_async.bulk._batches import Batch, BatchMaker
from agora_chat_async.bulk._one_batch import Aborted
from agora_chat_async.bulk.reporting import GOOD, Meter, Progress, TooManyErrors
from agora_chat_async.bulk.rows import Row, RowResult, RowStatus
from agora_chat_async.bulk.sending import BatchSender
from agora_chat_async.errors import AgoraChatError

if TYPE_CHECKING:
    from agora_chat_async.bulk.journal import Journal

PROGRESS_EVERY: Final = 0.1
"""Seconds between two calls of `on_progress`, at least."""
ROWS_BEFORE_A_RATE: Final = 100
"""Rows before a share of errors says anything."""
_SECONDS_TO_CLOSE_SOURCE: Final = 5
_RESTORED_AT_ONCE: Final = 1000


@define
class ErrorLimit:
    """How many rows may go wrong."""

    most: int | None
    share: float | None
    existing: bool
    """Whether a taken name is an error."""
    rows: int = 0
    errors: int = 0

    def exceeded_by(self, status: RowStatus) -> str | None:
        """Count a row, and tell in words if it is one too many."""
        self.rows += 1
        fine = status in GOOD or status is RowStatus.NOT_DONE
        self.errors += not fine or (self.existing and status is RowStatus.EXISTS)
        if self.most is not None and self.errors > self.most:
            return f"{self.errors:,} rows went wrong, {self.most:,} may"
        if self.share is not None and self.rows >= ROWS_BEFORE_A_RATE and self.errors > self.share * self.rows:
            return f"{self.errors:,} of {self.rows:,} rows went wrong, {self.share:.3g} of them may"
        return None


class _Restorer:
    """Has the result file written anew with the rows that earlier runs have done."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._rows = list[Row]()

    async def pass_by(self, row: Row, *, done_before: bool) -> None:
        """Take a row of the input."""
        if done_before:
            self._rows.append(row)
        if self._rows and (not done_before or len(self._rows) >= _RESTORED_AT_ONCE):
            await self._journal.restore(self._rows)
            self._rows = []
        if row.line > self._journal.past.covered and self._journal.rebuilding:
            await self._journal.restored()

    async def end(self) -> None:
        """Note that there are no more rows."""
        if self._rows:
            await self._journal.restore(self._rows)
        if self._journal.rebuilding:
            await self._journal.restored()


class Run:
    """The state of one run.

    A batch waits in `_waiting` until a worker begins it, so that the rows of a batch nobody began can be told at the
    end, however it came. Errors do not break the task group: they are kept, the reading ends, and calls under way end
    as they would.
    """

    def __init__(  # noqa: PLR0917 - in one place only
        self,
        meter: Meter,
        sender: BatchSender,
        limit: ErrorLimit,
        journal: Journal | None,
        on_result: Callable[[RowResult], object] | None,
        on_progress: Callable[[Progress], object] | None,
    ) -> None:
        self.meter = meter
        self.sender = sender
        if journal is not None:
            sender.newest, sender.began = journal.newest, journal.began
        self.error: Exception | None = None
        self.aborted: AgoraChatError | TooManyErrors | None = None
        self.interrupted = False
        self._on_result = on_result
        self._on_progress = on_progress
        self._journal = journal
        self._limit = limit
        self._told_at = -inf
        self._waiting = dict[int, Batch]()
        self._stopping = False
        self._all_read = False
        self._restorer = _Restorer(journal) if journal is not None and journal.rebuilding else None
        self._reading = CancelScope()

    async def run(self, rows: AsyncIterator[Row], batch_size: int, workers: int, stop: Event) -> None:
        """Read and send until all is done, or something ends it."""
        past = None if self._journal is None else self._journal.past
        maker = BatchMaker(batch_size, past, under_way=2 * workers * batch_size)
        to_workers, batches = create_memory_object_stream[int](workers)
        async with create_task_group() as watching:
            watching.start_soon(self._watch, stop)
            async with create_task_group() as working:
                working.start_soon(self._read, rows, maker, to_workers)
                with batches:
                    for _ in range(workers):
                        working.start_soon(self._work, batches.clone())
            watching.cancel_scope.cancel()
        self._leave_waiting()
        if self._journal is not None:
            try:
                await self._journal.end(all_read=self._all_read)
            except Exception as error:  # noqa: BLE001 - raised by the caller, as all that ends a run
                self.error = self.error or error

    def end(self) -> None:
        """Settle what nobody began and tell the progress once more."""
        self._leave_waiting()
        if self._on_progress is not None:
            self._on_progress(self.meter.progress(self.sender.ended))

    async def _watch(self, stop: Event) -> None:
        await stop.wait()
        self.interrupted = True
        self._stop()

    def _stop(self) -> None:
        self._stopping = True
        self._reading.cancel()

    def _fail(self, error: Exception) -> None:
        self.error = self.error or error
        self._stop()

    def _abort(self, error: AgoraChatError | TooManyErrors) -> None:
        self.aborted = self.aborted or error
        self._stop()

    async def _read(self, rows: AsyncIterator[Row], maker: BatchMaker, out: MemoryObjectSendStream[int]) -> None:
        try:
            with self._reading:
                async with out:
                    try:
                        await self._read_all(rows, maker, out)
                        self._all_read = True
                    except Exception as error:  # noqa: BLE001 - the input's own; what was read before it is sent
                        self.error = self.error or error
                    await self._hand_over(maker.take(), out)
        finally:
            for batch in maker.take():
                self._leave(batch)

    async def _read_all(self, rows: AsyncIterator[Row], maker: BatchMaker, out: MemoryObjectSendStream[int]) -> None:
        try:
            async for row in rows:
                ready, refused = maker.add(row)
                if refused is not None:
                    self._tell(refused)
                await self._hand_over(ready, out)
                if self._restorer is not None:
                    await self._restorer.pass_by(row, done_before=maker.done_before(row.line))
            if self._restorer is not None:
                await self._restorer.end()
        finally:
            await close(rows)

    async def _hand_over(self, batches: Sequence[Batch], out: MemoryObjectSendStream[int]) -> None:
        for batch in batches:
            if batch.rows:
                self._waiting[batch.number] = batch
            else:
                self._note_if_complete(batch)
        for batch in batches:
            if batch.rows:
                await out.send(batch.number)

    async def _work(self, batches: MemoryObjectReceiveStream[int]) -> None:
        async with batches:
            async for number in batches:
                if self._stopping:
                    return
                try:
                    await self._send(self._waiting.pop(number))
                except Aborted as aborted:
                    self._abort(aborted.cause)
                except Exception as error:  # noqa: BLE001 - raised again when the other calls have ended
                    self._fail(error)

    async def _send(self, batch: Batch) -> None:
        if not batch.again:
            batch.newest = self.sender.newest
        if self._journal is not None:
            try:
                await self._journal.sent(batch)
            except BaseException:
                self._leave(batch)
                raise
        await self.sender.send(batch, partial(self._settle, batch))

    def _leave_waiting(self) -> None:
        for batch in self._waiting.values():
            self._leave(batch)
        self._waiting.clear()

    def _leave(self, batch: Batch) -> None:
        status = RowStatus.UNKNOWN if batch.again else RowStatus.NOT_DONE
        for row in batch.rows.values():
            self._settle(batch, RowResult(row.line, row.username, status, None, "the run ended before"))
        if not batch.rows:
            self._note_if_complete(batch)

    def _settle(self, batch: Batch, result: RowResult) -> None:
        batch.results.append(result)
        self._tell(result)
        self._note_if_complete(batch)

    def _note_if_complete(self, batch: Batch) -> None:
        if self._journal is not None and batch.complete:
            self._journal.settled(batch)

    def _tell(self, result: RowResult) -> None:
        self.meter.add(result.status)
        too_many = self._limit.exceeded_by(result.status)
        if too_many is not None and not self._stopping:
            self._abort(TooManyErrors(too_many))
        try:
            if self._on_result is not None:
                self._on_result(result)
            now = time.monotonic()
            if self._on_progress is not None and now - self._told_at >= PROGRESS_EVERY:
                self._told_at = now
                self._on_progress(self.meter.progress(self.sender.ended))
        except Exception as error:  # noqa: BLE001 - raised again when the calls under way have ended
            # A callback that failed is not called again; the rows are still counted.
            self._on_result = self._on_progress = None
            self._fail(error)


async def close(source: object) -> None:
    """Close a generator that may have been left half-way."""
    if isinstance(source, AsyncGenerator):
        with anyio.move_on_after(_SECONDS_TO_CLOSE_SOURCE, shield=True):
            await source.aclose()
