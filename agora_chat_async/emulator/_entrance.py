"""The stations that a request passes before the rules of its operation, as it does at the service.

They are org and app, route, faults, token, quota and body. None of them waits for anything: requests are judged on the
event loop, in the order of arrival, so that what is counted is what came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from agora_chat_async.emulator._auth import Identity
from agora_chat_async.emulator._call import Call
from agora_chat_async.emulator._errors import (
    Refusal,
    not_emulated,
    plan_exceeded,
    too_fast,
    unauthorized,
    unknown_path,
    wrong_method,
)
from agora_chat_async.emulator._faults import KINDS, Fault
from agora_chat_async.emulator._handlers import TOO_FAST
from agora_chat_async.emulator._request import Request, content_of, item_counts
from agora_chat_async.emulator._routes import Match, Route, split_path

if TYPE_CHECKING:
    from agora_chat_async.emulator._app import Emulator

_REGISTRATION: Final = "POST /users"
_TOO_MANY_REQUESTS: Final = 429
_PEOPLE: Final = frozenset(
    ("username", "usernames", "owner_username", "friend_username", "blocked_username", "user_id", "target", "key")
)
"""Placeholders that usernames fill, whose case does not matter."""


class Entrance:
    """Decides what is let in to an emulator."""

    def __init__(self, emulator: Emulator, *, enforce_quotas: bool) -> None:
        self._emulator = emulator
        self._enforce_quotas = enforce_quotas

    def judge(self, request: Request) -> tuple[int, Call | Refusal, Fault | None]:
        """Decide whether a request is let in and what goes wrong with it, and note it in the log."""
        route, admitted, refused, cost = "", False, False, 1
        outcome: Call | Refusal
        fault: Fault | None = None
        try:
            match, path = self._match(request)
            route = match.route.name
            counts = item_counts(match.route, request.body)
            cost = sum(counts.values()) if counts else 1
            fault = self._emulator.faults.draw(route)
            if fault is not None and fault.before:
                raise self._struck(fault, match.route, request)
            identity = self._identify(match.route, request)
            admitted = not self._enforce_quotas or self._emulator.quotas.admit(route, request.at, counts)
            refused = not admitted
            if admitted and self._emulator.settings.over_plan:
                raise plan_exceeded(self._emulator.settings.edition)
            outcome = self._call(match, path, identity, request) if admitted else self._too_fast(match.route)
        except Refusal as refusal:
            outcome = refusal
        number = self._emulator.log.add(
            request.at,
            request.method,
            request.target,
            route,
            admitted=admitted,
            cost=cost,
            refused=refused,
            fault=fault.kind if fault is not None else "",
        )
        return number, outcome, fault

    def _struck(self, fault: Fault, route: Route, request: Request) -> Refusal:
        """Return the refusal of a call that a fault keeps from being carried out."""
        if fault.kind == "rate_limited":
            return self._too_fast(route)
        if fault.kind == "revoked":
            self._identify(route, request)  # so that this very token is known to be old
            self._emulator.gatekeeper.revoke("")
            self._identify(route, request)
        return Refusal(KINDS[fault.kind].status, "fault", str(fault))

    def _match(self, request: Request) -> tuple[Match, str]:
        segments = split_path(request.raw_path)
        if segments[:2] != [self._emulator.settings.org, self._emulator.settings.app]:
            raise Refusal(
                404,
                "organization_application_not_found",
                f"Could not find application for {'/'.join(segments[:2])} from URI: {request.raw_path}",
            )
        path = "/" + "/".join(request.raw_path.split("/")[3:])
        match, known = self._emulator.tree.find(request.method, segments[2:])
        if match is None and known:
            raise wrong_method(f"{request.method} {path}", self._emulator.settings.wrong_method)
        if match is None:
            raise unknown_path(f"{request.method} {path}", self._emulator.settings.unknown_path)
        if not any(name in self._emulator.handlers for name in match.route.ids):
            raise not_emulated(f"{', '.join(match.route.ids)} ({request.method} {path}) is not emulated yet")
        return match, path

    def _identify(self, route: Route, request: Request) -> Identity:
        try:
            identity = self._emulator.gatekeeper.identify(request.header(b"authorization"))
            if route.name == _REGISTRATION and identity.user:
                raise unauthorized("a user's token")
        except Refusal:
            if route.name == _REGISTRATION:
                raise unauthorized("Registration is not open for this token") from None
            raise
        return identity

    def _call(self, match: Match, path: str, identity: Identity, request: Request) -> Call:
        body = content_of(match.route, request)
        operation = match.route.choose(match.values, body)
        if operation.id not in self._emulator.handlers:
            raise not_emulated(f"{operation.id} ({request.method} {path}) is not emulated yet")
        return Call(
            operation=operation,
            values={
                name: value.lower() if name in _PEOPLE else value
                for name, value in zip(operation.placeholders, match.values, strict=True)
            },
            query_string=request.query,
            body=body,
            identity=identity,
            origin=request.origin,
            path=path,
            state=self._emulator.state,
            settings=self._emulator.settings,
            gatekeeper=self._emulator.gatekeeper,
            headers=request.headers,
            elapsed=lambda: max(0.0, self._emulator.clock.monotonic() - request.at),
        )

    def _too_fast(self, route: Route) -> Refusal:
        if self._emulator.settings.presence_too_fast == _TOO_MANY_REQUESTS:
            return too_fast()
        return next((TOO_FAST[name] for name in route.ids if name in TOO_FAST), too_fast)()
