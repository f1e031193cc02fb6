"""Carrying a fault out: the ways in which an answer does not arrive as it should.

An ASGI app cannot break a connection, so a server that can tells how, in the scope's state. Without one, in process,
there is none to break: the app then raises `ConnectionResetError`, which is what a transport such as httpx's passes on.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol, cast

from attrs import frozen
from starlette.types import Receive, Scope, Send

from agora_chat_async.emulator._faults import Fault
from agora_chat_async.emulator._request import headers_of

CONNECTION: Final = "agora_chat_emulator_connection"
"""Key in the ASGI state under which a server gives the connection of a request."""

_HTML: Final = b"text/html"
_PAGE: Final = "<html>\r\n<head><title>{0}</title></head>\r\n<body><center><h1>{0}</h1></center></body>\r\n</html>\r\n"
_GZIP_TAIL: Final = 12
"""Bytes that are left out: the checksum, the length, and a little of what they are of."""


class Connection(Protocol):
    """What a server lets the app do to a connection."""

    def reset(self) -> None:
        """Lose it: what was not delivered is gone."""
        ...

    def close(self) -> None:
        """End it in order, once what was sent is delivered."""
        ...


@frozen
class Line:
    """The way back to one caller."""

    scope: Scope
    receive: Receive
    send: Send

    async def answer(self, status: int, kind: bytes, body: bytes, *headers: tuple[bytes, bytes]) -> None:
        """Send a whole answer."""
        await self.begin(status, kind, len(body), *headers)
        await self.send({"type": "http.response.body", "body": body})

    async def begin(self, status: int, kind: bytes, length: int, *headers: tuple[bytes, bytes]) -> None:
        """Send the head of an answer."""
        start = {"type": "http.response.start", "status": status, "headers": [*headers_of(kind, length), *headers]}
        await self.send(start)

    async def add(self, piece: bytes) -> None:
        """Send a part of a body, which is not its last one."""
        await self.send({"type": "http.response.body", "body": piece, "more_body": True})

    async def pause(self, seconds: float) -> bool:
        """Wait, and tell whether the caller is there still; one who leaves ends it."""
        try:
            async with asyncio.timeout(seconds):
                while (await self.receive())["type"] != "http.disconnect":
                    pass
        except TimeoutError:
            return True
        return False

    async def reset(self) -> None:
        """Lose the connection."""
        await self._end(lambda connection: connection.reset())

    async def close(self) -> None:
        """End the connection before the answer is whole."""
        await self._end(lambda connection: connection.close())

    async def _end(self, step: Callable[[Connection], object]) -> None:
        connection = cast("Connection | None", self.scope.get("state", {}).get(CONNECTION))
        if connection is None:
            raise ConnectionResetError("the emulator breaks the connection, as a fault says")
        step(connection)
        await self.pause(1.0)  # until the server knows


@frozen
class Whole:
    """The answer as it would be without the fault."""

    status: int
    kind: bytes
    body: bytes


async def break_answer(line: Line, fault: Fault, whole: Whole) -> None:
    """Answer as a fault has it."""
    await _WAYS[fault.kind](line, fault, whole)


async def _as_it_is(line: Line, _: Fault, whole: Whole) -> None:
    await line.answer(whole.status, whole.kind, whole.body)


async def _late(line: Line, fault: Fault, whole: Whole) -> None:
    if await line.pause(fault.wait):
        await _as_it_is(line, fault, whole)


async def _unavailable(line: Line, fault: Fault, _: Whole) -> None:
    page = _PAGE.format("503 Service Temporarily Unavailable").encode()
    await line.answer(503, _HTML, page, (b"retry-after", f"{fault.wait:g}".encode()))


def _gateway(status: int, title: str) -> Callable[[Line, Fault, Whole], Awaitable[None]]:
    async def answer(line: Line, _: Fault, __: Whole) -> None:
        await line.answer(status, _HTML, _PAGE.format(f"{status} {title}").encode())

    return answer


async def _reset(line: Line, _: Fault, __: Whole) -> None:
    await line.reset()


async def _half(line: Line, whole: Whole) -> None:
    await line.begin(whole.status, whole.kind, len(whole.body))
    await line.add(whole.body[: len(whole.body) // 2])


async def _reset_midway(line: Line, _: Fault, whole: Whole) -> None:
    await _half(line, whole)
    await line.pause(0.02)  # what has not arrived is lost with a reset
    await line.reset()


async def _cut_short(line: Line, _: Fault, whole: Whole) -> None:
    await _half(line, whole)
    await line.close()


async def _broken_gzip(line: Line, _: Fault, whole: Whole) -> None:
    packed = gzip.compress(whole.body)[:-_GZIP_TAIL]
    await line.answer(whole.status, whole.kind, packed, (b"content-encoding", b"gzip"))


async def _drip(line: Line, fault: Fault, whole: Whole) -> None:
    await line.begin(whole.status, whole.kind, len(whole.body))
    for at in range(len(whole.body)):
        if not await line.pause(fault.wait):
            return
        await line.add(whole.body[at : at + 1])
    await line.send({"type": "http.response.body", "body": b""})


async def _silent(line: Line, fault: Fault, _: Whole) -> None:
    if await line.pause(fault.wait):
        await line.reset()


_WAYS: Final[Mapping[str, Callable[[Line, Fault, Whole], Awaitable[None]]]] = {
    "rate_limited": _as_it_is,
    "unavailable": _unavailable,
    "bad_gateway": _gateway(502, "Bad Gateway"),
    "revoked": _as_it_is,
    "reset": _reset,
    "latency": _late,
    "gateway_timeout": _gateway(504, "Gateway Time-out"),
    "lost_answer": _reset,
    "reset_midway": _reset_midway,
    "cut_short": _cut_short,
    "broken_gzip": _broken_gzip,
    "drip": _drip,
    "silent": _silent,
}
