"""What OpenTelemetry gets, as its own exporters see it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from raw_server import RawRequest, RawServer, always, answer, in_turn, raw_server

from agora_chat_async import NO_RETRY, RetryPolicy, Session, errors
from agora_chat_async.opentelemetry import OpenTelemetryHooks

DOWN = answer(503, b'{"error":"service_unavailable"}')
ROUTE = {"agora_chat.route": "users.get", "agora_chat.app": "org#app"}


class Telemetry:
    """The hooks, and what comes out behind them."""

    def __init__(self) -> None:
        self._exporter, self._reader = InMemorySpanExporter(), InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.meters = MeterProvider([self._reader])
        self.hooks = OpenTelemetryHooks(self.tracers, self.meters)

    @property
    def spans(self) -> list[ReadableSpan]:
        return [*self._exporter.get_finished_spans()]

    @property
    def metrics(self) -> dict[str, list[Any]]:
        data = self._reader.get_metrics_data()
        scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics] if data else []
        return {metric.name: [*metric.data.data_points] for scope in scopes for metric in scope.metrics}


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    made = Telemetry()
    yield made
    made.meters.shutdown()


@pytest.fixture
async def server() -> AsyncIterator[RawServer]:
    async with raw_server() as running:
        yield running


def session(server: RawServer, telemetry: Telemetry, **options: Any) -> Session:
    quick = RetryPolicy(pause=0.001, throttled_pause=0.001)
    return Session("org", "app", host=server.url, token="t", hooks=[telemetry.hooks], **{"retry": quick, **options})


async def test_spans(server: RawServer, telemetry: Telemetry) -> None:
    """A call lies below the program's own span, its attempts below it, with the names of the conventions."""
    server.respond = in_turn(DOWN, answer())
    tracer = telemetry.tracers.get_tracer("program")
    async with session(server, telemetry) as chat:
        with tracer.start_as_current_span("program"):
            await chat.users.get("anna")
    first, second, call, program = telemetry.spans
    assert [span.name for span in (first, second, call)] == ["GET /users/{username}"] * 2 + ["users.get"]
    assert [span.kind for span in (first, second, call)] == [SpanKind.CLIENT, SpanKind.CLIENT, SpanKind.INTERNAL]
    assert call.parent is not None
    assert call.parent.span_id == program.context.span_id
    assert {span.parent.span_id for span in (first, second) if span.parent} == {call.context.span_id}
    shared = {
        **ROUTE,
        "http.request.method": "GET",
        "url.template": "/users/{username}",
        "server.address": "127.0.0.1",
        "server.port": server.port,
    }
    for span in (first, second, call):
        assert span.attributes is not None
        assert shared.items() <= dict(span.attributes).items()
    assert first.attributes is not None
    assert first.attributes["http.response.status_code"] == 503
    assert first.attributes["error.type"] == "ServiceUnavailable"
    assert "http.request.resend_count" not in first.attributes
    assert second.attributes is not None
    assert second.attributes["http.request.resend_count"] == 1
    assert second.attributes["http.response.status_code"] == 200
    assert call.attributes is not None
    assert call.attributes["agora_chat.attempts"] == 2
    assert [span.status.status_code for span in (first, second, call)] == [
        StatusCode.ERROR,
        StatusCode.UNSET,
        StatusCode.UNSET,
    ]


async def test_failed_and_cancelled_calls_end_their_spans(server: RawServer, telemetry: Telemetry) -> None:
    """Each says what it failed with and whether it may have been done, and none stays open."""
    server.respond = always(None)
    async with session(server, telemetry, retry=NO_RETRY, quotas={"users.get": "1/minute"}) as chat:
        with pytest.raises(errors.OutcomeUnknown):
            await chat.users.create("anna")
        await asyncio.gather(chat.users.get("anna"), return_exceptions=True)
        waiting = asyncio.ensure_future(chat.users.get("anna"))
        await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.wait([waiting])
    calls = [span for span in telemetry.spans if span.kind is SpanKind.INTERNAL]
    told = [dict(span.attributes or {}) for span in calls]
    assert [attributes["error.type"] for attributes in told] == ["OutcomeUnknown", "TransportError", "CancelledError"]
    assert [attributes["agora_chat.outcome_unknown"] for attributes in told] == [True, False, False]
    assert all(span.status.status_code is StatusCode.ERROR for span in calls)
    assert telemetry.metrics["agora_chat.client.calls.active"]
    assert {point.value for point in telemetry.metrics["agora_chat.client.calls.active"]} == {0}
    assert {point.value for point in telemetry.metrics["http.client.active_requests"]} == {0}
    assert trace.get_current_span() is trace.INVALID_SPAN


async def test_metrics(server: RawServer, telemetry: Telemetry) -> None:
    """Durations, waits, refusals, and how full the quotas are."""
    server.respond = in_turn(answer(429, b'{"error":"reach_limit"}'), answer())
    async with session(server, telemetry, quotas={"users.get": "50/second"}) as chat:
        for _ in range(3):
            await chat.users.get("anna")
        metrics = telemetry.metrics
    (calls,) = metrics["agora_chat.client.call.duration"]
    assert (calls.count, dict(calls.attributes)) == (3, ROUTE)
    attempts = {
        point.attributes["http.response.status_code"]: point for point in metrics["http.client.request.duration"]
    }
    assert {status: point.count for status, point in attempts.items()} == {429: 1, 200: 3}
    (waits,) = metrics["agora_chat.client.queue.duration"]
    assert waits.count == 4
    (refusals,) = metrics["agora_chat.client.refusals"]
    assert (refusals.value, refusals.attributes["error.type"]) == (1, "RateLimited")
    quota = {"agora_chat.app": "org#app", "agora_chat.quota": "GET /users/{}"}
    for name, value in (("limit", 50), ("used", 4), ("waiting", 0)):
        (point,) = metrics[f"agora_chat.client.quota.{name}"]
        assert (point.value, dict(point.attributes)) == (value, quota)
    assert "agora_chat.client.quota.used" not in telemetry.metrics  # the session is closed


async def test_no_name_and_no_secret_is_recorded(server: RawServer, telemetry: Telemetry) -> None:
    """Neither spans nor metrics hold a username, a token, a password or a body."""

    async def respond(request: RawRequest) -> bytes:
        return answer(400, b'{"error":"illegal_argument","error_description":"anna may not have hush-hush"}')

    server.respond = respond
    async with session(server, telemetry) as chat:
        for call in (chat.users.create("anna", password="hush-hush"), chat.users.delete("anna")):
            with pytest.raises(errors.IllegalArgument):
                await call
    shown = "".join(span.to_json() for span in telemetry.spans) + repr(telemetry.metrics)
    assert "anna" not in shown
    assert "hush-hush" not in shown


async def test_the_span_of_an_attempt_is_current_while_it_lasts(server: RawServer, telemetry: Telemetry) -> None:
    """Whatever instruments the transport finds its parent."""
    import httpx

    current = list[str]()

    def respond(_: httpx.Request) -> httpx.Response:
        current.append(trace.get_current_span().name)  # type: ignore[attr-defined]
        return httpx.Response(200, json={"entities": [{"username": "anna"}]})

    async with session(server, telemetry, transport=httpx.MockTransport(respond)) as chat:
        await asyncio.gather(*(chat.users.get("anna") for _ in range(5)))
    assert current == ["GET /users/{username}"] * 5
