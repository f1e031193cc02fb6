"""The way of a request: to a host that works, and back with a whole answer or with the failure that explains itself."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Sequence
from typing import Any, Final

import anyio.to_thread
import httpx
from attrs import field, frozen

from agora_chat_async._http.bodies import Answer, Patience, pieces, pour, read, refuse_encoded
from agora_chat_async._http.elsewhere import Elsewhere
from agora_chat_async._http.failures import FAILURES, failure
from agora_chat_async._http.hosts import Host, Hosts, Turn
from agora_chat_async._http.pool import Client, Handover, handover_under_way, pooled_transport, tracer
from agora_chat_async._http.proxies import Proxies
from agora_chat_async._http.requests import Request, Requests
from agora_chat_async._transfer import Multipart, Sink
from agora_chat_async.errors import ConnectFailed, ResponseTooLarge, TLSFailed, TransportError

log: Final = logging.getLogger("agora_chat_async.hosts")

CONNECT_TIMEOUT: Final = 10.0
"""Seconds for DNS, TCP and TLS of one connection."""
CONNECT_TIMEOUT_BEFORE_NEXT: Final = 1.8
"""The same where another host is left to try: enough for one packet that is lost, and short of what users notice."""
_LONG_CONNECT: Final = 0.5
"""Seconds after which a connect that a caller gave up speaks against the host: callers may have less patience."""


@frozen(eq=False)
class _Sending:
    """A request that is to be sent, to whichever host."""

    request: Request = field(repr=False)
    token: str = field(repr=False)
    handover: Handover
    sink: Sink | None
    timeout: float | None
    deadline: float | None


class Wire:
    """A connection pool to the hosts of one app; files on other hosts are fetched beside it."""

    def __init__(
        self,
        bases: Sequence[str],
        *,
        user_agent: str,
        transport: httpx.AsyncBaseTransport | None,
        ssl_context: ssl.SSLContext | None,
        keepalive: float,
        max_body: int,
        proxies: Proxies,
    ) -> None:
        self.bases: tuple[str, ...] = tuple(bases)
        self._transport = transport
        self._is_plain = isinstance(transport, httpx.AsyncHTTPTransport)
        self._tells_handing = transport is None or self._is_plain
        self._ssl_context = ssl_context
        self._keepalive = keepalive
        self._max_body = max_body
        self._proxies = proxies
        self._clients = dict[str, Client]()
        """By host, once the pool is open: one, where not some of the hosts are behind another proxy."""
        requests = [Requests(base, user_agent, proxies.for_address(base)) for base in bases]
        self._requests = {one.host: one for one in requests}
        self._hosts = Hosts(self._requests) if len(self._requests) > 1 else None
        self._only = requests[0]
        self._elsewhere = Elsewhere(user_agent, ssl_context, proxies)

    async def open(self) -> None:
        """Make the pool; certificates are read in a thread."""
        hosts = self._requests
        if self._transport is not None:
            self._elsewhere.transport = self._transport
            self._clients = dict.fromkeys(hosts, Client(self._transport))
            return
        context = self._ssl_context
        if context is None and any(base.startswith("https:") for base in self.bases):
            context = await anyio.to_thread.run_sync(httpx.create_ssl_context)
        proxies = {host: self._proxies.for_address(host) for host in hosts}
        made = {proxy: Client(pooled_transport(context, self._keepalive, proxy)) for proxy in {*proxies.values()}}
        self._clients = {host: made[proxy] for host, proxy in proxies.items()}

    async def aclose(self) -> None:
        """Close all connections."""
        for client in {*self._clients.values()}:
            await client.aclose()

    async def send(
        self,
        request: Request,
        *,
        token: str,
        handover: Handover,
        timeout: float | None,  # noqa: ASYNC109 - a failure has to say whether the request was handed over before it
        sink: Sink | None = None,
        after: str | None = None,
    ) -> Answer:
        """Send one request and read its whole answer; where no connection can be made, to the next host.

        The handover is told when the request gets a connection and when it is written. A failure before the first is
        `ConnectFailed`, a later one `TransportError`; a status is never an error here. `after` names the host that
        lost the answer of the attempt before.
        """
        if isinstance(request[3], Multipart):
            await request[3].measure()
        deadline = None if timeout is None else asyncio.get_running_loop().time() + timeout
        sending = _Sending(request, token, handover, sink, timeout, deadline)
        if self._hosts is None:
            return await self._exchange(sending, self._only, CONNECT_TIMEOUT)
        return await self._exchange_with_one_of(self._hosts, sending, after)

    def fetch(self, address: str, sink: Sink, *, timeout: float | None) -> Awaitable[Answer]:
        """Fetch a file from another host, which gets no token.

        The timeout is for each wait, so a file may take as long as it moves. Failures and statuses are told as by
        `send`; what the sink raises is passed on.
        """
        return self._elsewhere.fetch(address, sink, timeout)

    async def _exchange(self, sending: _Sending, to: Requests, connect: float) -> Answer:
        """Send a request to one host; the one layer between a call and the client."""
        handover, sink = sending.handover, sending.sink
        refused: Answer | None = None
        try:
            async with asyncio.timeout_at(sending.deadline) as clock:
                patience = Patience(clock, sending.timeout)
                extensions = self._extensions(handover, connect)
                request = to.make(sending.request, sending.token, sink is not None, patience, handover, extensions)
                if not self._tells_handing:  # the moment before such a transport is the latest safe one
                    handover.hand()
                    await handover.sent()
                handover_under_way.set(handover)
                try:
                    response = await self._clients[to.host].send(request)
                finally:
                    handover_under_way.set(None)
                stream = pieces(response)
                try:
                    if not response.is_success:
                        refused = Answer(response.status_code, response.headers, b"")
                    elif sink is not None:
                        refuse_encoded(response.headers)
                        await pour(stream, response.headers, sink, patience)
                        return Answer(response.status_code, response.headers, b"")
                    body = await read(stream, response.headers, self._max_body)
                finally:
                    await stream.aclose()
                return Answer(response.status_code, response.headers, body)
        except ResponseTooLarge as error:
            if refused is not None:
                return refused
            raise ResponseTooLarge(f"{_name(sending)}: {error}") from None
        except FAILURES as error:
            if refused is not None:
                return refused  # the status says what happened, whatever is wrong with the words for it
            raise failure(error, _name(sending), to.host, sending.token, sent=handover.handed) from error

    async def _exchange_with_one_of(self, hosts: Hosts, sending: _Sending, after: str | None) -> Answer:
        """Send a request to the first host to which a connection can be made."""
        loop, handover = asyncio.get_running_loop(), sending.handover
        tried, failures = list[Host](), list[TransportError]()
        turn = hosts.turn(after=after)
        while turn is not None:
            tried.append(turn.host)
            begun = loop.time()
            connect = CONNECT_TIMEOUT_BEFORE_NEXT if len(tried) < len(hosts.all) else CONNECT_TIMEOUT
            try:
                answer = await self._exchange(sending, self._requests[turn.host.name], connect)
            except ResponseTooLarge:
                _took_back(turn)
                raise
            except TransportError as error:
                failures.append(error)
                if handover.handed:
                    _left_out(turn, turn.lost(), error)
                    raise
                _left_out(turn, turn.failed(tls=isinstance(error, TLSFailed)), error)
                if sending.deadline is not None and loop.time() >= sending.deadline:
                    break
            except BaseException:
                if handover.handed or loop.time() - begun < _LONG_CONNECT:
                    turn.abandoned()
                else:
                    turn.failed(tls=False)
                raise
            else:
                _took_back(turn)
                return answer
            turn = hosts.turn(tried)
        raise _none_worked(failures)

    def _extensions(self, handover: Handover, connect: float) -> dict[str, Any]:
        if self._is_plain:
            return {"timeout": {"connect": connect}, "trace": tracer(handover)}
        # What aiohttp's transport calls `pool` is all that has to be done to get a connection.
        return {"timeout": {"connect": connect, "pool": connect}}


def _name(sending: _Sending) -> str:
    return f"{sending.request[0]} {sending.request[1]}"


def _left_out(turn: Turn, pause: float | None, error: TransportError) -> None:
    if pause is not None:
        log.warning("host %s is left out for %.1f s: %s", turn.host.name, pause, error)


def _took_back(turn: Turn) -> None:
    if turn.worked():
        log.info("host %s is in use again", turn.host.name)


def _none_worked(failures: Sequence[TransportError]) -> TransportError:
    """Make one error of those of all hosts; only where TLS failed on each of them a repeat is without hope."""
    if len(failures) == 1:
        return failures[0]
    kind = TLSFailed if all(isinstance(error, TLSFailed) for error in failures) else ConnectFailed
    error = kind("; ".join(f"{error.host}: {error}" for error in failures))
    error.host = failures[-1].host
    error.__cause__ = failures[-1]
    return error
