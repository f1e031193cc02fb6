"""The life of a call: it waits for its quota, is sent, is read, and perhaps is sent again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from attrs import field, frozen

from agora_chat_async._life import Life
from agora_chat_async._refusals import refusal
from agora_chat_async._retry import Outcome, Retries, RetryBudget, RetryPolicy, classify
from agora_chat_async._transfer import Multipart, SinkFailed
from agora_chat_async.errors import (
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
        decode = endpoint.decode_page if endpoint.returns_page else endpoint.decode
        request = (endpoint.method, path, query, body, headers)
        if sink is not None:
            return _Call(self, request, endpoint.retry_safe, None, sink).run(self.quotas.gate(endpoint), counts)
        return _Call(self, request, endpoint.retry_safe, decode).run(self.quotas.gate(endpoint), counts)

    def send_raw(
        self, gate: Gate, request: Request, counts: Mapping[str, int] | None, *, retry_safe: bool
    ) -> Coroutine[Any, Any, Answer]:
        """Send any request and return its answer, which is one of success."""
        return _Call(self, request, retry_safe, None).run(gate, counts)


class _Call:
    """One call on its way."""

    __slots__ = (
        "_attempts",
        "_calls",
        "_decode",
        "_queued",
        "_renewed",
        "_request",
        "_retries",
        "_retry_safe",
        "_sink",
        "_spaced",
        "_started",
        "_token",
    )

    def __init__(
        self,
        calls: Calls,
        request: Request,
        retry_safe: bool,  # noqa: FBT001
        decode: Decode | None,
        sink: Sink | None = None,
    ) -> None:
        self._calls = calls
        self._request = request
        self._retry_safe = retry_safe
        self._decode = decode
        self._sink = sink
        self._started = time.monotonic()
        self._queued = 0.0
        self._attempts = 0
        self._retries: Retries | None = None
        self._renewed = False
        self._spaced = False
        """Whether a slowed bucket spaces the repeats of this call."""

    async def run(self, gate: Gate, counts: Mapping[str, int] | None) -> Any:
        """Take the call through its gate to the wire, as often as it needs and may."""
        life, options = self._calls.life, self._calls.options
        life.enter(self)
        lease: Lease | None = None
        outcome: tuple[Any] | AgoraChatError | None = None
        scope = asyncio.timeout(options.timeout)
        try:
            async with scope:
                while True:
                    if life.ended:
                        raise SessionClosed("the session was closed while the call was under way")
                    self._refuse_late_start(gate, counts, scope.when())
                    begun = time.monotonic()
                    lease = await gate.enter(counts, options.max_wait)
                    self._queued += time.monotonic() - begun
                    try:
                        outcome = await self._attempt(lease)
                    finally:
                        life.attempts += lease.handed
                        await lease.release()
                    lease = None
                    if not isinstance(outcome, AgoraChatError):
                        return outcome[0]
                    if not await self._token_was_renewed(outcome):
                        await asyncio.sleep(self._pause_after(outcome, scope.when()))
                    life.retries += 1
        except TimeoutError as error:
            if not scope.expired() or isinstance(error, AgoraChatError):
                raise
            raise self._late(sent=lease is not None and lease.handed) from None
        except asyncio.CancelledError:
            if not life.was_evicted(self):
                raise
            closed = SessionClosed("the session was closed while the call was under way")
            closed.outcome_unknown = lease is not None and lease.handed and not self._retry_safe
            raise closed from None
        finally:
            life.leave(self)
            outcome = None  # an error refers to this frame, which must not refer to the error

    async def _attempt(self, lease: Lease) -> tuple[Any] | AgoraChatError:
        """Send the call once; return its result, or the error that may be repeated."""
        calls = self._calls
        self._attempts += 1
        self._spaced = False
        self._token = calls.keeper.ready() or await calls.keeper.get()
        try:
            answer = await calls.wire.send(
                self._request,
                token=self._token.value,
                handover=lease,
                timeout=calls.options.attempt_timeout,
                sink=self._sink,
            )
        except TransportError as error:
            return error
        except SinkFailed as failure:
            raise failure.__cause__ or failure from None
        if not answer.ok:
            refused = refusal(answer, *self._request[:2])
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
            raise DecodeError(
                str(error) or type(error).__name__,
                call=self.name,
                status=answer.status,
                content_type=answer.headers.get("content-type", ""),
                body=answer.body,
            ) from error

    async def _token_was_renewed(self, error: AgoraChatError) -> bool:
        """After the first 401, get another token; False where that is no help."""
        if self._renewed or not isinstance(error, Unauthorized):
            return False
        self._renewed = True
        return (await self._calls.keeper.replace(self._token)).value != self._token.value

    def _pause_after(self, error: AgoraChatError, deadline: float | None) -> float:
        """Return the seconds until the call may be repeated, or raise the error where it may not or comes too late."""
        if isinstance(error, RateLimited):
            self._calls.life.refused += 1
        if self._retries is None:
            self._retries = Retries(self._calls.options.retry, self._calls.budget, retry_safe=self._retry_safe)
        pause = self._retries.pause_after(error, asyncio.get_running_loop().time(), spaced=self._spaced)
        body = self._request[3]
        if isinstance(body, Multipart) and not body.repeatable:
            pause = None  # it came from a stream, of which the beginning is gone
        if pause is None or (deadline is not None and asyncio.get_running_loop().time() + pause >= deadline):
            raise _final(error, retry_safe=self._retry_safe)
        return pause

    def _refuse_late_start(self, gate: Gate, counts: Mapping[str, int] | None, deadline: float | None) -> None:
        """Fail at once where the quota is known to be free only after the deadline."""
        if deadline is not None and gate.longest_wait(counts)[1] > deadline - asyncio.get_running_loop().time():
            raise self._late(sent=False)

    def _late(self, *, sent: bool) -> DeadlineExceeded:
        unknown = sent and not self._retry_safe
        return DeadlineExceeded(self.name, self._calls.options.timeout or 0.0, sent=sent, outcome_unknown=unknown)

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
        unknown.__cause__ = error.__cause__
        return unknown
    error.outcome_unknown = True
    return error
