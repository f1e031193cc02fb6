"""What a session tells of its calls, for metrics, traces and logs of your own.

Override the methods of `Hooks` that you need, and give an instance to `Session(hooks=[...])`. They are called in the
task of the call and must not block. What they raise is logged once and breaks no call. The values hold neither bodies
nor names of users, and the number of routes and paths is small, so that all of it may label a metric.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    from agora_chat_async._gate import Quotas


@frozen(eq=False)
class SessionInfo:
    """A session that was opened."""

    app: str
    """Org and app name, as `org#app`."""
    server: str
    """Host, and the port where it is not the usual one."""
    quotas: Quotas = field(repr=False)
    """Its quotas; `snapshot()` tells how full they are."""


@frozen(eq=False)
class CallInfo:
    """A call of an endpoint, with all of its attempts."""

    session: SessionInfo
    id: str
    """Unique; errors have it as `call_id`, and log records can have it by `call_id()`."""
    route: str
    """Id of the endpoint, such as `users.create`; `request` for raw requests to other paths."""
    method: str
    path: str
    """As declared, such as `/users/{username}`; empty for raw requests to other paths."""


@frozen(eq=False)
class CallEnd:
    """How a call went."""

    call: CallInfo
    attempts: int
    queued: float
    """Seconds spent waiting for quotas, before all attempts together."""
    duration: float
    """Seconds from the call to its result or error."""
    error: str | None
    """Name of the error's class; None where there is a result."""
    outcome_unknown: bool
    """Whether the call may have been carried out although it failed."""


@frozen(eq=False)
class AttemptInfo:
    """One time that a call is sent."""

    call: CallInfo
    number: int
    """From 1."""
    queued: float
    """Seconds spent waiting for quotas before this attempt."""


@frozen(eq=False)
class AttemptEnd:
    """How an attempt went."""

    attempt: AttemptInfo
    sent: bool
    """Whether the request got a connection, so that a quota was used up for it."""
    status: int | None
    """Of the answer; None where none came."""
    bytes_out: int
    """Of the request's body; 0 for a stream whose length nobody knows."""
    bytes_in: int
    """Of the answer's body, as far as it is known."""
    duration: float
    """Seconds from the end of the waiting for quotas."""
    error: str | None
    """Name of the error's class; None where there is a result."""
    pause: float | None
    """Seconds until the call is sent again; None where it is not."""


class Hooks:
    """Is told of sessions, calls and attempts; each method does nothing until it is overridden."""

    def session_opened(self, session: SessionInfo) -> None:
        """Take note that a session was opened."""

    def session_closed(self, session: SessionInfo) -> None:
        """Take note that a session was closed."""

    def call_started(self, call: CallInfo) -> None:
        """Take note that a call begins to wait for its quota."""

    def attempt_started(self, attempt: AttemptInfo) -> None:
        """Take note that a call has what it waited for and is about to be sent."""

    def attempt_ended(self, end: AttemptEnd) -> None:
        """Take note of an answer or failure."""

    def call_ended(self, end: CallEnd) -> None:
        """Take note of a result or error; also of a call that was cancelled."""
