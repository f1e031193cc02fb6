"""Spans and metrics of calls for OpenTelemetry; needs the extra `otel`.

    hooks = OpenTelemetryHooks()
    async with Session(..., hooks=[hooks]) as chat: ...

A call is a span named by its route, below whatever span the program is in, and each attempt is a client span below
that, which is current while the attempt lasts. Attributes have the names of the semantic conventions for HTTP where
these have one. `url.full` is left out, since paths hold names; `url.template` stands in its place. Neither bodies nor
headers are recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextvars import Token
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from attrs import frozen
from opentelemetry import context, metrics, trace
from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider

from agora_chat_async.hooks import AttemptEnd, AttemptInfo, CallEnd, CallInfo, Hooks, SessionInfo

if TYPE_CHECKING:
    from agora_chat_async._bucket import BucketState

Attributes = Mapping[str, str | int | float | bool]

_NAME: Final = "agora_chat_async"
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
_QUEUED: Final = (0.001, 0.01, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_REFUSED: Final = 429


@frozen(eq=False)
class _Attempt:
    span: Span
    token: Token[Context]


class OpenTelemetryHooks(Hooks):
    """Records spans and metrics; one of them may serve several sessions."""

    def __init__(
        self, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        """Make the instruments.

        Args:
            tracer_provider: Where spans go; the global provider by default.
            meter_provider: Where metrics go; the global provider by default.
        """
        self._tracer = trace.get_tracer(_NAME, version("agora-chat-async"), tracer_provider)
        meter = metrics.get_meter(_NAME, version("agora-chat-async"), meter_provider)
        self._sessions = list[SessionInfo]()
        self._calls = dict[CallInfo, Span]()
        self._attempts = dict[AttemptInfo, _Attempt]()
        self._durations = meter.create_histogram(
            "agora_chat.client.call.duration",
            "s",
            "Time of a call, with waiting, repeats and pauses",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._requests = meter.create_histogram(
            "http.client.request.duration",
            "s",
            "Time of one attempt",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._queued = meter.create_histogram(
            "agora_chat.client.queue.duration",
            "s",
            "Time that an attempt waited for its quotas",
            explicit_bucket_boundaries_advisory=_QUEUED,
        )
        self._refusals = meter.create_counter(
            "agora_chat.client.refusals", "{refusal}", "Attempts that the service refused because of a quota or plan"
        )
        self._active = meter.create_up_down_counter(
            "agora_chat.client.calls.active", "{call}", "Calls under way, those in line included"
        )
        self._in_flight = meter.create_up_down_counter("http.client.active_requests", "{request}", "Attempts under way")
        for what, text in (
            ("used", "Calls, or what else is counted, in the present window"),
            ("limit", "What a window allows"),
            ("waiting", "Calls in line"),
        ):
            observer = _Observer(self._sessions, what)
            meter.create_observable_gauge(f"agora_chat.client.quota.{what}", [observer], "{call}", text)

    def session_opened(self, session: SessionInfo) -> None:
        """Begin to observe the session's quotas."""
        self._sessions.append(session)

    def session_closed(self, session: SessionInfo) -> None:
        """Observe them no longer."""
        self._sessions.remove(session)

    def call_started(self, call: CallInfo) -> None:
        """Begin the span of a call."""
        self._active.add(1, _route(call))
        attributes = {**_route(call), **_request(call), "agora_chat.call_id": call.id}
        self._calls[call] = self._tracer.start_span(call.route, kind=SpanKind.INTERNAL, attributes=attributes)

    def attempt_started(self, attempt: AttemptInfo) -> None:
        """Begin the span of an attempt, and make it the current one."""
        call = attempt.call
        self._in_flight.add(1, _request(call))
        self._queued.record(attempt.queued, _route(call))
        parent = trace.set_span_in_context(self._calls[call])
        attributes: dict[str, str | int | float] = {
            **_request(call),
            **_route(call),
            "agora_chat.queued": attempt.queued,
        }
        if attempt.number > 1:
            attributes["http.request.resend_count"] = attempt.number - 1
        name = f"{call.method} {call.path}".rstrip()
        span = self._tracer.start_span(name, parent, SpanKind.CLIENT, attributes)
        self._attempts[attempt] = _Attempt(span, context.attach(trace.set_span_in_context(span)))

    def attempt_ended(self, end: AttemptEnd) -> None:
        """End the span of an attempt."""
        call = end.attempt.call
        under_way = self._attempts.pop(end.attempt)
        context.detach(under_way.token)
        outcome = _outcome(end.status, end.error)
        span = under_way.span
        span.set_attributes({**outcome, "http.request.body.size": end.bytes_out, "agora_chat.sent": end.sent})
        if end.status is not None:
            span.set_attribute("http.response.body.size", end.bytes_in)
        if end.pause is not None:
            span.set_attribute("agora_chat.pause", end.pause)
        if end.error is not None:
            span.set_status(Status(StatusCode.ERROR))
        span.end()
        self._in_flight.add(-1, _request(call))
        self._requests.record(end.duration, {**_request(call), **outcome})
        if end.status == _REFUSED or end.error == "RateLimited":
            self._refusals.add(1, {**_route(call), **outcome})

    def call_ended(self, end: CallEnd) -> None:
        """End the span of a call."""
        span, outcome = self._calls.pop(end.call), _outcome(None, end.error)
        span.set_attributes(
            {
                **outcome,
                "agora_chat.attempts": end.attempts,
                "agora_chat.queued": end.queued,
                "agora_chat.outcome_unknown": end.outcome_unknown,
            }
        )
        if end.error is not None:
            span.set_status(Status(StatusCode.ERROR))
        span.end()
        self._active.add(-1, _route(end.call))
        self._durations.record(end.duration, {**_route(end.call), **outcome})


@frozen
class _Observer:
    """Reads one number of every bucket of every session."""

    sessions: list[SessionInfo]
    what: str

    def __call__(self, options: CallbackOptions) -> Iterable[Observation]:  # noqa: ARG002 - part of the protocol
        for session in self.sessions:
            for bucket, state in session.quotas.snapshot().items():
                attributes = {"agora_chat.app": session.app, "agora_chat.quota": bucket}
                yield Observation(_number(state, self.what), attributes)


def _number(state: BucketState, what: str) -> int:
    return {"used": state.used, "limit": state.limit.calls, "waiting": state.waiting}[what]


def _route(call: CallInfo) -> dict[str, str]:
    return {"agora_chat.route": call.route, "agora_chat.app": call.session.app}


def _request(call: CallInfo) -> dict[str, str | int]:
    host, _, port = call.session.server.rpartition(":")
    where: dict[str, str | int] = {"server.address": call.session.server}
    if host and port.isdecimal():
        where = {"server.address": host.strip("[]"), "server.port": int(port)}
    template = {"url.template": call.path} if call.path else {}
    return {"http.request.method": call.method, **where, **template}


def _outcome(status: int | None, error: str | None) -> dict[str, str | int]:
    told: dict[str, str | int] = {}
    if status is not None:
        told["http.response.status_code"] = status
    if error is not None:
        told["error.type"] = error
    return told
