"""Files on other hosts: fetched by a signed address over a connection that is not kept, and without the token."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import aiohttp
import anyio.to_thread
import httpx
import yarl

from agora_chat_async._http.addresses import place_of
from agora_chat_async._http.bodies import Answer, Patience, beginning, pieces, pour
from agora_chat_async._http.failures import FAILURES, failure
from agora_chat_async._http.pool import Handover, client_session, connector, handover_under_way, tracer
from agora_chat_async._http.proxies import Proxies
from agora_chat_async._transfer import Sink, SinkFailed

_CONNECT_TIMEOUT: Final = 10.0
_ERROR_BODY: Final = 64 * 1024
"""Bytes that are read of what is said about an error."""

_Response = tuple[int, Mapping[str, str], AsyncIterable[bytes]]


class _Mark:
    """Notes whether a request has got a connection."""

    handed = False
    bytes_out = 0

    def hand(self) -> None:
        self.handed = True

    async def sent(self) -> None:
        """Nothing has to be done: no quota counts this."""


class Elsewhere:
    """Fetches files from hosts that are not the service's."""

    def __init__(self, user_agent: str, ssl_context: ssl.SSLContext | None, proxies: Proxies) -> None:
        self.transport: httpx.AsyncBaseTransport | None = None
        """What is used instead of a connection of its own."""
        self._headers = {"User-Agent": user_agent, "Accept": "*/*", "Accept-Encoding": "identity"}
        self._ssl_context = ssl_context
        self._proxies = proxies

    async def fetch(self, address: str, sink: Sink, timeout: float | None) -> Answer:  # noqa: ASYNC109 - for each wait
        """Fetch a file; the body of an error is read in part."""
        place = address.partition("?")[0]  # behind it is the signature, which belongs in no error
        refused: Answer | None = None
        handover = _Mark()
        try:
            async with asyncio.timeout(timeout) as clock, self._ask(address, handover) as (status, headers, body):
                answer = Answer(status, headers, b"")
                if answer.ok:
                    await pour(body, headers, sink, Patience(clock, timeout))
                    return answer
                refused = answer
                return Answer(status, headers, await beginning(body, _ERROR_BODY))
        except SinkFailed as failed:
            raise failed.__cause__ or failed from None
        except FAILURES as error:
            if refused is not None:
                return refused  # the status says what happened
            raise failure(error, f"GET {place}", place_of(place), sent=handover.handed) from error

    @asynccontextmanager
    async def _ask(self, address: str, handover: Handover) -> AsyncGenerator[_Response]:
        if self.transport is not None:
            response = await self.transport.handle_async_request(self._request(address, handover))
            body = pieces(response)
            try:
                yield response.status_code, response.headers, body
            finally:
                await body.aclose()
            return
        if self._ssl_context is None and address.startswith("https:"):
            self._ssl_context = await anyio.to_thread.run_sync(httpx.create_ssl_context)
        async with AsyncExitStack() as stack:
            connecting = connector(self._ssl_context, force_close=True)
            timeout = aiohttp.ClientTimeout(connect=_CONNECT_TIMEOUT)
            session = client_session(connecting, timeout=timeout)
            proxy = self._proxies.for_address(address)
            through: dict[str, Any] = {} if proxy is None else {"proxy": proxy.url, "proxy_headers": proxy.headers}
            await stack.enter_async_context(session)
            # Not through httpx, below which a signed query would be quoted anew.
            url = yarl.URL(address, encoded=True)
            handover_under_way.set(handover)
            try:
                getting = session.get(url, headers=self._headers, allow_redirects=False, **through)
                answer = await stack.enter_async_context(getting)
            finally:
                handover_under_way.set(None)
            yield answer.status, answer.headers, answer.content.iter_any()

    def _request(self, address: str, handover: Handover) -> httpx.Request:
        extensions: dict[str, Any] = {"timeout": {"connect": _CONNECT_TIMEOUT}}
        if isinstance(self.transport, httpx.AsyncHTTPTransport):
            extensions["trace"] = tracer(handover)
        else:
            handover.hand()
        return httpx.Request("GET", address, headers=self._headers, extensions=extensions)
