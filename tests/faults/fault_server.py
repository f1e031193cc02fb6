"""What breaks between a client and a server, as answers of `raw_server` and as a proxy in front of any server.

The numbers in the names of the tests are those of one list of faults that a user can meet:

    1  reset before the answer            18  the loop ends under calls
    2  reset amid the body                19  DNS fails or hangs
    3  closed amid the body, with length  20  connect refused, reset or unanswered
    4  the same without a length          21  TLS: certificate, name, version, cut
    5  chunks cut short                   22  redirect to another host
    6  one byte at a time                 23  answers too large, gzip bombs
    7  no answer at all                   24  gzip that is cut short or none
    8  a gateway's page of HTML           25  JSON that is none
    9  empty, or a sign-in page           26  JSON of another shape
    10 a storm of 429                     27  ids as numbers
    11 Retry-After in odd forms           28  usernames that are paths
    12 the plan is used up                29  headers that hold more than a value
    13 the token is revoked               30  an answer before the upload is done
    14 the clock is wrong                 31  the disk is full
    15 cancelled in line                  32  killed in a bulk run
    16 cancelled in flight                33  malformed input files
    17 cancelled in a token's refresh     34  the quota store is gone
"""

from __future__ import annotations

import asyncio
import gzip
import socket
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager

from attrs import define, field
from raw_server import CUT, USER, Fault, Line, answer, listening

HTML_502 = answer(502, b"<html><head><title>502 Bad Gateway</title></head></html>", content_type="text/html")
HTML_504 = answer(504, b"<html><head><title>504 Gateway Time-out</title></head></html>", content_type="text/html")
EMPTY_200 = answer(200, b"")
CAPTIVE_PORTAL = answer(200, b"<html><body>Sign in to the hotel's network</body></html>", content_type="text/html")


