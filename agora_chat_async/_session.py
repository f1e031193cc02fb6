"""The session: what a program holds to talk to one app of the service."""

from __future__ import annotations

import asyncio
import inspect
import os
import ssl
import sys
import warnings
from collections.abc import Iterable, Sequence
from functools import partial
from importlib.metadata import version
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, get_args
from urllib.parse import urlsplit

from anyio import CancelScope

from agora_chat_async._caller import Caller, checked_options
from agora_chat_async._calls import Calls, Options
from agora_chat_async._checks import Int, seconds
from agora_chat_async._gate import Lease, Overrides, Quotas
from agora_chat_async._http import Proxies, Wire, base_url, proxy_of
from agora_chat_async._json import parse
from agora_chat_async._life import Life, Stats
from agora_chat_async._member import Member, OnStoreFailure
from agora_chat_async._refusals import refusal
from agora_chat_async._retry import RetryBudget, RetryPolicy
from agora_chat_async._token import AppToken, StaticToken, Token, TokenKeeper, Tokens, TokenSource
from agora_chat_async._watch import Watchers
from agora_chat_async.api import all_endpoints
from agora_chat_async.errors import InvalidArgument, SessionAlreadyOpen, SessionClosed, TokenError, WrongEventLoop
from agora_chat_async.hooks import Hooks, SessionInfo
from agora_chat_async.quota import PLANS, Plan
from agora_chat_async.stores._protocol import QuotaStore

if TYPE_CHECKING:
    import httpx


_FORGOTTEN: Final = set[asyncio.Future[None]]()  # the event loop itself holds tasks only weakly

_LONGEST_GOODBYE: Final = 1.0
"""Seconds that calls which were interrupted by closing get to end."""


