"""The client and its pool of connections, and how they tell what became of a request."""

from __future__ import annotations

import select
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, Protocol

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from agora_chat_async._http.addresses import Proxy
from agora_chat_async._http.resolver import Resolver

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.client_reqrep import ConnectionKey
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

_DNS_KEPT: Final = 60
"""Seconds for which an address is not asked for again."""


class Handover(Protocol):
    """Is told how far a request got."""

    handed: bool
    """Whether it got a connection, so that it may have been sent."""
    bytes_out: int
    """Length of its body, as far as it is known."""

    def hand(self) -> None:
        """Note that it got a connection."""
        ...

    async def sent(self) -> None:
        """Note that it was written."""
        ...


handover_under_way: ContextVar[Handover | None] = ContextVar("agora_chat_async_handover", default=None)
"""Of the request that is being sent; it is how the default transport finds it."""


class Client(httpx.AsyncClient):
    """A client that gives requests to its transport as they are.

    They come with all their headers; there is no cookie to keep, no redirect to follow, and who asks is told by the
    session's token. That httpx's own `send` looks for all of these is a third of the CPU of a call.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        super().__init__(transport=transport, trust_env=False)
        self._pool = transport

    async def send(self, request: httpx.Request, **_: Any) -> httpx.Response:
        """Send a request; the body of the answer is still to be read."""
        return await self._pool.handle_async_request(request)


class _Request(aiohttp.ClientRequest):
    """Tells its handover how far it got."""

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        handover = handover_under_way.get()
        if handover is not None:
            handover.hand()
        response = await super().send(conn)
        if handover is not None and not self.body:
            await handover.sent()
        return response

    async def write_bytes(
        self, writer: AbstractStreamWriter, conn: Connection, content_length: int | None = None
    ) -> None:
        # Before Python 3.12 this runs in a task of its own, which a busy loop may start many milliseconds later.
        await super().write_bytes(writer, conn, content_length)
        handover = handover_under_way.get()
        if handover is not None:
            await handover.sent()


class _Response(aiohttp.ClientResponse):
    """Has no reason phrase: nobody reads it, and what stands in it need not be text."""

    @property
    def reason(self) -> str | None:
        return None

    @reason.setter
    def reason(self, reason: str | None) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        pass


class _Connector(aiohttp.TCPConnector):
    """Sends nothing over a kept connection on which something came unasked.

    That is its end, or bytes that would be taken for the answer to the next request.
    """

    async def _get(self, key: ConnectionKey, traces: list[Trace]) -> Connection | None:
        while (connection := await super()._get(key, traces)) is not None:
            if _is_silent(connection):
                return connection
            connection.close()
        return None


def _is_silent(connection: Connection) -> bool:
    transport, protocol = connection.transport, connection.protocol
    if transport is None or protocol is None or protocol.should_close:
        return False
    number = transport.get_extra_info("socket").fileno()
    if not hasattr(select, "poll"):
        return not select.select([number], [], [], 0)[0]
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return not poll.poll(0)


def pooled_transport(context: ssl.SSLContext | None, keepalive: float, proxy: Proxy | None) -> AiohttpTransport:
    """Make the default transport."""

    def make_client() -> aiohttp.ClientSession:
        return client_session(
            # The session's own cap on calls in flight bounds the pool.
            connector(context, limit=0, keepalive_timeout=keepalive, ttl_dns_cache=_DNS_KEPT)
        )

    # With plain http no context is used, but the transport would load certificates for one.
    return AiohttpTransport(
        verify=context if context is not None else False,
        client=make_client,
        proxy=None if proxy is None else httpx.Proxy(proxy.url, headers=proxy.headers),
    )


def connector(context: ssl.SSLContext | None, **options: Any) -> aiohttp.TCPConnector:
    """Make what connects: with verified TLS, and names looked up in threads of our own."""
    return _Connector(ssl=True if context is None else context, resolver=Resolver(), **options)


def client_session(connector: aiohttp.TCPConnector, **options: Any) -> aiohttp.ClientSession:
    """Make a session of aiohttp that does nothing by itself: no cookies, no decoding, no second sending."""
    session = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        request_class=_Request,
        response_class=_Response,
        auto_decompress=False,
        trust_env=False,
        **options,
    )
    session._retry_connection = False  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - it has no public name
    return session


def tracer(handover: Handover) -> Callable[[str, Mapping[str, Any]], Awaitable[None]]:
    """Let httpx's own transport tell a handover how far a request got."""

    async def trace(event: str, _: Mapping[str, Any]) -> None:
        if event.endswith(".send_request_headers.started"):
            handover.hand()
        elif event.endswith(".send_request_body.complete"):
            await handover.sent()

    return trace
