"""The life of a call: it waits for its quota, is sent, is read, and perhaps is sent again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextvars import ContextVar
from copy import copy
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from attrs import field, frozen

from agora_chat_async._gate import SlotsExpired
from agora_chat_async._life import CLOSED_UNDER_WAY, Life
from agora_chat_async._redact import redacted_bytes, redacted_text, without_frames
from agora_chat_async._refusals import refusal
from agora_chat_async._retry import Outcome, Retries, RetryBudget, RetryPolicy, classify
from agora_chat_async._transfer import Multipart, SinkFailed
from agora_chat_async._watch import Watch, current_call
from agora_chat_async.errors import (
    SNIPPET,
    AgoraChatError,
    DeadlineExceeded,
    DecodeError,
    OutcomeUnknown,
    RateLimited,
    ResponseTooLarge,
    SessionClosed,
    TransportError,
    Unauthorized,
)

if TYPE_CHECKING:
    from agora_chat_async._endpoint import Endpoint
    from agora_chat_async._gate import Gate, Lease, Quotas
    from agora_chat_async._http import Answer, Request, Wire
    from agora_chat_async._token import TokenKeeper
    from agora_chat_async._transfer import Sink
    from agora_chat_async._watch import Route, Watchers

T = TypeVar("T")

Decode = Callable[[bytes], tuple[Any, Any]]
"""Reads a body: the result, and the envelope that it came in."""

_UNREADABLE: Final = (ValueError, TypeError, LookupError, AttributeError, RecursionError)


@frozen(kw_only=True)
class Options:
    """What holds for calls, where a caller says nothing else."""

    timeout: float | None = None
    """Seconds for a whole call: waiting, all attempts and the body; None for no limit."""
    attempt_timeout: float | None = 30.0
    """Seconds for one attempt."""
    max_wait: float | None = None
    """Seconds that a call waits for its quota; None for no limit, except 60 s for quotas a day."""
    retry: RetryPolicy = field(factory=RetryPolicy)


@frozen
class Meta:
    """How a call went."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    attempts: int
    queued: float
    """Seconds spent waiting for quotas."""
    elapsed: float
    """Seconds from the call to its result."""
    envelope: Any = field(repr=False)
    """The whole decoded answer, with what is in no field of the result."""


@frozen
class Result(Generic[T]):
    """A result and how it came."""

    value: T
    meta: Meta | None
    """Of the last answer; None where nothing was asked of the service."""


_metas: ContextVar[list[Meta] | None] = ContextVar("agora_chat_async_metas", default=None)


@frozen(eq=False)
class Calls:
    """Sends calls, under one set of options."""

    life: Life
    quotas: Quotas
    wire: Wire
    keeper: TokenKeeper
    budget: RetryBudget
    watchers: Watchers
    options: Options

    def send(  # noqa: PLR0917 - called by compiled functions only
        self,
        endpoint: Endpoint,
        path: str,
        query: Mapping[str, Any] | None,
        body: Any,
        counts: Mapping[str, int] | None,
        headers: Mapping[str, str] | None = None,
        sink: Sink | None = None,
        /,
    ) -> Coroutine[Any, Any, Any]:
        """Send a call of an endpoint and decode its answer."""
        # Not a coroutine itself, as each one more would cost memory in every waiting call.
        decode = None if sink is not None else endpoint.decode
        request = (endpoint.method, path, query, body, headers)
        return _Call(self, endpoint, request, decode, sink).run(self.quotas.gate(endpoint), counts)

    def send_raw(
        self, gate: Gate, route: RawRoute, request: Request, counts: Mapping[str, int] | None
    ) -> Coroutine[Any, Any, Answer]:
        """Send any request and return its answer, which is one of success."""
        return _Call(self, route, request, None).run(gate, counts)


@frozen
class RawRoute:
    """What a raw request is a call of."""

    id: str
    method: str
    path: str
    retry_safe: bool


class _NoDeadline:
    """Stands for `asyncio.timeout(None)`, of which each waiting call would hold one."""

    # Static, since `async with` would hold a bound method.
    @staticmethod
    async def __aenter__() -> None:
        pass

    @staticmethod
    async def __aexit__(*_: object) -> None:
        pass

    def when(self) -> None:
        return None

    def expired(self) -> bool:
        return False


NO_DEADLINE: Final = _NoDeadline()


