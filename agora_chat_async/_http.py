"""The wire: requests out, whole answers in. The only module that knows httpx and the transport below it.

httpx over aiohttp costs a fifth of what httpx costs on its own transport and does not lose its pool to cancelled
tasks. Two traps of that transport are closed here. It reports every lost connection as a failed connect; therefore
what counts is whether the request had got a connection, which it tells its `Handover`, as it tells when it was written.
And aiohttp sends GET, PUT and DELETE a second time when a kept-alive connection drops, which no quota would know of;
that is switched off.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import ssl
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import unquote, urlencode, urlsplit

import aiohttp
import anyio.to_thread
import httpx
import yarl
from attrs import frozen
from httpx_aiohttp import AiohttpTransport

from agora_chat_async._checks import segment
from agora_chat_async._codec import Form
from agora_chat_async._json import encode
from agora_chat_async._transfer import Multipart, Sink, SinkFailed
from agora_chat_async.errors import ConnectFailed, InvalidArgument, ResponseTooLarge, TransportError

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.connector import Connection

CONNECT_TIMEOUT: Final = 10.0
"""Seconds for DNS, TCP and TLS of one connection."""

Request = tuple[str, str, Mapping[str, Any] | None, Any, Mapping[str, str] | None]
"""Method, path below the app, query, body as JSON-ready data or a `Form`, and headers of its own."""

_ACCEPT_JSON: Final = ((b"Accept", b"application/json"), (b"Accept-Encoding", b"gzip"))
_ACCEPT_FILE: Final = ((b"Accept", b"application/octet-stream"), (b"Accept-Encoding", b"identity"))
_ERROR_BODY: Final = 64 * 1024
"""Bytes that are read of what another host says about an error."""
_WITH_A_TYPE: Final = frozenset({"POST", "PUT", "PATCH"})
"""What aiohttp would call `application/octet-stream` without a body; the service wants JSON's type there too."""
_HOST: Final = re.compile(r"(?:[^\s.%:]{1,63}\.)*[^\s.%:]{1,63}\.?|[0-9a-fA-F:.]+")
_NOTHING_DECODED: Final = frozenset({"", "identity"})
_handover: ContextVar[Handover | None] = ContextVar("agora_chat_async_handover", default=None)


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


