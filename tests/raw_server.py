"""A server that trusts nobody: it logs what arrives byte by byte, and answers what a test tells it to.

An answer is bytes, or None to drop the connection without one, or a function that is given the connection and may do
to it what a broken network does; `faults/fault_server.py` has many of those.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from attrs import define, evolve, field, frozen

USER = b'{"entities":[{"username":"anna","uuid":"u-1","created":1,"activated":true}],"timestamp":1,"duration":0}'


CUT = b"\0CUT"
"""At the end of an answer: close the connection behind it."""

_GONE = (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError)


@frozen
class RawRequest:
    """A request as it arrived."""

    method: str
    target: str
    head: bytes
    body: bytes
    at: float
    connection: int = 0
    """The number of the connection that it came by, from 1."""
    whole: bool = True
    """Whether all of the body was read."""

    def header(self, name: str) -> str | None:
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            key, _, value = line.partition(": ")
            if key.lower() == name.lower():
                return value
        return None


def answer(status: int = 200, body: bytes = USER, *headers: str, content_type: str = "application/json") -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {content_type}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@frozen
class Line:
    """One end of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def finish(self) -> None:
        """Send a FIN and go on reading."""
        self.writer.write_eof()

    def reset(self) -> None:
        """Send an RST instead of a FIN, and what is not sent yet not at all."""
        sock: socket.socket = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def close(self) -> None:
        self.writer.close()
        with suppress(*_GONE):
            await self.writer.wait_closed()


Fault = Callable[[Line], Awaitable[None]]
"""Does something to a connection that waits for an answer; the connection is closed afterwards."""

Reply = bytes | Fault | None
Responder = Callable[[RawRequest], Awaitable[Reply]]


def in_turn(*replies: Reply) -> Responder:
    """Give one answer after the other, and the last one again and again."""
    left = [*replies]

    async def respond(_: RawRequest) -> Reply:
        return left.pop(0) if len(left) > 1 else left[0]

    return respond


always = in_turn

_fine = always(answer())


@define
class RawServer:
    """What a test sees of it."""

    respond: Responder = _fine
    requests: list[RawRequest] = field(factory=list)
    """All that arrived, also those that broke off within their body."""
    port: int = 0
    connections: int = 0
    open_now: int = 0
    body_limit: int | None = None
    """Answer when so many bytes of a body were read, and then close."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def targets(self) -> list[str]:
        return [f"{request.method} {request.target}" for request in self.requests]

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open_now += 1
        line, number = Line(reader, writer), self.connections
        try:
            while await self._answer_one(line, number):
                pass
        except _GONE:
            pass
        finally:
            self.open_now -= 1
            await line.close()

    async def _answer_one(self, line: Line, number: int) -> bool:
        """Take one request and answer it; False where the connection ends with that."""
        head = await line.reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n")[0].decode("latin-1").split(" ")
        request = RawRequest(method, target, head, b"", asyncio.get_running_loop().time(), number)
        body, whole = b"", False
        try:
            async for piece in _body(line.reader, request):
                body += piece
                if self.body_limit is not None and len(body) >= self.body_limit:
                    break
            else:
                whole = True
        finally:
            request = evolve(request, body=body, whole=whole)
            self.requests.append(request)
        reply = await self.respond(request)
        if reply is None:
            return False
        if not isinstance(reply, bytes):
            await reply(line)
            return False
        await line.send(reply.removesuffix(CUT))
        return whole and not reply.endswith(CUT)


async def _body(reader: asyncio.StreamReader, request: RawRequest) -> AsyncGenerator[bytes]:
    if (request.header("transfer-encoding") or "").lower() == "chunked":
        while size := int(await reader.readline(), 16):
            yield await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readexactly(2)
        return
    left = int(request.header("content-length") or 0)
    while left:
        piece = await reader.read(min(left, 64 * 1024))
        if not piece:
            raise asyncio.IncompleteReadError(b"", left)
        left -= len(piece)
        yield piece


Accept = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(
    accept: Accept, *, context: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[int]:
    """Serve connections by a function, on a port that this tells; what still runs at the end is cancelled."""
    tasks = set[asyncio.Future[None]]()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(accept(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(begin, host, 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def raw_server(
    respond: Responder = _fine,
    *,
    context: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
    body_limit: int | None = None,
) -> AsyncIterator[RawServer]:
    seen = RawServer(respond, body_limit=body_limit)
    async with listening(seen.handle, context=context, host=host) as port:
        seen.port = port
        yield seen
