"""One batch of new users sent until each of its rows has a result.

The service has two ways to answer for names that are taken. Most versions register the rest and list the others; some
refuse the whole batch with a 400 that names one taken name. A row that breaks a rule of the service is answered with a
400 for the whole batch too, which names nobody. So a refused batch is sent again without the name that the refusal
tells, and where it tells none, in halves.

Where an answer is lost, the batch is sent once more, as that is how to learn what became of it: nothing is done twice,
since a name can be registered only once. The same holds for a batch that an earlier run sent without learning more.
From then on its names may be registered, whatever later calls come to. A name that turns out to be taken then is asked
for: the service tells when each user was registered, and one that is no older than the newest user known when the batch
was first sent was registered by it. A name that cannot be asked for has an unknown outcome, never a failed one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from attrs import define, evolve, field, frozen

from agora_chat_async.bulk._batches import Batch
from agora_chat_async.bulk._taken_name import taken_name
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
    NotFound,
    PlanLimitExceeded,
    SessionError,
    TokenError,
    Unauthorized,
)
from agora_chat_async.models.users import Registration

if TYPE_CHECKING:
    from agora_chat_async.bulk.sending import BatchSender

Settle = Callable[[RowResult], None]

HOPELESS: Final = (PlanLimitExceeded, Unauthorized, AppNotFound, Forbidden, SessionError, TokenError)
"""Errors after which no other batch can pass either."""
MOST_LOST: Final = 4
"""Lost answers after which a row is left as it is."""
_CLOCKS_DIFFER: Final = 250
"""Milliseconds by which clocks may differ."""


class Aborted(Exception):
    """The batch met an error after which the run cannot go on."""

    def __init__(self, cause: AgoraChatError) -> None:
        super().__init__(str(cause))
        self.cause = cause


@frozen
class Outcome:
    """What becomes of some rows."""

    status: RowStatus
    error: str | None = None
    message: str | None = None
    retryable: bool = False


_TAKEN: Final = "duplicate_unique_property_exists"
_MADE_BEFORE: Final = Outcome(RowStatus.EXISTS, _TAKEN, "registered before")
_MAYBE_MADE: Final = Outcome(RowStatus.EXISTS, _TAKEN, "registered before, or by a call whose answer was lost")
_NOT_TOLD: Final = evolve(_MAYBE_MADE, retryable=True)
_MADE_UNSEEN: Final = Outcome(RowStatus.CREATED, None, "registered by a call whose answer was lost")


@define
class OneBatch:
    """A batch on its way."""

    sender: BatchSender
    batch: Batch
    settle: Settle
    open: dict[str, Row] = field(init=False)
    """Rows without a result, by name."""
    maybe: set[str] = field(init=False)
    """Names of a call whose answer was lost, so that they may be registered."""
    flying: set[str] = field(factory=set[str], init=False)
    """Names in a call without an answer."""
    lost: dict[str, int] = field(factory=dict[str, int], init=False)
    """Answers lost by now, by name."""
    calls: dict[str, int] = field(factory=dict[str, int], init=False)

    def __attrs_post_init__(self) -> None:
        self.open = dict(self.batch.rows)
        self.maybe = set(self.open) if self.batch.again else set()

    async def send(self, names: list[str]) -> None:
        """Send the rows of these names."""
        while names:
            try:
                registration = await self._call(names)
            except AgoraChatError as error:
                if _may_be_done(error):
                    self._note_lost(names)
                if isinstance(error, HOPELESS):
                    raise Aborted(error) from error
                if isinstance(error, ConnectFailed) and self.sender.out_of_reach:
                    # The host is wrong or down, and every row would fail alike.
                    raise Aborted(error) from error
                names = await self._after_error(names, error)
            else:
                await self._after_answer(names, registration)
                return

    def give_up(self, unsent: Outcome, flying: Outcome) -> None:
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
            registration = await self.sender.users.create_many(users)
        except AgoraChatError as error:
            self.sender.note(error)
            if not _may_be_done(error):
                self.flying.difference_update(names)
            raise
        self.sender.note()
        self.flying.difference_update(names)
        return registration

    def _note_lost(self, names: Iterable[str]) -> None:
        self.maybe.update(names)
        for name in names:
            self.lost[name] = self.lost.get(name, 0) + 1

    async def _after_answer(self, names: list[str], registration: Registration) -> None:
        created = {user.username.lower(): user for user in registration.created}
        failures = {failure.username.lower(): failure for failure in registration.failed}
        if registration.created:
            newest = registration.created[-1].created
            self.sender.newest = max(self.sender.newest or 0, newest or 0) or None
        # A call is carried out as a whole, so where its repeat registered somebody the lost one did nothing. Which
        # calls an earlier run made of the batch is not known.
        settled = created and not self.batch.again
        doubtful = [] if settled else [name for name in names if name in self.maybe and name.lower() in failures]
        learnt = await self._learn(doubtful) if doubtful else dict[str, Outcome]()
        made = [name for name in names if name.lower() in created]
        self._close(made, Outcome(RowStatus.CREATED))
        for name in names:
            failure = failures.get(name.lower())
            if failure is not None and failure.already_exists:
                await self._close_taken(name, learnt.get(name) or Outcome(RowStatus.EXISTS, _TAKEN, failure.reason))
            elif failure is not None:
                await self._close_failed(name, Outcome(RowStatus.FAILED, "not_registered", failure.reason))
            elif name.lower() not in created:
                self._close([name], Outcome(RowStatus.UNKNOWN, "not_mentioned", "not in the answer"))

    async def _after_error(self, names: list[str], error: AgoraChatError) -> list[str]:
        """Settle the rows that an error tells of; return the names that are still to be sent."""
        words = words_of(error)
        if _may_be_done(error):
            lost_before = [name for name in names if self.lost[name] > 1]
            again = [name for name in names if self.lost[name] == 1]
            for name in lost_before:
                if await self._found(name, words):
                    continue
                if self.lost[name] < MOST_LOST:
                    again.append(name)
                else:
                    self.maybe.discard(name)
                    self._close([name], Outcome(RowStatus.FAILED, *words, retryable=True))
            return again
        if isinstance(error, BadRequest | InvalidArgument):
            return await self._after_refusal(names, error)
        for name in names:
            await self._close_failed(name, Outcome(RowStatus.FAILED, *words, retryable=True))
        return []

    async def _after_refusal(self, names: list[str], error: AgoraChatError) -> list[str]:
        """Settle the row that a 400 is about, or search for it; return the names that are still to be sent."""
        taken, words = isinstance(error, AlreadyExists), words_of(error)
        if len(names) == 1:
            if taken:
                await self._close_named(names[0], words[1])
            else:
                await self._close_failed(names[0], Outcome(RowStatus.FAILED, *words))
            return []
        if taken and self.maybe.issuperset(names):
            # The call whose answer was lost may have registered them all, and each would be refused in its turn.
            left = [name for name in names if not await self._found(name, words)]
            return left if len(left) < len(names) else await self._halved(names)
        name = taken_name(error.description, names) if isinstance(error, AlreadyExists) else None
        if name is not None:
            await self._close_named(name, words[1])
            return [other for other in names if other != name]
        return await self._halved(names)

    async def _halved(self, names: list[str]) -> list[str]:
        middle = len(names) // 2
        await self.send(names[:middle])
        return names[middle:]

    async def _found(self, name: str, words: tuple[str, str]) -> bool:
        """Ask for a name and settle its row if that tells more; False where the name is not registered."""
        try:
            outcome = await self._ask(name)
        except NotFound:
            return False
        if outcome is None:
            self._close([name], Outcome(RowStatus.FAILED, *words))  # which makes it unknown
        else:
            await self._close_taken(name, outcome)
        return True

    async def _learn(self, names: Sequence[str]) -> Mapping[str, Outcome]:
        """Tell of taken names who registered them; where that would take too many calls, by three of them."""
        if self.sender.may_ask(len(names)):
            return {name: await self._who_made(name) for name in names}
        sample = {names[0], names[len(names) // 2], names[-1]}
        told = {await self._who_made(name) for name in sample}
        return dict.fromkeys(names, told.pop() if len(told) == 1 else _MAYBE_MADE)

    async def _who_made(self, name: str) -> Outcome:
        try:
            return await self._ask(name) or _NOT_TOLD
        except NotFound:
            return _MAYBE_MADE

    async def _ask(self, name: str) -> Outcome | None:
        """Ask who registered a name; None where the service does not tell, `NotFound` where nobody did."""
        try:
            user = await self.sender.users.get(name)
        except HOPELESS as error:
            raise Aborted(error) from error
        except NotFound:
            raise
        except AgoraChatError:
            return None
        newest = self.batch.newest
        known = newest if newest is not None else 1000 * self.sender.began
        return _MADE_UNSEEN if (user.created or 0) >= known - _CLOCKS_DIFFER else _MADE_BEFORE

    async def _close_named(self, name: str, message: str | None) -> None:
        """Settle the row of the name that a refusal tells."""
        known = Outcome(RowStatus.EXISTS, _TAKEN, message)
        await self._close_taken(name, await self._who_made(name) if name in self.maybe else known)

    async def _close_taken(self, name: str, outcome: Outcome) -> None:
        """Settle the row of a name that is registered."""
        user = self.open[name].user
        if outcome.status is RowStatus.EXISTS and self.sender.update is not None and user is not None:
            try:
                if await self.sender.update(user):
                    outcome = Outcome(RowStatus.UPDATED)
            except HOPELESS as error:
                raise Aborted(error) from error
            except AgoraChatError as error:
                transient = not isinstance(error, BadRequest | InvalidArgument)
                outcome = Outcome(RowStatus.FAILED, *words_of(error), retryable=transient)
                self.maybe.discard(name)
        self._close([name], outcome)

    async def _close_failed(self, name: str, outcome: Outcome) -> None:
        """Settle the row of a name that a call did not register; one that may be registered is asked for first."""
        if name not in self.maybe:
            self._close([name], outcome)
        elif not await self._found(name, (outcome.error or "", outcome.message or "")):
            self.maybe.discard(name)
            self._close([name], outcome)

    def _close(self, names: Sequence[str], outcome: Outcome) -> None:
        for name in names:
            row = self.open.pop(name)
            self.flying.discard(name)
            status, message = outcome.status, outcome.message
            if name in self.maybe and status in {RowStatus.FAILED, RowStatus.NOT_DONE}:
                status = RowStatus.UNKNOWN
                message = f"the answer of an earlier call was lost, and the repeat could not tell: {message}"
            calls = self.calls.get(name, 0)
            self.settle(RowResult(row.line, row.username, status, outcome.error, message, calls, outcome.retryable))


def _may_be_done(error: AgoraChatError) -> bool:
    # An answer that cannot be read is one of success all the same.
    return error.outcome_unknown or isinstance(error, DecodeError)


def words_of(error: AgoraChatError) -> tuple[str, str]:
    if isinstance(error, APIError):
        return error.error or type(error).__name__, error.description or str(error)
    return type(error).__name__, in_plain_words(error)
