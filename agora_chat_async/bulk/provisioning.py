"""Registering many users: from any source, at the pace of the quota, with a result for every row."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Mapping, Sequence, Sized
from functools import partial
from math import inf
from typing import Final, Protocol, cast

import anyio
from anyio import CancelScope, Event, create_memory_object_stream, create_task_group
from anyio.lowlevel import checkpoint
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from agora_chat_async._endpoint import endpoint_of
from agora_chat_async.api.users import MAX_REGISTERED_AT_ONCE, Users
from agora_chat_async.bulk._parsing import mapping_row
from agora_chat_async.bulk.reporting import Meter, OnExisting, Progress, Report
from agora_chat_async.bulk.rows import Row, RowResult, RowStatus
from agora_chat_async.bulk.sending import Aborted, BatchMaker, BatchSender
from agora_chat_async.errors import InvalidArgument
from agora_chat_async.models.users import NewUser, Registration
from agora_chat_async.quota import Rate

PROGRESS_EVERY: Final = 0.1
"""Seconds between two calls of `on_progress`, at least."""
_ROWS_BEFORE_OTHERS_RUN: Final = 1000
_SECONDS_TO_CLOSE_SOURCE: Final = 5

UserLike = NewUser | Row | Mapping[str, object]
"""A user to register; of a mapping, such as a row of a database, the members are those of `NewUser`."""
UserSource = Iterable[UserLike] | AsyncIterable[UserLike]


class RegistersUsers(Protocol):
    """The users of a Session, as far as provisioning needs them."""

    async def create_many(self, users: Sequence[NewUser]) -> Registration:
        """Register up to 60 users."""
        ...


class HasRate(Protocol):
    """A quota's state, as far as provisioning needs it."""

    @property
    def limit(self) -> Rate:
        """The quota."""
        ...


class HasQuotas(Protocol):
    """The quotas of a Session."""

    def snapshot(self) -> Mapping[str, HasRate]:
        """State of each quota, by route."""
        ...


class ProvisioningSession(Protocol):
    """What provisioning needs of a Session."""

    @property
    def users(self) -> RegistersUsers:
        """The users of the app."""
        ...

    @property
    def quotas(self) -> HasQuotas:
        """The quotas of the session."""
        ...


async def provision_users(
    session: ProvisioningSession,
    users: UserSource,
    *,
    on_result: Callable[[RowResult], object] | None = None,
    on_progress: Callable[[Progress], object] | None = None,
    batch_size: int = MAX_REGISTERED_AT_ONCE,
    workers: int = 100,
    on_existing: OnExisting = "skip",
    total: int | None = None,
    stop: Event | None = None,
) -> Report:
    """Register users in batches, as fast as the session's quota allows, and account for every row exactly once.

    Args:
        session: An open Session; quotas, retries and calls in flight are its matter.
        users: Any iterable or async iterable of `NewUser`, of mappings such as `{"username": "anna"}`, or of the rows
            of `read_users`. A mapping that breaks a rule is an invalid row, where `NewUser` raises. The source is read
            as users are sent, so it may be endless. One that blocks belongs into an async one.
        on_result: Called with each row's result, in the order in which they come in. It must not block.
        on_progress: Called at most 10 times a second, and at the end.
        batch_size: Users a call, 1 to 60.
        workers: Batches under way at once, those that wait for the quota included.
        on_existing: Whether a run with names that are taken is `ok`: `skip` says yes, `fail` no.
        total: Number of rows, for the progress, where `users` has no length.
        stop: Once set, no further row is taken; calls under way come to their end and the report says so.

    Returns:
        What became of the rows. `aborted` holds an error that every other call would meet too, such as a refused token
        or a service that could not be connected to several times in a row.

    Raises:
        InvalidArgument: `batch_size`, `workers` or `on_existing` is out of range.
        InputError: The input broke off; what was read before was sent.
    """
    if not 1 <= batch_size <= MAX_REGISTERED_AT_ONCE:
        raise InvalidArgument("batch_size", batch_size, f"1 to {MAX_REGISTERED_AT_ONCE}")
    if workers < 1:
        raise InvalidArgument("workers", workers, "at least 1")
    if on_existing not in {"skip", "fail"}:
        raise InvalidArgument("on_existing", on_existing, "skip or fail")
    if total is None and isinstance(users, Sized):
        total = len(users)
    run = _Run(session, Meter(total, partial(_calls_by_quota, session), MAX_REGISTERED_AT_ONCE), on_result, on_progress)
    try:
        await run.run(users, batch_size, workers, stop or Event())
    finally:
        run.end()
    if run.error is not None:
        raise run.error
    return Report(
        counts=dict(run.meter.counts),
        started=run.meter.started,
        elapsed=run.meter.elapsed,
        calls=run.sender.calls,
        on_existing=on_existing,
        interrupted=run.interrupted,
        aborted=run.aborted.cause if run.aborted else None,
    )


