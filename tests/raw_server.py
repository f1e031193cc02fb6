"""A server that trusts nobody: it logs what arrives byte by byte, and answers what a test tells it to."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from attrs import define, field, frozen

USER = b'{"entities":[{"username":"anna","uuid":"u-1","created":1,"activated":true}],"timestamp":1,"duration":0}'


CUT = b"\0CUT"
"""At the end of an answer: close the connection behind it."""


@frozen
class RawRequest:
    """A request as it arrived."""

    method: str
    target: str
    head: bytes
    body: bytes
    at: float

    def header(self, name: str) -> str | None:
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            key, _, value = line.partition(": ")
            if key.lower() == name.lower():
                return value
        return None


def answer(status: int = 200, body: bytes = USER, *headers: str, content_type: str = "application/json") -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {content_type}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


Responder = Callable[[RawRequest], Awaitable[bytes | None]]


async def _fine(_: RawRequest) -> bytes:
    return answer()


@define
class RawServer:
    """What a test sees of it; None from the responder drops the connection without an answer."""

    respond: Responder = _fine
    requests: list[RawRequest] = field(factory=list)
    port: int = 0
    connections: int = 0
    open_now: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def targets(self) -> list[str]:
        return [f"{request.method} {request.target}" for request in self.requests]

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open_now += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                method, target, _ = head.split(b"\r\n")[0].decode("latin-1").split(" ")
                request = RawRequest(method, target, head, b"", asyncio.get_running_loop().time())
                body = await reader.readexactly(int(request.header("content-length") or 0))
                request = RawRequest(method, target, head, body, request.at)
                self.requests.append(request)
                reply = await self.respond(request)
                if reply is None:
                    return
                writer.write(reply.removesuffix(CUT))
                await writer.drain()
                if reply.endswith(CUT):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open_now -= 1
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()


@asynccontextmanager
async def raw_server(respond: Responder = _fine, *, context: ssl.SSLContext | None = None) -> AsyncIterator[RawServer]:
    seen = RawServer(respond)
    tasks = set[asyncio.Task[None]]()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(seen.handle(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    seen.port = server.sockets[0].getsockname()[1]
    try:
        yield seen
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