@frozen(eq=False)
class Answer:
    """A whole answer of the service."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the field's own numbers

    @property
    def is_redirect(self) -> bool:
        """Whether the status sends the caller elsewhere."""
        return 300 <= self.status < 400  # noqa: PLR2004 - as above


class Wire:
    """A connection pool to one host; files on other hosts are fetched beside it."""

    def __init__(
        self,
        base: str,
        *,
        user_agent: str,
        transport: httpx.AsyncBaseTransport | None,
        ssl_context: ssl.SSLContext | None,
        keepalive: float,
        max_body: int,
    ) -> None:
        self.base = base
        self._user_agent = user_agent
        self._transport = transport
        self._tells_handing = transport is None or isinstance(transport, httpx.AsyncHTTPTransport)
        self._slashes = urlsplit(base).path.count("/")
        self._ssl_context = ssl_context
        self._keepalive = keepalive
        self._max_body = max_body
        self._client: httpx.AsyncClient | None = None
        self._build_url = lru_cache(512)(self._make_url)
        self._headers = [
            (b"Host", urlsplit(base).netloc.encode()),
            (b"User-Agent", user_agent.encode("ascii")),
        ]

    async def open(self) -> None:
        """Make the pool; certificates are read in a thread."""
        transport = self._transport
        if transport is None:
            context = self._ssl_context
            if context is None and self.base.startswith("https:"):
                context = await anyio.to_thread.run_sync(httpx.create_ssl_context)
            transport = _pooled_transport(context, self._keepalive)
        self._client = _Client(transport=transport, trust_env=False)

    async def aclose(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.aclose()

    async def send(
        self,
        request: Request,
        *,
        token: str,
        handover: Handover,
        timeout: float | None,  # noqa: ASYNC109 - a failure has to say whether the request was handed over before it
        sink: Sink | None = None,
    ) -> Answer:
        """Send one request and read its whole answer.

        The handover is told when the request gets a connection and when it is written. A failure before the first is
        `ConnectFailed`, a later one `TransportError`; a status is never an error here.
        """
        if isinstance(request[3], Multipart):
            await request[3].measure()
        try:
            async with asyncio.timeout(timeout) as clock:

                def moved() -> None:
                    """Give a file that is on its way the whole time anew, for as long as it moves."""
                    if timeout is not None:
                        clock.reschedule(asyncio.get_running_loop().time() + timeout)

                if not self._tells_handing:  # the moment before such a transport is the latest safe one
                    handover.hand()
                    await handover.sent()
                return await self._exchange(self._request(request, token, handover, sink, moved), handover, sink, moved)
        except (httpx.HTTPError, aiohttp.ClientError, OSError, zlib.error) as error:
            late = "no whole answer in time" if handover.handed else "no connection in time"
            reason = late if isinstance(error, TimeoutError) else _reason(error)
            failure = TransportError if handover.handed else ConnectFailed
            raise failure(f"{request[0]} {request[1]}: {reason}") from error

    async def fetch(
        self,
        address: str,
        sink: Sink,
        *,
        timeout: float | None,  # noqa: ASYNC109 - it is not for the whole
    ) -> Answer:
        """Fetch a file from another host, which gets no token.

        The timeout is for each wait, so a file may take as long as it moves. Failures and statuses are told as by
        `send`; what the sink raises is passed on.
        """
        place = address.partition("?")[0]  # behind it is the signature, which belongs in no error
        async with AsyncExitStack() as stack:
            with _failures_told(place):
                async with asyncio.timeout(timeout):
                    status, headers, chunks = await stack.enter_async_context(self._elsewhere(address))
            answer = Answer(status, headers, b"")
            try:
                return await _take(answer, chunks, sink if answer.ok else None, place, timeout)
            except TransportError:
                if answer.ok:
                    raise
                return answer  # the status says what happened

    @asynccontextmanager
    async def _elsewhere(self, address: str) -> AsyncGenerator[tuple[int, Mapping[str, str], AsyncIterator[bytes]]]:
        """Ask another host, over a connection that is not kept."""
        own = {"User-Agent": self._user_agent, "Accept": "*/*", "Accept-Encoding": "identity"}
        if self._transport is not None:
            assert self._client is not None  # noqa: S101 - the session is open
            extensions = {"timeout": {"connect": CONNECT_TIMEOUT}}
            request = httpx.Request("GET", address, headers=own, extensions=extensions)
            response = await self._client.send(request, stream=True, auth=None, follow_redirects=False)
            try:
                assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - the client is an async one
                yield response.status_code, response.headers, aiter(response.stream)
            finally:
                await response.aclose()
            return
        context = self._ssl_context
        if context is None and address.startswith("https:"):
            context = await anyio.to_thread.run_sync(httpx.create_ssl_context)
        async with (
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=True if context is None else context, force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                timeout=aiohttp.ClientTimeout(sock_connect=CONNECT_TIMEOUT),
            ) as client,
            # Not through httpx, below which a signed query would be quoted anew.
            client.get(yarl.URL(address, encoded=True), headers=own, allow_redirects=False) as answer,
        ):
            yield answer.status, answer.headers, answer.content.iter_any()

    def _request(
        self,
        request: Request,
        token: str,
        handover: Handover,
        sink: Sink | None,
        moved: Callable[[], None],
    ) -> httpx.Request:
        method, path, query, body, own_headers = request
        accept = _ACCEPT_JSON if sink is None else _ACCEPT_FILE
        headers = [*self._headers, *accept, (b"Authorization", f"Bearer {token}".encode("ascii"))]
        content, stream = None, None
        if isinstance(body, Form):
            headers.append((b"Content-Type", b"application/x-www-form-urlencoded"))
            content = urlencode(body.fields).encode("ascii")
        elif isinstance(body, Multipart):
            headers.append((b"Content-Type", body.content_type.encode("ascii")))
            if body.length is not None:
                headers.append((b"Content-Length", str(body.length).encode("ascii")))
                handover.bytes_out = body.length
            stream = _Outgoing(body, moved)
        elif body is not None:
            headers.append((b"Content-Type", b"application/json"))
            content = encode(body)
        elif method in _WITH_A_TYPE:
            headers.append((b"Content-Type", b"application/json"))
        if content is not None:
            handover.bytes_out = len(content)
        if own_headers is not None:
            headers += [(name.encode("ascii"), _header_value(name, value)) for name, value in own_headers.items()]
        extensions: dict[str, Any] = {"timeout": {"connect": CONNECT_TIMEOUT}}
        if isinstance(self._transport, httpx.AsyncHTTPTransport):
            extensions["trace"] = _tracer(handover)
        url = self._build_url(path, _query_string(query))
        return httpx.Request(method, url, headers=headers, content=content, stream=stream, extensions=extensions)

    def _make_url(self, path: str, query: str) -> httpx.URL:
        url = httpx.URL(f"{self.base}{path}{query}")
        # Should a client ever resolve dots or decode a slash, a call would reach another route than its own. The last
        # to read the address is yarl, below the transport.
        slashes = self._slashes + path.count("/")
        if not slashes == url.raw_path.partition(b"?")[0].count(b"/") == yarl.URL(str(url)).raw_path.count("/"):
            raise InvalidArgument("path", path, "a path that reaches the server as it is")
        return url

    async def _exchange(
        self, request: httpx.Request, handover: Handover, sink: Sink | None, moved: Callable[[], None]
    ) -> Answer:
        assert self._client is not None  # noqa: S101 - the session is open
        mark = _handover.set(handover)
        try:
            response = await self._client.send(request, stream=True, auth=None, follow_redirects=False)
        finally:
            _handover.reset(mark)
        try:
            if sink is not None and response.is_success:
                await _pour(response, sink, moved)
                body = b""
            else:
                body = await self._read(response)
        except (httpx.HTTPError, aiohttp.ClientError, OSError, zlib.error):
            if response.is_success:
                raise
            body = b""  # the status says what happened, whatever is wrong with the words for it
        finally:
            await response.aclose()
        return Answer(response.status_code, response.headers, body)

    async def _read(self, response: httpx.Response) -> bytes:
        encoding = response.headers.get("content-encoding", "").lower()
        inflate = None
        if encoding in {"gzip", "x-gzip"}:
            inflate = zlib.decompressobj(wbits=31)
        elif encoding not in _NOTHING_DECODED:
            raise httpx.DecodingError(f"an encoding that was not asked for, {encoding!r}")
        chunks, size = list[bytes](), 0
        assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - the client is an async one
        async for raw in response.stream:
            # The cap holds for what is inflated, so a small answer cannot fill the memory.
            chunk = raw if inflate is None else inflate.decompress(raw, self._max_body - size + 1)
            size += len(chunk)
            if inflate is not None and inflate.unused_data:
                raise httpx.DecodingError("data after the end of the compressed body")
            if size > self._max_body or (inflate is not None and inflate.unconsumed_tail):
                raise ResponseTooLarge(
                    f"{response.request.method} {response.request.url.path}: over {self._max_body} bytes"
                )
            chunks.append(chunk)
        if inflate is not None and not inflate.eof and size:
            raise httpx.DecodingError("the compressed body is cut short")
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _pour(response: httpx.Response, sink: Sink, moved: Callable[[], None]) -> None:
    """Pass an answer on as it comes; fewer bytes than announced are a fault."""
    announced = response.headers.get("content-length", "")
    size = int(announced) if announced.isdecimal() else None
    await _into(sink.begin(size))
    came = 0
    assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - the client is an async one
    async for chunk in response.stream:
        came += len(chunk)
        moved()
        await _into(sink.write(chunk))
        moved()
    if size is not None and came != size:
        raise httpx.ReadError(f"{size} bytes were announced, {came} came")


async def _into(work: Awaitable[None]) -> None:
    """Let a disk that is full not pass for a connection that was lost."""
    try:
        await work
    except OSError as error:
        raise SinkFailed from error


async def _take(
    answer: Answer,
    chunks: AsyncIterator[bytes],
    sink: Sink | None,
    place: str,
    timeout: float | None,  # noqa: ASYNC109 - for each piece
) -> Answer:
    """Pass a file on as it comes, or without a sink read the beginning of what is said about an error."""
    announced = answer.headers.get("content-length", "")
    size = int(announced) if announced.isdecimal() else None
    if sink is not None:
        await sink.begin(size)
    came, body = 0, b""
    while sink is not None or came < _ERROR_BODY:
        with _failures_told(place):
            async with asyncio.timeout(timeout):
                chunk = await anext(chunks, None)
        if chunk is None:
            break
        came += len(chunk)
        if sink is None:
            body += chunk
        else:
            await sink.write(chunk)
    if sink is not None and size is not None and came != size:
        raise TransportError(f"GET {place}: {size} bytes were announced, {came} came")
    return Answer(answer.status, answer.headers, body)


@contextmanager
def _failures_told(place: str) -> Generator[None]:
    """Turn what goes wrong on the way to another host into the library's errors."""
    try:
        yield
    except (httpx.HTTPError, aiohttp.ClientError, OSError) as error:
        unsent = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, httpx.ConnectError)
        failure = ConnectFailed if isinstance(error, unsent) else TransportError
        reason = "nothing came in time" if isinstance(error, TimeoutError) else _reason(error)
        raise failure(f"GET {place}: {reason}") from error