class _Run:
    """The state of one run.

    A batch waits in `_waiting` until a worker begins it, so that the rows of a batch nobody began can be told at the
    end, however it came. Errors do not break the task group: they are kept, the reading ends, and calls under way end
    as they would.
    """

    def __init__(
        self,
        session: ProvisioningSession,
        meter: Meter,
        on_result: Callable[[RowResult], object] | None,
        on_progress: Callable[[Progress], object] | None,
    ) -> None:
        self.meter = meter
        self.sender = BatchSender(session.users.create_many, self._settle)
        self.error: Exception | None = None
        self.aborted: Aborted | None = None
        self.interrupted = False
        self._on_result = on_result
        self._on_progress = on_progress
        self._told_at = -inf
        self._batches = 0
        self._waiting = dict[int, list[Row]]()
        self._stopping = False
        self._reading = CancelScope()

    async def run(self, users: UserSource, batch_size: int, workers: int, stop: Event) -> None:
        """Read and send until all is done, or something ends it."""
        to_workers, batches = create_memory_object_stream[int](workers)
        async with create_task_group() as watching:
            watching.start_soon(self._watch, stop)
            async with create_task_group() as working:
                working.start_soon(self._read, users, BatchMaker(batch_size), to_workers)
                with batches:
                    for _ in range(workers):
                        working.start_soon(self._work, batches.clone())
            watching.cancel_scope.cancel()

    def end(self) -> None:
        """Settle what nobody began and tell the progress once more."""
        for rows in self._waiting.values():
            self._leave(rows)
        self._waiting.clear()
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

    async def _read(self, users: UserSource, maker: BatchMaker, out: MemoryObjectSendStream[int]) -> None:
        try:
            with self._reading:
                async with out:
                    try:
                        await self._read_all(users, maker, out)
                    except Exception as error:  # noqa: BLE001 - the input's own; what was read before it is sent
                        self.error = self.error or error
                    if maker.rows:
                        await self._hand_over(maker, out)
        finally:
            self._leave(maker.take())

    async def _read_all(self, users: UserSource, maker: BatchMaker, out: MemoryObjectSendStream[int]) -> None:
        rows = _rows(users)
        try:
            async for row in rows:
                refused = maker.add(row)
                if refused is not None:
                    self._settle(refused)
                if maker.full:
                    await self._hand_over(maker, out)
        finally:
            await _close(rows)
            await _close(users)

    async def _hand_over(self, maker: BatchMaker, out: MemoryObjectSendStream[int]) -> None:
        rows = maker.take()
        self._batches += 1
        self._waiting[self._batches] = rows
        await out.send(self._batches)

    async def _work(self, batches: MemoryObjectReceiveStream[int]) -> None:
        async with batches:
            async for number in batches:
                if self._stopping:
                    return
                try:
                    await self.sender.send(self._waiting.pop(number))
                except Aborted as aborted:
                    self.aborted = self.aborted or aborted
                    self._stop()
                except Exception as error:  # noqa: BLE001 - raised again when the other calls have ended
                    self._fail(error)

    def _leave(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._settle(RowResult(row.line, row.username, RowStatus.NOT_DONE, None, "the run ended before"))

    def _settle(self, result: RowResult) -> None:
        self.meter.add(result.status)
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


async def _rows(users: UserSource) -> AsyncGenerator[Row, None]:
    place = 0
    if isinstance(users, AsyncIterable):
        async for item in users:
            place += 1
            yield _row(place, item)
    else:
        for place, user in enumerate(users, 1):
            if place % _ROWS_BEFORE_OTHERS_RUN == 0:
                await checkpoint()
            yield _row(place, user)


def _row(place: int, item: object) -> Row:
    if isinstance(item, Row):
        return item
    if isinstance(item, NewUser):
        return Row.of(place, item)
    if isinstance(item, Mapping):
        return mapping_row(place, cast("Mapping[object, object]", item))
    return Row(place, None, None, f"row {place}: neither a NewUser nor a mapping but {type(item).__name__}")


async def _close(source: object) -> None:
    """Close a generator that may have been left half-way."""
    if isinstance(source, AsyncGenerator):
        with anyio.move_on_after(_SECONDS_TO_CLOSE_SOURCE, shield=True):
            await source.aclose()


def _calls_by_quota(session: ProvisioningSession) -> float:
    """Tell how many calls a second the quotas that hold for the session allow."""
    endpoint = endpoint_of(Users.create_many)
    rates, totals = list[Rate](), list[Rate]()
    for name, state in session.quotas.snapshot().items():
        # Where a route has several rates, each is named with its own.
        if name == endpoint.route or name.startswith(f"{endpoint.route} "):
            rates.append(state.limit)
        elif name.startswith("plan "):
            totals.append(state.limit)
    rates = [*(rates or endpoint.rates), *totals]  # a quota is in the snapshot from its first call on
    return min(rate.calls / rate.period for rate in rates)