class _Call:
    """One call on its way."""

    __slots__ = (
        "_attempts",
        "_calls",
        "_decode",
        "_id",
        "_lost_by",
        "_queued",
        "_renewed",
        "_request",
        "_retries",
        "_route",
        "_sink",
        "_spaced",
        "_started",
        "_token",
        "_watch",
    )

    def __init__(
        self, calls: Calls, route: Route, request: Request, decode: Decode | None, sink: Sink | None = None
    ) -> None:
        self._calls = calls
        self._route = route
        self._request = request
        self._decode = decode
        self._sink = sink
        self._started = time.monotonic()
        self._queued = 0.0
        self._attempts = 0
        self._lost_by: str | None = None
        self._retries: Retries | None = None
        self._renewed = False
        self._spaced = False
        """Whether a slowed bucket spaces the repeats of this call."""
        self._id: str | None = None
        self._watch: Watch | None = None

    async def run(self, gate: Gate, counts: Mapping[str, int] | None) -> Any:
        """Take the call through its gate to the wire, as often as it needs and may."""
        life, options = self._calls.life, self._calls.options
        life.enter(self)
        lease: Lease | None = None
        outcome: tuple[Any] | AgoraChatError | None = None
        told: BaseException | None = None
        scope = NO_DEADLINE if options.timeout is None else asyncio.timeout(options.timeout)
        try:
            if self._calls.watchers.active:
                self._watch = Watch(self._calls.watchers, self, self._route)
            async with scope:
                while True:
                    life.check_goes_on()
                    self._refuse_late_start(gate, counts, scope.when())
                    begun = time.monotonic()
                    try:
                        lease = await gate.enter(counts, self._wait_left(options.max_wait))
                    finally:
                        waited = time.monotonic() - begun
                        self._queued += waited
                    try:
                        outcome = await self._attempt(lease, waited)
                    finally:
                        life.attempts += lease.handed
                        await lease.release()
                    lease = None
                    if isinstance(outcome, SlotsExpired):
                        self._attempts -= 1
                        continue
                    if not isinstance(outcome, AgoraChatError):
                        break
                    pause = await self._pause_after(outcome, scope.when())
                    if self._watch is not None:
                        self._watch.attempt_ended(outcome, pause)
                    await asyncio.sleep(pause)
                    life.retries += 1
        except BaseException as error:
            late = scope.expired() and isinstance(error, TimeoutError)
            told = self._told(error, late=late, sent=lease is not None and lease.handed, last=outcome)
            if told is error:
                raise
            raise told from told.__cause__
        else:
            self._tell_end(None)
            return outcome[0]
        finally:
            life.leave(self)
            outcome = told = None  # an error refers to this frame, which must not refer to the error

    async def _attempt(self, lease: Lease, queued: float) -> tuple[Any] | AgoraChatError:
        """Send the call once; return its result, or the error that may be repeated."""
        calls, watch = self._calls, self._watch
        self._attempts += 1
        self._spaced = False
        current_call.set(self)
        try:
            if watch is not None:
                watch.attempt_started(self._attempts, queued, lease, self._request)
            self._token = calls.keeper.ready() or await calls.keeper.get()
            answer = await calls.wire.send(
                self._request,
                token=self._token.value,
                handover=lease,
                timeout=calls.options.attempt_timeout,
                sink=self._sink,
                after=self._lost_by,
            )
        except TransportError as error:
            self._lost_by = error.host
            return without_frames(error)
        except SinkFailed as failure:
            raise failure.__cause__ or failure from None
        finally:
            current_call.set(None)  # not reset: a coroutine whose loop is gone is destroyed in another context
        if watch is not None:
            watch.answered(answer)
        if not answer.ok:
            refused = refusal(answer, *self._request[:2], self._token.value)
            self._spaced = lease.answered(refused)
            return refused
        lease.answered(None)
        value, envelope = self._decoded(answer)
        calls.budget.earn(self._retries.spent if self._retries is not None else 0)
        metas = _metas.get()
        if metas is not None:
            elapsed = time.monotonic() - self._started
            metas.append(Meta(answer.status, answer.headers, self._attempts, self._queued, elapsed, envelope))
        return (value,)

    def _decoded(self, answer: Answer) -> tuple[Any, Any]:
        if self._decode is None:
            return answer, None
        try:
            return self._decode(answer.body)
        except _UNREADABLE as error:
            unreadable = _unreadable(error, self.name, answer, self._token.value)
            unreadable.outcome_unknown = not self._route.retry_safe
            raise unreadable from without_frames(error)

    async def _token_was_renewed(self, error: AgoraChatError) -> bool:
        """After the first 401, get another token; False where that is no help."""
        if self._renewed or not isinstance(error, Unauthorized):
            return False
        self._renewed = True
        return (await self._calls.keeper.replace(self._token)).value != self._token.value

    async def _pause_after(self, error: AgoraChatError, deadline: float | None) -> float:
        """Return the seconds until the call may be repeated, or raise the error where it may not or comes too late."""
        retry_safe, body = self._route.retry_safe, self._request[3]
        if isinstance(error, RateLimited):
            self._calls.life.refused += 1
        renewed = await self._token_was_renewed(error) and self._calls.options.retry.attempts > 1
        if isinstance(body, Multipart) and not body.repeatable:
            raise _final(error, retry_safe=retry_safe)  # it came from a stream, of which the beginning is gone
        if renewed:
            return 0.0
        if self._retries is None:
            self._retries = Retries(self._calls.options.retry, self._calls.budget, retry_safe=retry_safe)
        pause = self._retries.pause_after(error, asyncio.get_running_loop().time(), spaced=self._spaced)
        if pause is None or (deadline is not None and asyncio.get_running_loop().time() + pause >= deadline):
            raise _final(error, retry_safe=retry_safe)
        return pause

    def _refuse_late_start(self, gate: Gate, counts: Mapping[str, int] | None, deadline: float | None) -> None:
        """Fail at once where the quota is known to be free only after the deadline."""
        if deadline is not None and gate.longest_wait(counts)[1] > deadline - asyncio.get_running_loop().time():
            raise self._late(sent=False)

    def _wait_left(self, max_wait: float | None) -> float | None:
        """Tell how long the call may wait for its quota, where a refused one waits again."""
        return max_wait if max_wait is None or not self._queued else max(0.0, max_wait - self._queued)

    def _late(self, *, sent: bool) -> DeadlineExceeded:
        unknown = sent and not self._route.retry_safe
        return DeadlineExceeded(self.name, self._calls.options.timeout or 0.0, sent=sent, outcome_unknown=unknown)

    def _told(self, error: BaseException, *, late: bool, sent: bool, last: object) -> BaseException:
        """Turn what ended the call into what its caller gets, with the facts of the call."""
        told = error
        if late and not isinstance(error, AgoraChatError):
            told = self._late(sent=sent)
        elif isinstance(error, asyncio.CancelledError) and self._calls.life.was_evicted(self):
            told = SessionClosed(CLOSED_UNDER_WAY)
            told.outcome_unknown = sent and not self._route.retry_safe
        elif isinstance(error, AgoraChatError) and error.call_id is not None:  # one fetch failed for many calls
            told = copy(error)
            told.__cause__ = error.__cause__
        if isinstance(told, AgoraChatError):
            told.__traceback__ = None  # the frames that it came through refer to it
            told.call_id, told.attempts, told.queued = self.id, self._attempts, self._queued
            told.elapsed = time.monotonic() - self._started
            if told.__cause__ is None and told is not last and isinstance(last, AgoraChatError):
                told.__cause__ = last  # the failure that it was to be repeated for
        self._tell_end(told)
        return told

    def _tell_end(self, error: BaseException | None) -> None:
        if self._watch is not None:
            self._watch.call_ended(error, self._attempts, self._queued, time.monotonic() - self._started)

    @property
    def id(self) -> str:
        """Made when somebody asks for it."""
        if self._id is None:
            self._id = self._calls.watchers.new_id()
        return self._id

    @property
    def name(self) -> str:
        """Method and path."""
        return f"{self._request[0]} {self._request[1]}"