class _Outgoing(httpx.AsyncByteStream):
    """A file on its way out."""

    def __init__(self, body: Multipart, moved: Callable[[], None]) -> None:
        self._body = body
        self._moved = moved

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._body:
            self._moved()
            yield chunk


def base_url(host: str, org: str, app: str) -> str:
    """Make the address below which the app's routes lie; https is required except on this machine."""
    rule = "a host name such as 'a41.chat.agora.io', or a URL without path and user"
    try:
        parts = urlsplit(host if "://" in host else f"https://{host}")
        httpx.URL(f"{parts.scheme}://{parts.netloc}")  # raises for what no client can reach
        known = _HOST.fullmatch(parts.hostname or "") is not None and parts.port != 0
    except (ValueError, httpx.InvalidURL):
        raise InvalidArgument("host", host, rule) from None
    beside = (parts.path.strip("/"), parts.query, parts.fragment, parts.username, parts.password)
    if not known or parts.scheme not in {"http", "https"} or any(beside):
        raise InvalidArgument("host", host, rule)
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise InvalidArgument("host", host, "https, except on this machine")
    return f"{parts.scheme}://{parts.netloc}/{segment('org', org)}/{segment('app', app)}"


def foreign_address(address: str) -> str:
    """Check where a file lies on another host; it is asked for over https, except on this machine.

    A ValueError says what is wrong with the address.
    """
    parts = urlsplit(address)
    plain = all("!" <= character <= "~" for character in address)
    if not plain or parts.scheme not in {"http", "https"} or _HOST.fullmatch(parts.hostname or "") is None:
        raise ValueError("the address of the file is none that can be fetched")
    if parts.username is not None or parts.port == 0:
        raise ValueError("the address of the file has a user or a port that is none")
    if parts.scheme == "https" or _is_loopback(parts.hostname or ""):
        return address
    if parts.port is not None:
        raise ValueError("the address of the file is not an https one")
    return f"https{address[len('http') :]}"