class Session(Caller):
    """An app of the service, its connection pool, its token and its quotas.

    Use it as `async with Session(...) as chat:`, or `await chat.open()` and `await chat.aclose()`, which may happen in
    different tasks of one event loop. Making one does no I/O.
    """

    def __init__(
        self,
        org: str,
        app: str,
        *,
        host: str | Sequence[str],
        token: TokenSource | str,
        timeout: float | None = None,
        attempt_timeout: float | None = 30.0,
        max_wait: float | None = None,
        retry: RetryPolicy | None = None,
        plan: str | Plan | None = None,
        quotas: Overrides | None = None,
        margin: float | None = None,
        store: QuotaStore | None = None,
        on_store_failure: OnStoreFailure = "share",
        store_workers: int = 1,
        max_in_flight: int = 256,
        max_body: int = 32 * 1024 * 1024,
        keepalive: float = 15.0,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        trust_env: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
        user_agent: str = "",
        hooks: Iterable[Hooks] = (),
    ) -> None:
        """Make a session; nothing is sent before it is opened.

        Args:
            org: Org name of the app, from the console.
            app: App name, from the console.
            host: REST host of the app's data centre, such as `a41.chat.agora.io`, or a URL. It must be https, except
                on this machine. Where the app has several, a list in the order of preference: the next one is used
                while no connection can be made to those before it.
            token: Where tokens come from: `AppToken`, `StaticToken`, `CallableToken`, `ExchangedToken`, or the text
                of a token.
            timeout: Seconds for a whole call: waiting for quotas, all attempts and the body. None for no limit.
            attempt_timeout: Seconds for one attempt. None for no limit.
            max_wait: Seconds that a call waits for its quota. None for no limit, except 60 s for quotas a day.
            retry: How failed calls are repeated.
            plan: Price plan: its name, `free` having a total of 10 calls a second, or a `Plan`.
            quotas: Rates that hold instead of the documented ones, such as `{"users.create": "150/second"}`.
            margin: Seconds that are added to each window against the network's jitter; 2% of it, at most 0.05, by
                default.
            store: Where processes keep their quotas together, such as `SQLiteStore(path)` or `RedisStore(url)` of
                `agora_chat_async.stores`; None where this session uses the app alone.
            on_store_failure: What a process does while it cannot reach the store: goes on with its `share` of each
                quota; is `closed`, so that calls raise `QuotaStoreUnavailable`; or is `open`, with each quota for
                itself.
            store_workers: Processes that share the store at least, for shares before it was ever reached.
            max_in_flight: Calls that are on the wire at once, and so connections at most.
            max_body: Bytes of a decoded answer at most.
            keepalive: Seconds after which an idle connection is closed.
            ssl_context: TLS settings, such as a private CA or a client certificate.
            proxy: URL of an http or https proxy, such as `http://user:password@proxy.example:3128`.
            trust_env: Use the proxies that the environment names, such as in `HTTPS_PROXY` and `NO_PROXY`, where
                `proxy` names none.
            transport: An httpx transport that is used instead of the pool, such as `httpx.ASGITransport(emulator)`;
                it is closed with the session, and has proxies of its own.
            user_agent: Put before the library's own name in the User-Agent header.
            hooks: Told of every call and attempt, for metrics and traces.

        Raises:
            InvalidArgument: A value breaks its rule.
        """
        source = StaticToken(token) if isinstance(token, str) else token
        self._life = Life()
        self._wire = Wire(
            _bases(host, org, app),
            user_agent=_user_agent(user_agent),
            transport=transport,
            ssl_context=ssl_context,
            keepalive=seconds("keepalive", keepalive),
            max_body=Int(1, sys.maxsize)("max_body", max_body),
            proxies=_proxies(proxy, trust_env=trust_env, transport=transport),
        )
        self._keeper = TokenKeeper(source, partial(_exchange, self._wire))
        self._member = _member(store, f"{org}#{app}", on_store_failure, store_workers)
        in_force = Quotas(
            all_endpoints() if quotas else (),
            plan=_plan(plan),
            overrides=quotas or {},
            margin=None if margin is None else seconds("margin", margin, zero=True),
            in_flight=Int(1, 10_000)("max_in_flight", max_in_flight),
            member=self._member,
        )
        options = Options(
            timeout=timeout, attempt_timeout=attempt_timeout, max_wait=max_wait, retry=retry or RetryPolicy()
        )
        self._made_at = _caller_line()
        self._opening = False
        self._closing: asyncio.Task[None] | None = None
        self.tokens: Tokens = Tokens(source)
        """Tokens for the app's users."""
        watchers = Watchers(hooks, SessionInfo(f"{org}#{app}", urlsplit(self._wire.bases[0]).netloc, in_force))
        super().__init__(
            Calls(self._life, in_force, self._wire, self._keeper, RetryBudget(), watchers, checked_options(options))
        )

    @classmethod
    def from_env(cls, **options: Any) -> Self:
        """Make a session from environment variables.

        `AGORA_CHAT_ORG`, `AGORA_CHAT_APP` and `AGORA_CHAT_HOST` name the app, several hosts joined by commas;
        `AGORA_APP_ID` and `AGORA_APP_CERTIFICATE` make its tokens, or `AGORA_CHAT_TOKEN` is one.

        Args:
            **options: Arguments of `Session`, which go before the variables.

        Raises:
            InvalidArgument: A variable is missing.
        """
        for name in ("org", "app", "host"):
            if name not in options:
                options[name] = _variable(f"AGORA_CHAT_{name.upper()}")
                if name == "host":
                    options[name] = [one.strip() for one in options[name].split(",") if one.strip()]
        if "token" not in options:
            text = os.environ.get("AGORA_CHAT_TOKEN")
            options["token"] = (
                StaticToken(text) if text else AppToken(_variable("AGORA_APP_ID"), _variable("AGORA_APP_CERTIFICATE"))
            )
        return cls(options.pop("org"), options.pop("app"), **options)

    async def open(self) -> Self:
        """Open the pool and start the token task; returns the session.

        Raises:
            SessionAlreadyOpen: It is open already.
            SessionClosed: It was closed; make a new one.
            WrongProcess: It was open before this process was forked; make a new one.
        """
        life = self._life
        life.check_unused()
        if self._opening:
            raise SessionAlreadyOpen("the session is open already")
        self._opening = True
        try:
            await self._wire.open()
            if self._member is not None:
                await self._member.start()
        except BaseException:
            await self._wire.aclose()
            raise
        finally:
            self._opening = False
        if life.closed:
            await _stop(self._member)
            await self._wire.aclose()
            raise SessionClosed("the session was closed while it was opened")
        life.begin()
        self._keeper.start()
        self._calls.watchers.tell("session_opened", self._calls.watchers.session)
        return self

    async def aclose(self, *, drain: float = 0.0) -> None:
        """Close the session; calls that are under way end with `SessionClosed`. Closing it twice does nothing.

        Args:
            drain: Seconds that calls under way get to finish, while new ones are refused.
        """
        life = self._life
        if life.loop is None or life.forked:
            life.closed = True
            return
        if life.loop is not asyncio.get_running_loop():
            raise WrongEventLoop("the session was opened in another event loop, and has to be closed there")
        if self._closing is None:
            life.closed = True
            self._closing = asyncio.create_task(self._close(drain), name="agora_chat_async closing")
        try:
            await asyncio.shield(self._closing)
        except asyncio.CancelledError:
            life.hurry()
            with CancelScope(shield=True):  # what was opened is closed all the same
                await asyncio.shield(self._closing)
            raise

    async def _close(self, drain: float) -> None:
        try:
            await self._life.drained(drain)
            self._life.evict()
            await self._life.drained(_LONGEST_GOODBYE)
        finally:
            try:
                await self._keeper.stop()
                await _stop(self._member)
            finally:
                await self._wire.aclose()
                self._calls.watchers.tell("session_closed", self._calls.watchers.session)

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        life = self._life
        state = "closed" if life.closed else "not open" if life.loop is None else f"{life.under_way} calls under way"
        return f"<Session {', '.join(self._wire.bases)} ({state})>"

    def __del__(self) -> None:
        life = self.__dict__.get("_life")
        if life is not None and life.loop is not None and not life.closed:
            text = f"{self!r}, made at {self._made_at}, was never closed"
            warnings.warn(text, ResourceWarning, stacklevel=2, source=self)
            if not life.loop.is_closed():
                life.loop.call_soon_threadsafe(_close_forgotten, life, self._keeper, self._member, self._wire)

    @property
    def quotas(self) -> Quotas:
        """The session's quotas at run time; `snapshot()` tells how full they are."""
        return self._calls.quotas

    @property
    def stats(self) -> Stats:
        """What happened since the session was opened."""
        life = self._life
        return Stats(life.calls, life.attempts, life.retries, life.refused)


