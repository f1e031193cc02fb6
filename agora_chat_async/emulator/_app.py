"""The emulated service as an ASGI app.

A request passes the stations that it passes at the service: org and app, token, quota, body, and then the rules of
its operation. Up to the quota everything is judged at once on the event loop, in the order of arrival; the rules run
in the database's thread.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Literal, Self
from urllib.parse import parse_qsl, quote

from attrs import evolve, frozen
from starlette.types import Receive, Scope, Send

from agora_chat_async._codec import encode, parse
from agora_chat_async.api import all_endpoints
from agora_chat_async.emulator import (
    _callbacks,
    _contacts,
    _files,
    _group_members,
    _groups,
    _member_lists,
    _messages,
    _mutes,
    _presence,
    _push,
    _push_labels,
    _reactions,
    _room_attributes,
    _room_members,
    _rooms,
    _threads,
    _tokens,
    _user_attributes,
    _users,
)
from agora_chat_async.emulator._auth import Gatekeeper, Identity
from agora_chat_async.emulator._call import Attachment, Call, Handler
from agora_chat_async.emulator._control import control_app
from agora_chat_async.emulator._errors import Refusal, illegal, not_emulated, too_fast, unauthorized
from agora_chat_async.emulator._log import RequestLog
from agora_chat_async.emulator._multipart import read_upload
from agora_chat_async.emulator._quota import Algorithm, Overrides, Quotas
from agora_chat_async.emulator._routes import Match, Operation, Route, RouteTree, split_path
from agora_chat_async.emulator._settings import DEMO_APP, DEMO_APP_ID, DEMO_CERTIFICATE, DEMO_ORG, Settings
from agora_chat_async.emulator._state import State
from agora_chat_async.quota import PLANS

ARRIVAL: Final = "agora_chat_emulator_arrival"
"""Key in the ASGI state under which a server tells when the request's bytes came."""

_logger: Final = logging.getLogger(__name__)
_REGISTRATION: Final = "POST /users"
_CONTROL: Final = b"/_emulator"
_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"
_GROUPS: Final = (
    _tokens,
    _users,
    _contacts,
    _user_attributes,
    _mutes,
    _presence,
    _messages,
    _files,
    _groups,
    _group_members,
    _rooms,
    _room_members,
    _room_attributes,
    _member_lists,
    _threads,
    _reactions,
    _push,
    _push_labels,
    _callbacks,
)
"""Modules of handlers; what no handler in them answers is answered with 501."""


@frozen
class _Request:
    method: str
    raw_path: str
    query: str
    headers: dict[bytes, bytes]
    origin: str
    body: bytes
    at: float

    @property
    def target(self) -> str:
        return f"{self.raw_path}?{self.query}" if self.query else self.raw_path

    def header(self, name: bytes) -> str | None:
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")


