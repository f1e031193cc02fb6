"""A row on its way in, and what became of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from attrs import frozen

from agora_chat_async.models.users import NewUser


class RowStatus(StrEnum):
    """What became of a row."""

    CREATED = "created"
    EXISTS = "exists"
    """The name was taken before."""
    UPDATED = "updated"
    """The name was taken before, and the user was set to what the row says."""
    FAILED = "failed"
    """The service refused the row, or no answer could be had."""
    INVALID = "invalid"
    """The row breaks a rule and was never sent."""
    UNKNOWN = "unknown"
    """Sent, and it could not be learnt what came of it: the row may be registered."""
    NOT_DONE = "not_done"
    """Read, and not sent because the run ended before."""


@frozen
class Row:
    """One row of the input: a user, or the problem that makes it none."""

    line: int
    """Line of the file, or place in the iterable; the first is 1."""
    user: NewUser | None
    username: str | None = None
    """The name, as far as the row gave one."""
    problem: str | None = None
    """Where and why the row is no user; never holds a password."""

    @classmethod
    def of(cls, line: int, user: NewUser) -> Row:
        """Make a row of a user."""
        return cls(line, user, user.username)


@frozen
class RowResult:
    """What became of one row."""

    line: int
    username: str | None
    status: RowStatus
    error: str | None = None
    """The service's name of the error, or the name of the error's class."""
    message: str | None = None
    calls: int = 0
    """Registrations that the row was part of."""
    retryable: bool = False
    """Whether another try may tell more, as with a failure that is none of the row's own."""

    @property
    def open(self) -> bool:
        """Whether a later run has to take the row again."""
        return self.retryable or self.status in {RowStatus.UNKNOWN, RowStatus.NOT_DONE}

    def as_dict(self) -> dict[str, Any]:
        """The members of a line of the result file."""
        return {
            "line": self.line,
            "username": self.username,
            "status": self.status.value,
            "error": self.error,
            "message": self.message,
        }
