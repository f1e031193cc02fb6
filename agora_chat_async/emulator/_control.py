"""What tests steer and ask beside the service itself: the endpoints below `/_emulator`, which need no token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, cast

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agora_chat_async._json import encode, parse
from agora_chat_async.emulator import _history
from agora_chat_async.emulator._errors import Refusal, illegal
from agora_chat_async.emulator._fields import Fields
from agora_chat_async.emulator._state.messages import record
from agora_chat_async.emulator._state.users import Applicant, entity

if TYPE_CHECKING:
    from agora_chat_async.emulator._app import Emulator

ENDPOINTS: Final = (
    ("GET", "/_emulator", "what is emulated, and with which quotas"),
    ("POST", "/_emulator/reset", "forget everything"),
    ("POST", "/_emulator/seed", 'register users: {"users": 1000} or {"users": ["anna", "bert"]}'),
    ("GET", "/_emulator/requests", "the request log: ?route=POST%20/users&status=429&limit=100"),
    ("GET", "/_emulator/windows", "the most calls in any window: ?seconds=1"),
    ("GET", "/_emulator/tables", "rows in each table"),
    ("GET", "/_emulator/snapshot", "all data, as a database file"),
    ("POST", "/_emulator/restore", "put a snapshot in the place of all data"),
    ("GET", "/_emulator/clock", "the emulator's time"),
    ("POST", "/_emulator/clock", 'put the time forward: {"advance": 60}, in seconds'),
    ("POST", "/_emulator/users/{name}/online", 'log a user in or out: {"online": true}'),
    ("GET", "/_emulator/users/{name}/messages", "what a user could pull from the server, newest first: ?limit=100"),
    ("POST", "/_emulator/callbacks", 'store callbacks as if they had failed now: {"size": 3}'),
    ("GET", "/_emulator/faults", "what goes wrong with calls, and how many it struck"),
    (
        "POST",
        "/_emulator/faults",
        'let something go wrong: {"faults": [{"kind": "drip", "route": "users.*"}], "seed": 1}',
    ),
    ("POST", "/_emulator/tokens/revoke", "let no token hold that was made before now"),
)
"""Method, path and purpose of each, for the people who start the emulator."""

_MAX_SEED: Final = 5_000_000
_MAX_ADVANCE: Final = 10 * 366 * 86_400


def control_app(emulator: Emulator) -> Starlette:
    """Make the app that answers below `/_emulator`."""
    controls = _Controls(emulator)
    return Starlette(
        routes=[
            Route("/_emulator", controls.info),
            Route("/_emulator/", controls.info),
            Route("/_emulator/reset", controls.reset, methods=["POST"]),
            Route("/_emulator/seed", controls.seed, methods=["POST"]),
            Route("/_emulator/requests", controls.requests),
            Route("/_emulator/windows", controls.windows),
            Route("/_emulator/tables", controls.tables),
            Route("/_emulator/snapshot", controls.snapshot),
            Route("/_emulator/restore", controls.restore, methods=["POST"]),
            Route("/_emulator/clock", controls.clock),
            Route("/_emulator/clock", controls.advance, methods=["POST"]),
            Route("/_emulator/users/{name}/online", controls.online, methods=["POST"]),
            Route("/_emulator/users/{name}/messages", controls.messages),
            Route("/_emulator/callbacks", controls.callbacks, methods=["POST"]),
            Route("/_emulator/faults", controls.faults),
            Route("/_emulator/faults", controls.set_faults, methods=["POST"]),
            Route("/_emulator/tokens/revoke", controls.revoke, methods=["POST"]),
            Route(_history.PATH + "{hour}.gz", controls.history),
        ],
        exception_handlers={Refusal: controls.refused},
    )


class _Controls:
    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._run: Callable[[Callable[[], Any]], Awaitable[Any]] = emulator.state.database.run

    async def info(self, _: Request) -> Response:
        emulator, operations = self._emulator, dict[str, dict[str, Any]]()
        for route in emulator.tree.routes.values():
            quota = [str(rate) for rate in emulator.quotas.rates_of(route.name)]
            for operation in route.operations:
                operations[operation.id] = {"method": operation.method, "path": operation.path, "quota": quota}
        settings = emulator.settings
        return _json(
            {
                "org": settings.org,
                "app": settings.app,
                "app_id": settings.app_id,
                "plan": settings.plan,
                "emulated": {name: value for name, value in operations.items() if name in emulator.handlers},
                "not_emulated": {name: value for name, value in operations.items() if name not in emulator.handlers},
            }
        )

    async def reset(self, _: Request) -> Response:
        await self._emulator.reset()
        return _json({"reset": True})

    async def seed(self, request: Request) -> Response:
        wanted = (await _body(request)).get("users")
        if isinstance(wanted, int) and not isinstance(wanted, bool) and 0 <= wanted <= _MAX_SEED:
            users: Iterable[Applicant] = (Applicant(f"user{number}") for number in range(1, wanted + 1))
        elif isinstance(wanted, list):
            users = list(map(_applicant, cast("list[object]", wanted)))
        else:
            raise illegal(f"users is a number up to {_MAX_SEED} or a list of names")
        return _json({"users": await self._run(lambda: self._emulator.state.users.seed(users))})

    async def requests(self, request: Request) -> Response:
        query = request.query_params
        found = self._emulator.log.requests(
            route=query.get("route"),
            status=_number(query["status"], int) if "status" in query else None,
            limit=_number(query.get("limit", "1000"), int),
        )
        routes = self._emulator.tree.routes
        for entry in found:
            entry["operations"] = routes[entry["route"]].ids if entry["route"] in routes else []
        return _json({"requests": found, "total": len(self._emulator.log)})

    async def windows(self, request: Request) -> Response:
        seconds = _number(request.query_params.get("seconds", "1"), float)
        if not seconds > 0:
            raise illegal("seconds has to be more than 0")
        return _json(await run_in_threadpool(self._emulator.log.copy().windows, seconds))

    async def tables(self, _: Request) -> Response:
        return _json({"tables": await self._run(self._emulator.state.counts)})

    async def snapshot(self, _: Request) -> Response:
        content = await self._emulator.state.database.snapshot()
        return Response(content, media_type="application/vnd.sqlite3")

    async def restore(self, request: Request) -> Response:
        try:
            await self._emulator.restore(await request.body())
        except ValueError as error:
            raise illegal(str(error)) from None
        return await self.tables(request)

    async def clock(self, _: Request) -> Response:
        clock = self._emulator.clock
        return _json({"now": clock.now(), "ahead": clock.ahead})

    async def advance(self, request: Request) -> Response:
        seconds = (await _body(request)).get("advance")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= _MAX_ADVANCE:
            raise illegal(f"advance is a number of seconds from 0 to {_MAX_ADVANCE}")
        self._emulator.clock.ahead += seconds
        return await self.clock(request)

    async def online(self, request: Request) -> Response:
        online = (await _body(request)).get("online", True)
        if not isinstance(online, bool):
            raise illegal("online is true or false")
        return _json(await self._run(lambda: self._go(request.path_params["name"], online=online)))

    async def messages(self, request: Request) -> Response:
        limit = _number(request.query_params.get("limit", "100"), int)
        return _json({"messages": await self._run(lambda: self._seen(request.path_params["name"], limit))})

    async def callbacks(self, request: Request) -> Response:
        size = (await _body(request)).get("size", 1)
        if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= _MAX_SEED:
            raise illegal(f"size is a number from 1 to {_MAX_SEED}")
        return _json({"date": await self._run(lambda: self._emulator.state.callbacks.store(size))})

    async def faults(self, _: Request) -> Response:
        faults = self._emulator.faults
        return _json({"faults": faults.told(), "seed": faults.seed})

    async def set_faults(self, request: Request) -> Response:
        body = await _body(request)
        faults, seed = body.get("faults"), body.get("seed", 0)
        if not isinstance(faults, list) or not isinstance(seed, int):
            raise illegal("faults is a list of faults, none for none, and seed a number")
        try:
            self._emulator.faults.set(*cast("list[Any]", faults), seed=seed)
        except ValueError as error:
            raise illegal(str(error)) from None
        return await self.faults(request)

    async def revoke(self, _: Request) -> Response:
        await self._emulator.revoke_tokens()
        return _json({"revoked": True})

    async def history(self, request: Request) -> Response:
        hour, settings = request.path_params["hour"], self._emulator.settings
        _history.check_signature(hour, request.query_params.items(), settings.now(), settings.certificate)
        start = _history.start_ms(_history.parse_hour(hour))
        packed = await self._run(lambda: _history.pack(self._emulator.state.messages.of_hour(start)))
        return Response(packed, media_type="application/gzip")

    async def refused(self, _: Request, error: Exception) -> Response:
        if not isinstance(error, Refusal):
            raise error
        now_ms = int(self._emulator.settings.now() * 1000)
        return _json(error.body(timestamp=now_ms, duration=0), error.status)

    def _seen(self, name: str, limit: int) -> list[dict[str, Any]]:
        state = self._emulator.state
        return [record(row) for row in state.conversations.messages(state.users.get(name)["username"], limit)]

    def _go(self, name: str, *, online: bool) -> dict[str, Any]:
        state = self._emulator.state
        user = state.users.set_online(name, online=online)
        delivered = state.offline.deliver(user["username"]) if online else 0
        return {"user": entity(user), "online": online, "delivered": delivered}


def _applicant(given: object) -> Applicant:
    if isinstance(given, str):
        return Applicant(given)
    fields = Fields(given, strict=True, where="users")
    user = Applicant(fields.text("username"), fields.optional_text("password"), fields.optional_text("nickname"))
    fields.end()
    return user


async def _body(request: Request) -> dict[str, Any]:
    raw = await request.body()
    try:
        body: Any = parse(raw) if raw else {}
    except ValueError as error:
        raise Refusal(400, "json_parse", str(error)) from None
    if not isinstance(body, dict):
        raise illegal("the body has to be a JSON object")
    return body  # pyright: ignore[reportUnknownVariableType]


def _number(text: str, kind: type[int | float]) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise illegal(f"{text} is no number") from None


def _json(value: Any, status: int = 200) -> Response:
    return Response(encode(value), status, media_type="application/json")
