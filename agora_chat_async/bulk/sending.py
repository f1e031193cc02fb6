"""One batch of new users sent until each of its rows has a result.

The service has two ways to answer for names that are taken. Most versions register the rest and list the others; some
refuse the whole batch with a 400 that names one taken name. A row that breaks a rule of the service is answered with a
400 for the whole batch too, which names nobody. So a refused batch is sent again without the name that the refusal
tells, and where it tells none, in halves.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from attrs import define, field

from agora_chat_async.bulk.rows import Row, RowResult, RowStatus
from agora_chat_async.errors import (
    AgoraChatError,
    AlreadyExists,
    APIError,
    AppNotFound,
    BadRequest,
    ConnectFailed,
    DecodeError,
    Forbidden,
    InvalidArgument,
    PlanLimitExceeded,
    SessionError,
    TokenError,
    Unauthorized,
)
from agora_chat_async.models.users import NewUser, Registration

Register = Callable[[Sequence[NewUser]], Awaitable[Registration]]
Settle = Callable[[RowResult], None]

HOPELESS: Final = (PlanLimitExceeded, Unauthorized, AppNotFound, Forbidden, SessionError, TokenError)
"""Errors after which no other batch can pass either."""

# The documented text ends in the taken name, as the last pattern has it; the others are forms that were seen besides.
_TAKEN_NAME: Final = tuple(
    re.compile(pattern, re.IGNORECASE) for pattern in (r"value of (\S+) exists", r"the (\S+) already exists", r"(\S+)$")
)
_AROUND_NAMES: Final = "'\"`()[]"
_LOST: Final = "registered by a call whose answer was lost"


class Aborted(Exception):
    """The batch met an error after which the run cannot go on."""

    def __init__(self, cause: AgoraChatError) -> None:
        super().__init__(str(cause))
        self.cause = cause


@define
class BatchSender:
    """Sends batches with `register` and tells each row's result to `settle`, exactly once a row."""

    register: Register
    settle: Settle
    calls: int = field(default=0, init=False)
    """Calls made so far."""
    answered: bool = field(default=False, init=False)
    """Whether the service has answered any of them."""

    async def send(self, rows: Sequence[Row]) -> None:
        """Send one batch; where it is cancelled or `Aborted` the rows without a result are settled as such."""
        batch = _Batch(self, {row.username or "": row for row in rows})
        try:
            await batch.send(list(batch.open), resent=False)
        except Aborted as stop:
            words = _words(stop.cause)
            batch.give_up(_Outcome(RowStatus.NOT_DONE, *words), _Outcome(RowStatus.UNKNOWN, *words))
            raise
        except BaseException:
            batch.give_up(
                _Outcome(RowStatus.NOT_DONE, None, "the run ended before"),
                _Outcome(RowStatus.UNKNOWN, None, "the run was stopped before the answer came"),
            )
            raise


@define
class _Outcome:
    status: RowStatus
    error: str | None = None
    message: str | None = None


