"""Registering many users: from any source, at the pace of the quota, with a result for every row."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Mapping, Sized
from functools import partial
from typing import Final, Protocol, cast, get_args

from anyio import Event
from anyio.lowlevel import checkpoint

from agora_chat_async._endpoint import endpoint_of
from agora_chat_async.api.users import MAX_REGISTERED_AT_ONCE, Users
from agora_chat_async.bulk._parsing import mapping_row
from agora_chat_async.bulk._run import ErrorLimit, Run, close
from agora_chat_async.bulk.journal import Journal
from agora_chat_async.bulk.reporting import Meter, OnExisting, Progress, Report
from agora_chat_async.bulk.rows import Row, RowResult
from agora_chat_async.bulk.sending import BatchSender, RegistersUsers
from agora_chat_async.errors import InvalidArgument
from agora_chat_async.models.users import NewUser
from agora_chat_async.quota import Rate

_ROWS_BEFORE_OTHERS_RUN: Final = 1000

UserLike = NewUser | Row | Mapping[str, object]
"""A user to register; of a mapping, such as a row of a database, the members are those of `NewUser`."""
UserSource = Iterable[UserLike] | AsyncIterable[UserLike]


class SetsNicknames(Protocol):
    """The push settings of a Session, as far as provisioning needs them."""

    async def set_display_nickname(self, username: str, nickname: str) -> object:
        """Set a nickname."""
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
    def push(self) -> SetsNicknames:
        """Their push settings."""
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
    journal: Journal | None = None,
    max_errors: int | None = None,
    max_error_rate: float | None = None,
) -> Report:
    """Register users in batches, as fast as the session's quota allows, and account for every row exactly once.

    Args:
        session: An open Session; quotas, retries and calls in flight are its matter.
        users: Any iterable or async iterable of `NewUser`, of mappings such as `{"username": "anna"}`, or of the rows
            of `read_users`. A mapping that breaks a rule is an invalid row, where `NewUser` raises. The source is read
            as users are sent, so it may be endless. One that blocks belongs into an async one.
        on_result: Called with each row's result, in the order in which they come in; not with those of earlier runs.
            It must not block.
        on_progress: Called at most 10 times a second, and at the end.
        batch_size: Users a call, 1 to 60.
        workers: Batches under way at once, those that wait for the quota included.
        on_existing: What to do with names that are taken: `skip` leaves the users as they are, `update` sets the
            nickname and password that the row gives, `fail` leaves them too, and the run is not `ok`.
        total: Number of rows, for the progress, where `users` has no length.
        stop: Once set, no further row is taken; calls under way come to their end and the report says so.
        journal: An open journal, with which a run that was stopped or killed goes on. The source has to give the same
            rows in the same order each time, beginning with the first, or after the journal's `read_after`.
        max_errors: Rows that may go wrong; one more ends the run.
        max_error_rate: The same as a share of the rows, 0 to 1, once there are 100 of them.

    Returns:
        What became of the rows. `aborted` holds an error that every other call would meet too, such as a refused token
        or a service that could not be connected to several times in a row, or `TooManyErrors`.

    Raises:
        InvalidArgument: `batch_size`, `workers`, `on_existing` or a limit of errors is out of range.
        JournalError: The journal is not open, or was used for a run already.
        InputError: The input broke off; what was read before was sent.
        OSError: The journal or its result file cannot be written; the run can be resumed.
    """
    if not 1 <= batch_size <= MAX_REGISTERED_AT_ONCE:
        raise InvalidArgument("batch_size", batch_size, f"1 to {MAX_REGISTERED_AT_ONCE}")
    if workers < 1:
        raise InvalidArgument("workers", workers, "at least 1")
    if on_existing not in get_args(OnExisting):
        raise InvalidArgument("on_existing", on_existing, f"one of {', '.join(get_args(OnExisting))}")
    if max_errors is not None and max_errors < 0:
        raise InvalidArgument("max_errors", max_errors, "0 or more")
    if max_error_rate is not None and not 0 <= max_error_rate <= 1:
        raise InvalidArgument("max_error_rate", max_error_rate, "0 to 1")
    if journal is not None:
        journal.begin()
    if total is None and isinstance(users, Sized):
        total = len(users)
    meter = Meter(
        total,
        partial(_calls_by_quota, session),
        MAX_REGISTERED_AT_ONCE,
        Counter() if journal is None else Counter(journal.counts),
    )
    sender = BatchSender(session.users, partial(_update, session) if on_existing == "update" else None)
    limit = ErrorLimit(max_errors, max_error_rate, existing=on_existing == "fail")
    run = Run(meter, sender, limit, journal, on_result, on_progress)
    rows_before = meter.counts.total()
    try:
        await run.run(_rows(users), batch_size, workers, stop or Event())
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
        aborted=run.aborted,
        rows_before=rows_before,
    )


async def _update(session: ProvisioningSession, user: NewUser) -> bool:
    """Set what a row says of a user who exists."""
    if user.password is not None:
        await session.users.set_password(user.username, user.password)
    if user.nickname is not None:
        await session.push.set_display_nickname(user.username, user.nickname)
    return user.password is not None or user.nickname is not None


async def _rows(users: UserSource) -> AsyncGenerator[Row, None]:
    place = 0
    if isinstance(users, AsyncIterable):
        try:
            async for item in users:
                place += 1
                yield _row(place, item)
        finally:
            await close(users)
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