class Emulator:
    """A local stand-in for the Agora Chat REST API: an ASGI app, to be served or called in process.

    Args:
        database: A file that keeps the state; by default it lives in memory.
        org: Name of the emulated org.
        app: Name of the emulated app.
        app_id: The app's id, with which tokens are made.
        certificate: The app's certificate, with which tokens are signed.
        plan: Name of a price plan; `free` allows 10 calls a second over everything.
        quotas: Rates that differ from the documented ones, such as `{"users.create": "150/second"}`.
        enforce_quotas: False lets every call through.
        algorithm: How calls are counted: exactly, by the second of the clock, or by a bucket that refills.
        jitter: Seconds; each request is held back by a random part of it before it is counted, as by a network.
        latency: Seconds that each answer is held back.
        batch_conflict: A taken name in a batch of new users is reported beside the others, or refuses them all.
        too_large: Status of the answer to a message that is too large.
        background: Share of each quota that other clients are taken to use.
        strict: Refuse members and query parameters that an operation does not have.
        now: The wall clock, in seconds since 1970.
        monotonic: The clock by which calls are counted.
    """

    def __init__(
        self,
        database: str = ":memory:",
        *,
        org: str = DEMO_ORG,
        app: str = DEMO_APP,
        app_id: str = DEMO_APP_ID,
        certificate: str = DEMO_CERTIFICATE,
        plan: str | None = None,
        quotas: Overrides | None = None,
        enforce_quotas: bool = True,
        algorithm: Algorithm = "sliding",
        jitter: float = 0.0,
        latency: float = 0.0,
        batch_conflict: Literal["partial", "refuse"] = "partial",
        too_large: Literal[413, 400] = 413,
        background: float = 0.0,
        strict: bool = True,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if plan is not None and plan not in PLANS:
            raise ValueError(f"plan is one of {', '.join(PLANS)}, got {plan!r}")
        self.settings = Settings(org, app, app_id, certificate, plan, batch_conflict, too_large, strict, now)
        operations = [*map(Operation.of, all_endpoints()), _tokens.EXCHANGE]
        self.handlers: dict[str, Handler] = {
            name: handler for group in _GROUPS for name, handler in group.answers.handlers.items()
        }
        self._too_fast = {name: refusal for group in _GROUPS for name, refusal in group.answers.too_fast.items()}
        self.tree = RouteTree(operations)
        self.quotas = Quotas(
            operations,
            overrides=quotas,
            plan=PLANS[plan] if plan else None,
            algorithm=algorithm,
            background=background,
            clock_offset=now() - monotonic(),
        )
        self.log = RequestLog()
        self.log.clear(monotonic())
        self.gatekeeper = Gatekeeper(app_id, certificate, now)
        self.state = State(database, now)
        self.gatekeeper.issued(self.state.database.run_blocking(self.state.tokens.all))
        self._enforce_quotas = enforce_quotas
        self._jitter = jitter
        self._latency = latency
        self._monotonic = monotonic
        self._control = control_app(self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        at = self._monotonic()
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError(f"the emulator speaks HTTP only, not {scope['type']}")
        raw_path: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
        if raw_path == _CONTROL or raw_path.startswith(_CONTROL + b"/"):
            await self._control(scope, receive, send)
            return
        if self._monotonic is time.monotonic:
            at = scope.get("state", {}).get(ARRIVAL, at)
        body = await _read(receive)
        if body is not None:
            status, answer = await self._answer(_request(scope, raw_path, body, at))
            await _respond(send, status, answer)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the database."""
        await self.state.database.aclose()

    async def reset(self) -> None:
        """Forget all data, tokens, calls and requests."""
        await self.state.database.run(self.state.clear)
        self.gatekeeper.reset()
        self.quotas.reset()
        self.log.clear(self._monotonic())

    async def revoke_tokens(self) -> None:
        """Let no token hold that was made before now."""
        self.gatekeeper.revoke_all()
        await self.state.database.run(self.state.tokens.revoke_all)

    async def _answer(self, request: _Request) -> tuple[int, bytes | Attachment]:
        if self._jitter:
            delay = random.random() * self._jitter  # noqa: S311 - a network, not a secret
            request = evolve(request, at=request.at + delay)
            await asyncio.sleep(request.at - self._monotonic())
        number, outcome = self._judge(request)
        answer: bytes | Attachment
        try:
            status, answer = 200, await self._carry_out(outcome)
        except Refusal as refusal:
            status, answer = refusal.status, self._error(refusal, request)
        except Exception:
            _logger.exception("%s %s", request.method, request.target)
            broken = Refusal(500, "emulator_fault", "the emulator itself failed; its log says how")
            status, answer = 500, self._error(broken, request)
        self.log.answered(number, status)
        if self._latency:
            await asyncio.sleep(self._latency)
        return status, answer

    def _judge(self, request: _Request) -> tuple[int, Call | Refusal]:
        """Decide whether a request is let in, and note it in the log."""
        route, admitted, cost = "", False, 1
        outcome: Call | Refusal
        try:
            match, path = self._match(request)
            route = match.route.name
            identity = self._identify(match.route, request)
            counts = _counts(match.route, request.body)
            cost = sum(counts.values()) if counts else 1
            self._count(match.route, request.at, counts)
            admitted = True
            outcome = self._call(match, path, identity, request)
        except Refusal as refusal:
            outcome = refusal
        number = self.log.add(request.at, request.method, request.target, route, admitted=admitted, cost=cost)
        return number, outcome

    def _count(self, route: Route, at: float, counts: dict[str, int]) -> None:
        if self._enforce_quotas and not self.quotas.admit(route.name, at, counts):
            refusal = next((self._too_fast[name] for name in route.ids if name in self._too_fast), too_fast)
            raise refusal()

    def _match(self, request: _Request) -> tuple[Match, str]:
        segments = split_path(request.raw_path)
        if segments[:2] != [self.settings.org, self.settings.app]:
            raise Refusal(
                404,
                "organization_application_not_found",
                f"Could not find application for {'/'.join(segments[:2])} from URI: {request.raw_path}",
            )
        path = "/" + "/".join(request.raw_path.split("/")[3:])
        match, known = self.tree.find(request.method, segments[2:])
        if match is None and known:
            raise Refusal(
                500, "unsupported_service_operation", f"Service operation not supported: {request.method} {path}"
            )
        if match is None:
            raise not_emulated(f"{request.method} {path} is no operation that the emulator knows")
        if not any(name in self.handlers for name in match.route.ids):
            raise not_emulated(f"{', '.join(match.route.ids)} ({request.method} {path}) is not emulated yet")
        return match, path

    def _identify(self, route: Route, request: _Request) -> Identity:
        try:
            identity = self.gatekeeper.identify(request.header(b"authorization"))
            if route.name == _REGISTRATION and identity.user:
                raise unauthorized("a user's token")
        except Refusal:
            if route.name == _REGISTRATION:
                raise unauthorized("Registration is not open for this token") from None
            raise
        return identity

    def _call(self, match: Match, path: str, identity: Identity, request: _Request) -> Call:
        body = _body(match.route, request)
        operation = match.route.choose(match.values, body)
        if operation.id not in self.handlers:
            raise not_emulated(f"{operation.id} ({request.method} {path}) is not emulated yet")
        return Call(
            operation=operation,
            values=dict(zip(operation.placeholders, match.values, strict=True)),
            query_string=request.query,
            body=body,
            identity=identity,
            origin=request.origin,
            path=path,
            state=self.state,
            settings=self.settings,
            gatekeeper=self.gatekeeper,
            headers=request.headers,
            elapsed=lambda: max(0.0, self._monotonic() - request.at),
        )

    async def _carry_out(self, outcome: Call | Refusal) -> bytes | Attachment:
        if isinstance(outcome, Refusal):
            raise outcome
        answer = await self.state.database.run(lambda: self._perform(outcome))
        for step in outcome.after:
            step()
        return answer

    def _perform(self, call: Call) -> bytes | Attachment:
        call.refuse_strangers()
        answer = self.handlers[call.operation.id](call)
        return answer if isinstance(answer, Attachment) else encode(answer)

    def _error(self, refusal: Refusal, request: _Request) -> bytes:
        now, elapsed = self.settings.now(), max(0.0, self._monotonic() - request.at)
        return encode(refusal.body(timestamp=int(now * 1000), duration=int(elapsed * 1000)))

    async def _live(self, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await self.aclose()
        await send({"type": "lifespan.shutdown.complete"})


def _request(scope: Scope, raw_path: bytes, body: bytes, at: float) -> _Request:
    headers: dict[bytes, bytes] = dict(scope["headers"])
    host = headers.get(b"host", b"localhost").decode("latin-1")
    return _Request(
        method=scope["method"],
        raw_path=raw_path.decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        origin=f"{scope['scheme']}://{host}",
        body=body,
        at=at,
    )


def _counts(route: Route, body: bytes) -> dict[str, int]:
    """Count the items that the route's rates count; a body that cannot be read counts as one call."""
    if not route.weights:
        return {}
    try:
        content: Any = parse(body)
        return {name: len(content[wire]) for name, wire in route.weights.items() if isinstance(content[wire], list)}
    except (ValueError, LookupError, TypeError):
        return {}


def _body(route: Route, request: _Request) -> Any:
    if not any(operation.has_body for operation in route.operations):
        return None
    if any(operation.takes_file for operation in route.operations):
        return read_upload(request.header(b"content-type") or "", request.body)
    is_form = any(operation.form for operation in route.operations)
    if any(operation.needs_content_type for operation in route.operations):
        kind = (request.header(b"content-type") or "").partition(";")[0].strip().lower()
        wanted = _FORM if is_form else _JSON
        if kind != wanted:
            raise Refusal(415, "web_application", f"Unsupported Media Type: {kind or 'none'}, not {wanted}")
    if is_form:
        return _fields(request.body)
    try:
        return parse(request.body)
    except ValueError as error:
        raise Refusal(400, "json_parse", f"Unexpected character or end in the body: {error}") from None


def _fields(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict"))
    except ValueError:
        raise illegal("invalid request: the form is not UTF-8") from None


async def _read(receive: Receive) -> bytes | None:
    """Read the body; None where the caller hung up before its end."""
    parts, more = list[bytes](), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


async def _respond(send: Send, status: int, answer: bytes | Attachment) -> None:
    kind, body = (
        (b"application/octet-stream", answer.content)
        if isinstance(answer, Attachment)
        else (b"application/json", answer)
    )
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
