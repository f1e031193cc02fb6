"""The emulated service as an ASGI app.

A request is judged at once on the event loop, in the order of arrival; what is let in is carried out by the rules of
its operation, which run in the database's thread.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Final, Literal, Self
from urllib.parse import quote

from attrs import evolve
from starlette.types import Receive, Scope, Send

from agora_chat_async._json import encode
from agora_chat_async.api import all_endpoints
from agora_chat_async.emulator._auth import Gatekeeper
from agora_chat_async.emulator._breaking import Line, Whole, break_answer
from agora_chat_async.emulator._call import Attachment, Call, Handler
from agora_chat_async.emulator._clock import Clock
from agora_chat_async.emulator._control import control_app
from agora_chat_async.emulator._dialect import in_easemob
from agora_chat_async.emulator._entrance import Entrance
from agora_chat_async.emulator._errors import Refusal
from agora_chat_async.emulator._faults import KINDS, Fault, Faults
from agora_chat_async.emulator._features import closed
from agora_chat_async.emulator._handlers import HANDLERS, PREPARE
from agora_chat_async.emulator._limits import limits_of
from agora_chat_async.emulator._log import RequestLog
from agora_chat_async.emulator._older import OLDER
from agora_chat_async.emulator._quota import Algorithm, Overrides, Quotas
from agora_chat_async.emulator._request import Request, read_body, respond, written
from agora_chat_async.emulator._routes import Operation, RouteTree
from agora_chat_async.emulator._settings import (
    DEMO_APP,
    DEMO_APP_ID,
    DEMO_CERTIFICATE,
    DEMO_ORG,
    Dialect,
    Settings,
)
from agora_chat_async.emulator._state import State, open_database
from agora_chat_async.emulator._tokens import EXCHANGE
from agora_chat_async.quota import PLANS

ARRIVAL: Final = "agora_chat_emulator_arrival"
"""Key in the ASGI state under which a server tells when the request's bytes came."""

