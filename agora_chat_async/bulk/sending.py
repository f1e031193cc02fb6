"""One batch of new users sent until each of its rows has a result.

The service has two ways to answer for names that are taken. Most versions register the rest and list the others; some
refuse the whole batch with a 400 that names one taken name. A row that breaks a rule of the service is answered with a
400 for the whole batch too, which names nobody. So a refused batch is sent again without the name that the refusal
tells, and where it tells none, in halves.

Where an answer is lost, the batch is sent once more, as that is how to learn what became of it: nothing is done twice,
since a name can be registered only once. From then on its names may be registered, whatever later calls come to. A name
that turns out to be taken then is one that exists, since the service does not tell who registered it; and a name of
which nothing is learnt has an unknown outcome, never a failed one.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from attrs import define, field

from agora_chat_async.bulk.rows import Row, RowResult, RowStatus
from agora_chat_async.bulk.wording import in_plain_words
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
MOST_UNCONNECTED: Final = 5
"""Calls in a row without a connection, each repeated by the session, after which the service counts as gone."""

_VALUE: Final = re.compile(r"\bvalue of (\S+)")
"""How the documented refusal names the taken name."""
_OTHER_FORMS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"(\S+) already exists",
        r"(?<!\w)'([^'\s]+)'(?!\w)",
        r'(?<!\w)"([^"\s]+)"(?!\w)',
        r"(?:be unique|[:,=])\s*(\S+)$",
    )
)
_WORDS_OF_REFUSALS: Final = frozenset(
    {"entity", "exists", "id", "it", "name", "property", "taken", "unique", "user", "username"}
)
_AROUND_NAMES: Final = "'\"`()[],;:"


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
    ended: int = field(default=0, init=False)
    """Calls that came to an end; the others wait for the quota or for their answer."""
    answered: bool = field(default=False, init=False)
    """Whether the service has answered any of them."""
    unconnected: int = field(default=0, init=False)
    """Calls without a connection since the last answer."""

    @property
    def out_of_reach(self) -> bool:
        """Whether no call is likely to get through: not one did so far, or the last ones did not."""
        return self.unconnected >= (MOST_UNCONNECTED if self.answered else 1)

    def note(self, error: AgoraChatError | None = None) -> None:
        """Note how a call ended."""
        self.ended += 1
        if error is None or isinstance(error, APIError):
            self.answered, self.unconnected = True, 0
        elif isinstance(error, ConnectFailed):
            self.unconnected += 1

    async def send(self, rows: Sequence[Row]) -> None:
        """Send one batch; where it is cancelled or `Aborted` the rows without a result are settled as such."""
        batch = _Batch(self, {row.username or "": row for row in rows})
        try:
            await batch.send(list(batch.open))
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
    maybe: set[str] = field(factory=set[str])
    """Names of a call whose answer was lost, so that they may be registered."""
    calls: dict[str, int] = field(factory=dict[str, int])

    async def send(self, names: list[str]) -> None:
        """Send the rows of these names, which are all in `maybe` or all not."""
        while names:
            try:
                registration = await self._call(names)
            except AgoraChatError as error:
                resent = self.maybe.issuperset(names)
                if _may_be_done(error):
                    self.maybe.update(names)
                if isinstance(error, HOPELESS):
                    raise Aborted(error) from error
                if isinstance(error, ConnectFailed) and self.sender.out_of_reach:
                    # The host is wrong or down, and every row would fail alike.
                    raise Aborted(error) from error
                if _may_be_done(error):
                    if resent:
                        self._close(names, _Outcome(RowStatus.UNKNOWN, *_words(error)))
                        return
                elif isinstance(error, BadRequest | InvalidArgument):
                    names = await self._after_refusal(names, error)
                else:
                    self._close(names, _Outcome(RowStatus.FAILED, *_words(error)))
                    return
            else:
                self._after_answer(names, registration)
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
            self.sender.note(error)
            if not _may_be_done(error):
                self.flying.difference_update(names)
            raise
        self.sender.note()
        self.flying.difference_update(names)
        return registration

    def _after_answer(self, names: list[str], registration: Registration) -> None:
        created = {user.username.lower() for user in registration.created}
        failures = {failure.username.lower(): failure for failure in registration.failed}
        for name in names:
            failure = failures.get(name.lower())
            if failure is not None and failure.already_exists:
                self._close([name], self._taken(name, failure.reason))
            elif failure is not None:
                self._close([name], _Outcome(RowStatus.FAILED, "not_registered", failure.reason))
            elif name.lower() in created:
                self._close([name], _Outcome(RowStatus.CREATED))
            else:
                self._close([name], _Outcome(RowStatus.UNKNOWN, "not_mentioned", "not in the answer"))

    async def _after_refusal(self, names: list[str], error: AgoraChatError) -> list[str]:
        """Settle the row that a 400 is about, or search for it; return the names that are still to be sent."""
        taken = isinstance(error, AlreadyExists)
        if len(names) == 1:
            words = _words(error)
            self._close(names, self._taken(names[0], words[1]) if taken else _Outcome(RowStatus.FAILED, *words))
            return []
        name = _taken_name(error.description, names) if isinstance(error, AlreadyExists) else None
        if name is not None:
            self._close([name], self._taken(name, _words(error)[1]))
            return [other for other in names if other != name]
        middle = len(names) // 2
        await self.send(names[:middle])
        return names[middle:]

    def _taken(self, name: str, message: str | None) -> _Outcome:
        if name in self.maybe:
            message = "registered before, or by a call whose answer was lost"
        return _Outcome(RowStatus.EXISTS, "duplicate_unique_property_exists", message)

    def _close(self, names: Sequence[str], outcome: _Outcome) -> None:
        for name in names:
            row = self.open.pop(name)
            self.flying.discard(name)
            status, message = outcome.status, outcome.message
            if name in self.maybe and status in {RowStatus.FAILED, RowStatus.NOT_DONE}:
                status = RowStatus.UNKNOWN
                message = f"the answer of an earlier call was lost, and the repeat could not tell: {message}"
            self.sender.settle(
                RowResult(row.line, row.username, status, outcome.error, message, self.calls.get(name, 0))
            )


def _may_be_done(error: AgoraChatError) -> bool:
    # An answer that cannot be read is one of success all the same.
    return error.outcome_unknown or isinstance(error, DecodeError)


def _taken_name(description: str | None, names: Sequence[str]) -> str | None:
    """Find the name that a refusal is about; None where that is not certain, as then it has to be searched for."""
    text = (description or "").strip().lower()
    told = _told([_VALUE], text).intersection(names)
    if not told:
        # In other forms a word such as "user" may stand for no name at all.
        told = _told(_OTHER_FORMS, text).intersection(names) - _WORDS_OF_REFUSALS
    return told.pop() if len(told) == 1 else None


def _told(patterns: Sequence[re.Pattern[str]], text: str) -> set[str]:
    words = {match[1].strip(_AROUND_NAMES) for pattern in patterns for match in pattern.finditer(text)}
    return words | {word.rstrip(".").strip(_AROUND_NAMES) for word in words}  # a name may itself end in a full stop


def _words(error: AgoraChatError) -> tuple[str, str]:
    if isinstance(error, APIError):
        return error.error or type(error).__name__, error.description or str(error)
    return type(error).__name__, in_plain_words(error)


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