def check_raw_request(method: str, path: str) -> None:
    """Refuse a method that is none, and a path that a client or server on the way would read as another one."""
    if not re.fullmatch(r"[A-Za-z]+", method):
        raise InvalidArgument("method", method, "an HTTP method such as GET")
    parts = path.split("/")
    # What is encoded counts as what it stands for: some clients decode dots before they resolve them.
    if parts[0] or not parts[1:] or any(unquote(part) in {"", ".", ".."} for part in parts[1:]):
        raise InvalidArgument("path", path, "'/' and segments that are not empty, '.' or '..'")
    if any(not "!" <= character <= "~" or character in "?#\\" for character in path):
        raise InvalidArgument("path", path, "a percent-encoded path without query")


def _header_value(name: str, value: str) -> bytes:
    if not (value.isascii() and value.isprintable()):
        raise InvalidArgument(name, value, "printable ASCII, since it is sent in a header", secret="secret" in name)
    return value.encode("ascii")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _query_string(query: Mapping[str, Any] | None) -> str:
    if not query:
        return ""
    return f"?{urlencode({name: _query_value(name, value) for name, value in query.items() if value is not None})}"


def _query_value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value):
        return value
    raise InvalidArgument(name, value, "text, a number, True or False, since it is sent in the query")


def _reason(error: BaseException) -> str:
    """Say what went wrong; httpx often says nothing, the cause below it does."""
    cause = error.__cause__ or error
    return f"{type(cause).__name__}: {cause}".rstrip(": ")


class _NoCookies(httpx.Cookies):
    def extract_cookies(self, response: httpx.Response) -> None:
        """Keep none: the service sets none that mean anything, and to look for them takes time at each answer."""


class _Client(httpx.AsyncClient):
    """A client that keeps no cookies."""

    _none = _NoCookies()

    @property
    def cookies(self) -> httpx.Cookies:
        return self._none

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        raise NotImplementedError


class _Request(aiohttp.ClientRequest):
    """Tells its handover how far it got."""

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        handover = _handover.get()
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
        handover = _handover.get()
        if handover is not None:
            await handover.sent()


def _pooled_transport(context: ssl.SSLContext | None, keepalive: float) -> AiohttpTransport:
    def make_client() -> aiohttp.ClientSession:
        # The session's own cap on calls in flight bounds the pool.
        connector = aiohttp.TCPConnector(
            limit=0, ssl=True if context is None else context, keepalive_timeout=keepalive, ttl_dns_cache=60
        )
        client = aiohttp.ClientSession(
            connector=connector,
            request_class=_Request,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )
        client._retry_connection = False  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - it has no public name
        return client

    # With plain http no context is used, but the transport would load certificates for one.
    return AiohttpTransport(verify=context if context is not None else False, client=make_client)


def _tracer(handover: Handover) -> Callable[[str, Mapping[str, Any]], Awaitable[None]]:
    async def trace(event: str, _: Mapping[str, Any]) -> None:
        if event.endswith(".send_request_headers.started"):
            handover.hand()
        elif event.endswith(".send_request_body.complete"):
            await handover.sent()

    return trace