async def with_meta(call: Awaitable[T]) -> Result[T]:
    """Await a call and return its result together with how it went."""
    metas = list[Meta]()
    mark = _metas.set(metas)
    try:
        value = await call
    finally:
        _metas.reset(mark)
    return Result(value, metas[-1] if metas else None)


def _final(error: AgoraChatError, *, retry_safe: bool) -> AgoraChatError:
    """Turn the error of the last attempt into the one that the caller gets."""
    if retry_safe or not (classify(error) is Outcome.FAULT or isinstance(error, ResponseTooLarge)):
        return error
    if type(error) is TransportError:
        unknown = OutcomeUnknown(*error.args)
        unknown.__cause__, unknown.host = error.__cause__, error.host
        return unknown
    error.outcome_unknown = True
    return error


def _unreadable(error: Exception, call: str, answer: Answer, token: str) -> DecodeError:
    """Make the error of an answer that cannot be read, in which the token may be repeated."""
    if isinstance(error, JSONDecodeError):
        error.doc = ""  # the whole answer
    return DecodeError(
        redacted_text(str(error) or type(error).__name__, token),
        call=call,
        status=answer.status,
        content_type=redacted_text(answer.headers.get("content-type", ""), token),
        body=redacted_bytes(answer.body[: 2 * SNIPPET], token),
    )
