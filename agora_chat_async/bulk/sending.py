"""Sending batches of new users, each until all of its rows have a result."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

from attrs import define, field

from agora_chat_async.bulk._batches import Batch
from agora_chat_async.bulk._one_batch import Aborted, OneBatch, Outcome, Settle, words_of
from agora_chat_async.bulk.rows import RowStatus
from agora_chat_async.errors import AgoraChatError, APIError, ConnectFailed
from agora_chat_async.models.users import NewUser, Registration, User

Update = Callable[[NewUser], Awaitable[bool]]
"""Sets an existing user to what a row says; False where the row says nothing."""

ASKED_FREELY: Final = 300
"""Users that a run may ask for besides one a registration; at the quota that takes three seconds."""
MOST_UNCONNECTED: Final = 5
"""Calls in a row without a connection, each repeated by the session, after which the service counts as gone."""


class RegistersUsers(Protocol):
    """The users of a Session, as far as provisioning needs them."""

    async def create_many(self, users: Sequence[NewUser]) -> Registration:
        """Register up to 60 users."""
        ...

    async def get(self, username: str) -> User:
        """Fetch one user."""
        ...

    async def set_password(self, username: str, password: str) -> None:
        """Set a password."""
        ...


@define
class BatchSender:
    """Sends batches, and tells the result of each row exactly once."""

    users: RegistersUsers
    update: Update | None = None
    """What is done with users who exist."""
    newest: int | None = None
    """When the newest user was registered that the service has told of, in its own milliseconds since 1970."""
    began: float = field(factory=time.time)
    """When the first run over this input began, in seconds since 1970."""
    calls: int = field(default=0, init=False)
    """Registrations sent so far."""
    ended: int = field(default=0, init=False)
    """Registrations that came to an end; the others wait for the quota or for their answer."""
    answered: bool = field(default=False, init=False)
    """Whether the service has answered any of them."""
    asked: int = field(default=0, init=False)
    """Users asked for, one by one, to learn who registered them."""
    unconnected: int = field(default=0, init=False)
    """Registrations without a connection since the last answer."""

    @property
    def out_of_reach(self) -> bool:
        """Whether no call is likely to get through: not one did so far, or the last ones did not."""
        return self.unconnected >= (MOST_UNCONNECTED if self.answered else 1)

    def may_ask(self, names: int) -> bool:
        """Whether to ask for each of some names; that is not to take longer than the registrations themselves do."""
        if self.asked + names > ASKED_FREELY + self.ended:
            return False
        self.asked += names  # at once, as other batches ask meanwhile
        return True

    def note(self, error: AgoraChatError | None = None) -> None:
        """Note how a registration ended."""
        self.ended += 1
        if error is None or isinstance(error, APIError):
            self.answered, self.unconnected = True, 0
        elif isinstance(error, ConnectFailed):
            self.unconnected += 1

    async def send(self, batch: Batch, settle: Settle) -> None:
        """Send one batch; where it is cancelled or `Aborted` the rows without a result are settled as such."""
        sending = OneBatch(self, batch, settle)
        try:
            await sending.send(list(sending.open))
        except Aborted as stop:
            words = words_of(stop.cause)
            sending.give_up(Outcome(RowStatus.NOT_DONE, *words), Outcome(RowStatus.UNKNOWN, *words))
            raise
        except BaseException:
            sending.give_up(
                Outcome(RowStatus.NOT_DONE, None, "the run ended before"),
                Outcome(RowStatus.UNKNOWN, None, "the run was stopped before the answer came"),
            )
            raise