@define
class _Batch:
    sender: BatchSender
    open: dict[str, Row]
    """Rows without a result, by name."""
    flying: set[str] = field(factory=set[str])
    """Names in a call without an answer."""
    calls: dict[str, int] = field(factory=dict[str, int])

    async def send(self, names: list[str], *, resent: bool) -> None:
        """Send the rows of these names; `resent` says that an earlier call with them may have been carried out."""
        while names:
            try:
                registration = await self._call(names)
            except AgoraChatError as error:
                if isinstance(error, HOPELESS):
                    raise Aborted(error) from error
                if isinstance(error, ConnectFailed) and not self.sender.answered:
                    # Not one call came through: the host is wrong or down, and every row would fail alike.
                    raise Aborted(error) from error
                if error.outcome_unknown or isinstance(error, DecodeError):
                    if resent:
                        self._close(names, _Outcome(RowStatus.UNKNOWN, *_words(error)))
                        return
                    resent = True
                elif isinstance(error, BadRequest | InvalidArgument):
                    names = await self._after_refusal(names, error, resent=resent)
                else:
                    self._close(names, _Outcome(RowStatus.FAILED, *_words(error)))
                    return
            else:
                self._after_answer(names, registration, resent=resent)
                return

    def give_up(self, unsent: _Outcome, flying: _Outcome) -> None:
        """Settle what has no result yet; a call under way may have been carried out."""
        self._close([name for name in self.open if name in self.flying], flying)
        self._close(list(self.open), unsent)

    async def _call(self, names: list[str]) -> Registration:
        users = [row.user for name in names if (row := self.open[name]).user is not None]
        self.sender.calls += 1
        for name in names:
            self.calls[name] = self.calls.get(name, 0) + 1
        self.flying.update(names)
        try:
            registration = await self.sender.register(users)
        except AgoraChatError as error:
            self.sender.answered = self.sender.answered or isinstance(error, APIError)
            if not error.outcome_unknown:
                self.flying.difference_update(names)
            raise
        self.sender.answered = True
        self.flying.difference_update(names)
        return registration

    def _after_answer(self, names: list[str], registration: Registration, *, resent: bool) -> None:
        created = {user.username.lower() for user in registration.created}
        failures = {failure.username.lower(): failure for failure in registration.failed}
        for name in names:
            failure = failures.get(name.lower())
            if failure is not None and failure.already_exists:
                self._close([name], _taken(failure.reason, resent=resent))
            elif failure is not None:
                self._close([name], _Outcome(RowStatus.FAILED, "not_registered", failure.reason))
            elif name.lower() in created:
                self._close([name], _Outcome(RowStatus.CREATED))
            else:
                self._close([name], _Outcome(RowStatus.UNKNOWN, "not_mentioned", "not in the answer"))

    async def _after_refusal(self, names: list[str], error: AgoraChatError, *, resent: bool) -> list[str]:
        """Settle the row that a 400 is about, or search for it; return the names that are still to be sent."""
        taken = isinstance(error, AlreadyExists)
        if len(names) == 1:
            words = _words(error)
            self._close(names, _taken(words[1], resent=resent) if taken else _Outcome(RowStatus.FAILED, *words))
            return []
        name = _taken_name(error.description, names) if isinstance(error, AlreadyExists) else None
        if name is not None:
            self._close([name], _taken(_words(error)[1], resent=resent))
            return [other for other in names if other != name]
        middle = len(names) // 2
        await self.send(names[:middle], resent=resent)
        return names[middle:]

    def _close(self, names: Sequence[str], outcome: _Outcome) -> None:
        for name in names:
            row = self.open.pop(name)
            self.flying.discard(name)
            self.sender.settle(
                RowResult(
                    row.line, row.username, outcome.status, outcome.error, outcome.message, self.calls.get(name, 0)
                )
            )


def _taken(message: str | None, *, resent: bool) -> _Outcome:
    if resent:
        return _Outcome(RowStatus.CREATED, None, _LOST)
    return _Outcome(RowStatus.EXISTS, "duplicate_unique_property_exists", message)


def _taken_name(description: str | None, names: Sequence[str]) -> str | None:
    text = (description or "").strip().lower()
    for pattern in _TAKEN_NAME:
        if match := pattern.search(text):
            # A name may itself end in a full stop.
            for name in (match[1].strip(_AROUND_NAMES), match[1].strip(_AROUND_NAMES + ".")):
                if name in names:
                    return name
    return None


def _words(error: AgoraChatError) -> tuple[str, str]:
    if isinstance(error, APIError):
        return error.error or type(error).__name__, error.description or str(error)
    return type(error).__name__, str(error)


@define
class BatchMaker:
    """Gathers rows into batches in which no name is twice."""

    size: int
    rows: dict[str, Row] = field(factory=dict[str, Row], init=False)

    def add(self, row: Row) -> RowResult | None:
        """Take a row, or return the result of one that can go into no batch."""
        if row.user is None:
            return RowResult(row.line, row.username, RowStatus.INVALID, "invalid", row.problem)
        first = self.rows.setdefault(row.user.username, row)
        if first is row:
            return None
        return RowResult(row.line, row.username, RowStatus.INVALID, "invalid", f"the same name as line {first.line}")

    @property
    def full(self) -> bool:
        """Whether the batch is to be sent."""
        return len(self.rows) >= self.size

    def take(self) -> list[Row]:
        """Take the batch out and begin a new one."""
        rows, self.rows = list(self.rows.values()), {}
        return rows