def without_length(body: bytes = USER, *headers: str) -> bytes:
    """Answer with a body that ends where the connection does."""
    lines = ["HTTP/1.1 200 X", "Content-Type: application/json", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body + CUT


def chunked(body: bytes = USER, *headers: str, size: int = 40) -> bytes:
    lines = ["HTTP/1.1 200 X", "Content-Type: application/json", "Transfer-Encoding: chunked", *headers]
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    coded = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + coded


def cut(reply: bytes, short_by: int) -> bytes:
    """Close, by a FIN, so many bytes before the end of an answer."""
    return reply.removesuffix(CUT)[:-short_by] + CUT


def gzipped(body: bytes = USER, *, short_by: int = 0) -> bytes:
    """Answer compressed; a stream that is cut short comes with a length that fits."""
    packed = gzip.compress(body)
    return answer(200, packed[: len(packed) - short_by], "Content-Encoding: gzip")


FALSE_GZIP = answer(200, USER, "Content-Encoding: gzip")


def gzip_bomb(megabytes: int = 200) -> bytes:
    """Answer with a fifth of a megabyte that inflates to so many."""
    packer = zlib.compressobj(1, wbits=31)
    block = b"0" * 1_000_000
    packed = b"".join([*(packer.compress(block) for _ in range(megabytes)), packer.flush()])
    return answer(200, packed, "Content-Encoding: gzip")


def wrong_length(by: int, body: bytes = USER) -> bytes:
    """Announce more bytes than come, or fewer."""
    return answer(200, body).replace(b"Length: %d\r\n" % len(body), b"Length: %d\r\n" % (len(body) + by)) + CUT


def redirect(to: str, status: int = 307) -> bytes:
    return answer(status, b"", f"Location: {to}")


def reset(reply: bytes = b"", *, short_by: int = 0) -> Fault:
    """Reset the connection, before any answer or so many bytes before its end."""

    async def fault(line: Line) -> None:
        if reply:
            await line.send(reply[: len(reply) - short_by])
            await asyncio.sleep(0.02)  # what has not arrived is lost with a reset
        line.reset()

    return fault


def drip(reply: bytes = answer(), *, interval: float = 0.2, whole: int = 0) -> Fault:
    """Send one byte at a time, behind so many that come at once."""

    async def fault(line: Line) -> None:
        await line.send(reply[:whole])
        for byte in reply[whole:]:
            await line.send(bytes([byte]))
            await asyncio.sleep(interval)

    return fault


def silence(first: bytes = b"") -> Fault:
    """Send nothing, or only a beginning, until the client leaves."""

    async def fault(line: Line) -> None:
        await line.send(first)
        while await line.reader.read(64 * 1024):
            pass

    return fault


def half_close(reply: bytes = b"") -> Fault:
    """Send an answer and a FIN, and go on reading until the client leaves."""

    async def fault(line: Line) -> None:
        await line.send(reply)
        line.finish()
        await silence()(line)

    return fault


@contextmanager
def unanswered() -> Iterator[str]:
    """Make a port where connects wait for ever, as behind a firewall that drops: its backlog is full."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        yield f"127.0.0.1:{server.getsockname()[1]}"


@contextmanager
def closed() -> Iterator[str]:
    """Make a port where connects are refused, and which nobody else gets meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


@define
class FaultProxy:
    """A proxy of bytes in front of a server, and what it does to new connections."""

    to: tuple[str, int]
    through: Through = field()
    port: int = 0
    connections: int = 0
    up: int = 0
    """Bytes that went to the server."""
    down: int = 0
    """Bytes that came from it."""
    lines: list[Line] = field(factory=list)
    """Both ends of the connections that are open."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def reset_all(self) -> None:
        """Lose every connection now."""
        for line in [*self.lines]:
            line.reset()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        client = Line(reader, writer)
        self.lines.append(client)
        try:
            await self.through(self, client)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.lines.remove(client)
            await client.close()

    async def relay(self, client: Line, *, most: int | None = None, pause: float = 0.0) -> None:
        """Pass bytes on both ways; at most so many of the answer, and each piece of it after a pause."""
        server = Line(*await asyncio.open_connection(*self.to))
        self.lines.append(server)
        try:
            async with asyncio.TaskGroup() as tasks:
                upward = tasks.create_task(self._pass_up(client, server))
                left = most
                while left != 0 and (piece := await server.reader.read(64 * 1024 if left is None else left)):
                    await asyncio.sleep(pause)
                    left = None if left is None else left - len(piece)
                    self.down += len(piece)
                    await client.send(piece)
                upward.cancel()
        except* OSError:
            pass
        finally:
            self.lines.remove(server)
            await server.close()

    async def _pass_up(self, client: Line, server: Line) -> None:
        while piece := await client.reader.read(64 * 1024):
            self.up += len(piece)
            await server.send(piece)
        server.finish()


Through = Callable[[FaultProxy, Line], Awaitable[None]]
"""How a proxy treats one connection."""


async def untouched(proxy: FaultProxy, client: Line) -> None:
    """Pass everything on."""
    await proxy.relay(client)


async def refused(_: FaultProxy, client: Line) -> None:
    """Reset each connection as soon as it is made."""
    client.reset()


async def swallowed(_: FaultProxy, client: Line) -> None:
    """Take everything and pass nothing on."""
    await silence()(client)


def cut_after(most: int, *, by_reset: bool = False, pause: float = 0.0) -> Through:
    """End a connection after so many bytes of answers."""

    async def through(proxy: FaultProxy, client: Line) -> None:
        await proxy.relay(client, most=most, pause=pause)
        if by_reset:
            client.reset()

    return through


def delayed(pause: float) -> Through:
    """Hold each piece of an answer back for some seconds."""

    async def through(proxy: FaultProxy, client: Line) -> None:
        await proxy.relay(client, pause=pause)

    return through


@asynccontextmanager
async def fault_proxy(port: int, through: Through = untouched, *, host: str = "127.0.0.1") -> AsyncIterator[FaultProxy]:
    """Stand between a client and a server on a port of this machine."""
    proxy = FaultProxy((host, port), through)
    async with listening(proxy.handle) as own:
        proxy.port = own
        yield proxy
