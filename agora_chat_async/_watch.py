"""From what calls do to hooks and log lines; a call that nobody watches has no `Watch` and pays for none.

Loggers lie below `agora_chat_async`: `calls` has a DEBUG line an attempt. `bodies` shows what is sent and answered,
without secrets, and says nothing before its own level is set to DEBUG, since bodies are the users' affair.
"""

from __future__ import annotations

import itertools
import logging
import secrets
import time
from collections.abc import Iterable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, Protocol

from agora_chat_async._codec import Form
from agora_chat_async._redact import redacted, redacted_text
from agora_chat_async._transfer import Multipart
from agora_chat_async.errors import SNIPPET
from agora_chat_async.hooks import AttemptEnd, AttemptInfo, CallEnd, CallInfo, Hooks, SessionInfo

if TYPE_CHECKING:
    from agora_chat_async._gate import Lease
    from agora_chat_async._http import Answer, Request

log: Final = logging.getLogger("agora_chat_async.calls")
_bodies: Final = logging.getLogger("agora_chat_async.bodies")
if _bodies.level == logging.NOTSET:
    _bodies.setLevel(logging.INFO)


class Route(Protocol):
    """What a call is a call of: an endpoint, or something alike for raw requests."""

    @property
    def id(self) -> str:
        """Group and name, such as `users.create`."""
        ...

    @property
    def method(self) -> str:
        """HTTP method."""
        ...

    @property
    def path(self) -> str:
        """Below the app, with placeholders."""
        ...

    @property
    def retry_safe(self) -> bool:
        """May it be sent again when it is not known whether it was carried out?"""
        ...


class HasId(Protocol):
    """A call under way."""

    @property
    def id(self) -> str:
        """Its id."""
        ...


current_call: Final[ContextVar[HasId | None]] = ContextVar("agora_chat_async_call", default=None)


def call_id() -> str | None:
    """Return the id of the call that is being sent in this task; None where there is none."""
    call = current_call.get()
    return None if call is None else call.id


class _Log(Hooks):
    """Writes a line for each attempt, and one for each call that fails."""

    def attempt_ended(self, end: AttemptEnd) -> None:
        attempt, call = end.attempt, end.attempt.call
        log.debug(
            "%s %s %s: attempt %d: %s in %.0f ms after %.0f ms in line%s, call %s",
            call.route,
            call.method,
            call.path,
            attempt.number,
            end.status if end.error is None else f"{end.status or 'no answer'} {end.error}",
            end.duration * 1000,
            attempt.queued * 1000,
            "" if end.pause is None else f", again in {end.pause:.2f} s",
            call.id,
            extra={"call_id": call.id, "route": call.route, "attempt": attempt.number, "status": end.status},
        )

    def call_ended(self, end: CallEnd) -> None:
        if end.error is not None:
            log.debug(
                "%s: failed with %s after %d attempts and %.0f ms, call %s",
                end.call.route,
                end.error,
                end.attempts,
                end.duration * 1000,
                end.call.id,
                extra={"call_id": end.call.id, "route": end.call.route},
            )


_LOG: Final = _Log()


class Watchers:
    """The hooks of one session."""

    def __init__(self, hooks: Iterable[Hooks], session: SessionInfo) -> None:
        self.session = session
        self._given = tuple(hooks)
        self._hooks = (*self._given, _LOG)
        self._failed = set[tuple[int, str]]()
        self._prefix = secrets.token_hex(4)
        self._numbers = itertools.count(1)

    @property
    def active(self) -> bool:
        """Whether anybody watches."""
        return bool(self._given) or log.isEnabledFor(logging.DEBUG) or _bodies.isEnabledFor(logging.DEBUG)

    def new_id(self) -> str:
        """Make an id for a call."""
        return f"{self._prefix}-{next(self._numbers):x}"

    def tell(self, event: str, value: object) -> None:
        """Call one method of every hook; what fails is logged once."""
        for index, hook in enumerate(self._hooks):
            try:
                getattr(hook, event)(value)
            except Exception:
                if (index, event) not in self._failed:
                    self._failed.add((index, event))
                    log.exception("%s.%s failed; it will be called again, and not logged again", type(hook), event)


class Watch:
    """What is told of one call."""

    __slots__ = ("_answer", "_attempt", "_begun", "_lease", "_took", "_watchers", "call")

    def __init__(self, watchers: Watchers, call: HasId, route: Route) -> None:
        self._watchers = watchers
        self.call = CallInfo(watchers.session, call.id, route.id, route.method, route.path)
        self._attempt: AttemptInfo | None = None
        self._answer: Answer | None = None
        watchers.tell("call_started", self.call)

    def attempt_started(self, number: int, queued: float, lease: Lease, request: Request) -> None:
        """Tell that the call has its slots."""
        self._attempt = AttemptInfo(self.call, number, queued)
        self._lease = lease
        self._answer = None
        self._begun = time.monotonic()
        self._watchers.tell("attempt_started", self._attempt)
        if request[3] is not None and _bodies.isEnabledFor(logging.DEBUG):
            _bodies.debug("%s, call %s, sends %s", self.call.route, self.call.id, _shown(request[3]))

    def answered(self, answer: Answer) -> None:
        """Note what the service said."""
        self._answer = answer
        self._took = time.monotonic() - self._begun
        if _bodies.isEnabledFor(logging.DEBUG):
            text = redacted_text(answer.body[:SNIPPET].decode("utf-8", "replace"))
            _bodies.debug("%s, call %s, is answered %d %s", self.call.route, self.call.id, answer.status, text)

    def attempt_ended(self, error: BaseException | None, pause: float | None = None) -> None:
        """Tell how the attempt went, if there is one that nobody was told of."""
        attempt, answer = self._attempt, self._answer
        if attempt is None:
            return
        self._attempt = None
        end = AttemptEnd(
            attempt,
            sent=self._lease.handed,
            status=None if answer is None else answer.status,
            bytes_out=self._lease.bytes_out,
            bytes_in=0 if answer is None else _length(answer),
            duration=time.monotonic() - self._begun if answer is None else self._took,
            error=None if error is None else type(error).__name__,
            pause=pause,
        )
        self._watchers.tell("attempt_ended", end)

    def call_ended(self, error: BaseException | None, attempts: int, queued: float, duration: float) -> None:
        """Tell how the call went."""
        self.attempt_ended(error)
        name = None if error is None else type(error).__name__
        unknown = bool(getattr(error, "outcome_unknown", False))
        self._watchers.tell("call_ended", CallEnd(self.call, attempts, queued, duration, name, unknown))


def _length(answer: Answer) -> int:
    announced = answer.headers.get("content-length", "")
    return int(announced) if announced.isdecimal() else len(answer.body)


def _shown(body: Any) -> str:
    if isinstance(body, Multipart):
        return "a file"
    return redacted_text(str(redacted(body.fields if isinstance(body, Form) else body)))[:SNIPPET]