async def _stop(member: Member | None) -> None:
    if member is not None:
        await member.stop()


def _close_forgotten(life: Life, keeper: TokenKeeper, member: Member | None, wire: Wire) -> None:
    """Close what a forgotten session has left, in its own event loop."""

    async def close() -> None:
        await keeper.stop()
        await _stop(member)
        await wire.aclose()

    life.closed = True
    closing = asyncio.ensure_future(close())
    _FORGOTTEN.add(closing)
    closing.add_done_callback(_FORGOTTEN.discard)


async def _exchange(wire: Wire, access_token: str) -> Token:
    """Trade an AccessToken2 for a token of the REST platform."""
    answer = await wire.send(
        ("POST", "/token", None, {"grant_type": "agora"}, None), token=access_token, handover=Lease(), timeout=30.0
    )
    if not answer.ok:
        raise refusal(answer, "POST", "/token", access_token)
    try:
        payload = parse(answer.body)
        return Token(payload["access_token"], float(payload["expire_timestamp"]) / 1000)
    except (ValueError, TypeError, LookupError) as error:
        raise TokenError(f"the token exchange answered something else: {type(error).__name__}") from None


def _bases(host: str | Sequence[str], org: str, app: str) -> list[str]:
    hosts = [host] if isinstance(host, str) else [*host]
    if not hosts:
        raise InvalidArgument("host", hosts, "at least one host")
    bases = [base_url(one, org, app) for one in hosts]
    if len({*bases}) < len(bases):
        raise InvalidArgument("host", hosts, "hosts of which none is named twice")
    return bases


def _proxies(proxy: str | None, *, trust_env: bool, transport: httpx.AsyncBaseTransport | None) -> Proxies:
    if transport is not None and (proxy is not None or trust_env):
        raise InvalidArgument("transport", type(transport).__name__, "none where `proxy` or `trust_env` is given")
    return Proxies(None if proxy is None else proxy_of(proxy), trust_env=trust_env)


def _member(store: QuotaStore | None, app: str, on_failure: OnStoreFailure, workers: int) -> Member | None:
    if on_failure not in get_args(OnStoreFailure):
        raise InvalidArgument("on_store_failure", on_failure, f"one of {', '.join(get_args(OnStoreFailure))}")
    workers = Int(1, 100_000)("store_workers", workers)
    if store is not None and not isinstance(store, QuotaStore):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidArgument("store", store, "a store of agora_chat_async.stores, such as SQLiteStore(path)")
    return Member(store, app, on_failure=on_failure, workers=workers) if store is not None else None


def _plan(plan: str | Plan | None) -> Plan | None:
    if plan is None or isinstance(plan, Plan):
        return plan
    if plan not in PLANS:
        raise InvalidArgument("plan", plan, f"one of {', '.join(PLANS)}, or a Plan")
    return PLANS[plan]


def _variable(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise InvalidArgument(name, value, "this environment variable has to be set")
    return value


def _user_agent(prefix: str) -> str:
    if not (prefix.isascii() and prefix.isprintable()):
        raise InvalidArgument("user_agent", prefix, "printable ASCII")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"{prefix} agora-chat-async/{version('agora-chat-async')} python/{python}".strip()


def _caller_line() -> str:
    """Tell which line outside this package is making a session."""
    frame = inspect.currentframe()
    package = __name__.partition(".")[0]
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == package:
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else "an unknown place"