_logger: Final = logging.getLogger(__name__)
_CONTROL: Final = b"/_emulator"


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
        presence_too_fast: Status of the answer to queries of presence above their quota: 400 without an error name, or
            429 `reach_limit` as everywhere else.
        dialect: Whose pages hold where the vendors disagree on an answer, `agora` or `easemob`.
        moderated: Words that moderation finds in names and announcements of groups, which are then refused.
        wrong_method: Status where a path is known and its method is not: 500 `unsupported_service_operation`, or 405.
        unknown_path: Status of a path that the service does not have: 501, which names the gap, or the service's own
            500.
        unknown_user: Status where the sources name both 400 and 404 for a user who does not exist: passwords, mutes and
            push, and coming into groups and rooms; by default what each of these operations holds true.
        upper_case: Capitals in the name of a new user are refused, or folded to lower case.
        require_password: Refuse to register users without a password.
        limits: How much there may be of some things, such as `{"groups_per_user": 2}`, in place of what the plan says;
            see `Limits`.
        over_plan: Refuse every call with 429 `resource_limited`, as when the app uses more than its plan has.
        disabled: Features that are off for the app, such as `["presence", "push"]`; see `FEATURES`.
        background: Share of each quota that other clients are taken to use.
        strict: Refuse members and query parameters that an operation does not have.
        faults: What goes wrong with some calls, such as `Fault("lost_answer", "messages.*", probability=0.02)`.
        fault_seed: For the draws of the faults.
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
        presence_too_fast: Literal[400, 429] = 400,
        dialect: Dialect = "agora",
        moderated: Iterable[str] = (),
        wrong_method: Literal[500, 405] = 500,
        unknown_path: Literal[501, 500] = 501,
        unknown_user: Literal[400, 404] | None = None,
        upper_case: Literal["refuse", "fold"] = "refuse",
        require_password: bool = False,
        limits: Mapping[str, int] | None = None,
        over_plan: bool = False,
        disabled: Iterable[str] = (),
        background: float = 0.0,
        strict: bool = True,
        faults: Iterable[Fault | str | Mapping[str, Any]] = (),
        fault_seed: int = 0,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if plan is not None and plan not in PLANS:
            raise ValueError(f"plan is one of {', '.join(PLANS)}, got {plan!r}")
        self.clock: Final = Clock(now, monotonic)
        self.settings: Final = Settings(
            org,
            app,
            app_id,
            certificate,
            plan=plan,
            batch_conflict=batch_conflict,
            too_large=too_large,
            presence_too_fast=presence_too_fast,
            dialect=dialect,
            moderated=tuple(moderated),
            wrong_method=wrong_method,
            unknown_path=unknown_path,
            unknown_user=unknown_user,
            upper_case=upper_case,
            require_password=require_password,
            limits=limits_of(plan or "enterprise", limits or {}),
            over_plan=over_plan,
            strict=strict,
            now=self.clock.now,
        )
        operations = [*map(Operation.of, all_endpoints()), EXCHANGE, *OLDER]
        self._closed = closed(disabled, (operation.id for operation in operations))
        self.handlers: dict[str, Handler] = dict(HANDLERS)
        self.tree: Final = RouteTree(operations)
        self.quotas: Final = Quotas(
            operations,
            overrides=quotas,
            plan=PLANS[plan] if plan else None,
            algorithm=algorithm,
            background=background,
            clock_offset=now() - monotonic(),
        )
        self.faults: Final = Faults({name: route.ids for name, route in self.tree.routes.items()}, faults, fault_seed)
        self.log: Final = RequestLog()
        self.log.clear(self.clock.monotonic())
        self.gatekeeper: Final = Gatekeeper(app_id, certificate, self.clock.now)
        self.state: State = State(open_database(database), self.clock.now, self.settings.limits)
        self.gatekeeper.learn(*self.state.database.run_blocking(self.state.tokens.all))
        self._entrance = Entrance(self, enforce_quotas=enforce_quotas)
        self._jitter = jitter
        self._latency = latency
        self._reads_arrivals = monotonic is time.monotonic
        self._control = control_app(self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        at = self.clock.monotonic()
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError(f"the emulator speaks HTTP only, not {scope['type']}")
        raw_path: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
        if raw_path == _CONTROL or raw_path.startswith(_CONTROL + b"/"):
            await self._control(scope, receive, send)
            return
        if self._reads_arrivals and (arrival := scope.get("state", {}).get(ARRIVAL)) is not None:
            at = arrival + self.clock.ahead
        body = await read_body(receive)
        if body is not None:
            status, answer, fault = await self._answer(Request.of(scope, raw_path, body, at))
            if fault is None:
                await respond(send, status, answer)
            else:
                await break_answer(Line(scope, receive, send), fault, Whole(status, *written(answer)))

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
        """Forget all data, tokens, calls and requests, and go back to the faults of the start."""
        await self.state.database.run(self.state.clear)
        self.clock.ahead = 0.0
        self.gatekeeper.reset()
        self.quotas.reset()
        self.faults.reset()
        self.log.clear(self.clock.monotonic())

    async def restore(self, content: bytes) -> None:
        """Replace all data by what a snapshot holds; a `ValueError` says that it is none."""
        database = self.state.database
        await database.restore(content)
        self.state = State(database, self.clock.now, self.settings.limits)
        self.gatekeeper.reset()
        self.gatekeeper.learn(*await database.run(self.state.tokens.all))

    async def revoke_tokens(self) -> None:
        """Let no token hold that was made before now."""
        before = self.gatekeeper.revoke("")
        await self.state.database.run(lambda: self.state.tokens.revoke_all(before))

    async def _answer(self, request: Request) -> tuple[int, bytes | Attachment, Fault | None]:
        if self._jitter:
            delay = random.random() * self._jitter  # noqa: S311 - a network, not a secret
            request = evolve(request, at=request.at + delay)
            await asyncio.sleep(request.at - self.clock.monotonic())
        number, outcome, fault = self._entrance.judge(request)
        answer: bytes | Attachment
        try:
            status, answer = 200, await self._carry_out(outcome)
        except Refusal as refusal:
            told = refusal.told_as(self.settings.unknown_user)
            status, answer = told.status, self._error(told, request)
        except Exception:
            _logger.exception("%s %s", request.method, request.target)
            broken = Refusal(500, "emulator_fault", "the emulator itself failed; its log says how")
            status, answer = 500, self._error(broken, request)
        self.log.answered(number, KINDS[fault.kind].status or status if fault is not None else status)
        if self._latency:
            await asyncio.sleep(self._latency)
        return status, answer, fault

    async def _carry_out(self, outcome: Call | Refusal) -> bytes | Attachment:
        if isinstance(outcome, Refusal):
            raise outcome
        if outcome.operation.id in PREPARE:
            await PREPARE[outcome.operation.id](outcome)
        answer = await self.state.database.run(lambda: self._perform(outcome))
        for step in outcome.after:
            step()
        return answer

    def _perform(self, call: Call) -> bytes | Attachment:
        if call.operation.id in self._closed:
            raise Refusal(*self._closed[call.operation.id])
        call.refuse_strangers()
        try:
            answer = self.handlers[call.operation.id](call)
        except Refusal as refusal:
            if self.settings.easemob:
                raise in_easemob(refusal, call.operation.id, call.values) from None
            raise
        return answer if isinstance(answer, Attachment) else encode(answer)

    def _error(self, refusal: Refusal, request: Request) -> bytes:
        now, elapsed = self.settings.now(), max(0.0, self.clock.monotonic() - request.at)
        return encode(refusal.body(timestamp=int(now * 1000), duration=int(elapsed * 1000)))

    async def _live(self, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await self.aclose()
        await send({"type": "lifespan.shutdown.complete"})
