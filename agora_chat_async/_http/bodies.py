"""What is answered: bodies read whole up to a cap, or passed on as they come.

The cap counts decoded bytes while they come, so neither a long answer nor a small one that inflates fills the memory.
What is cut short is a fault of the way and not an answer, also where HTTP itself cannot tell: a compressed stream
without its end, and a JSON text that ends with its connection.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterable, Awaitable, Mapping
from typing import Final

import httpx
from attrs import field, frozen

from agora_chat_async._json import parse
from agora_chat_async._transfer import Sink, SinkFailed
from agora_chat_async.errors import ResponseTooLarge

_NOTHING_DECODED: Final = frozenset({"", "identity"})
_GZIP: Final = 31


@frozen(eq=False)
class Answer:
    """A whole answer of the service."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the field's own numbers

    @property
    def is_redirect(self) -> bool:
        """Whether the status sends the caller elsewhere."""
        return 300 <= self.status < 400  # noqa: PLR2004 - as above


class Patience:
    """The time of an attempt, which a file on its way gets anew for as long as it moves."""

    __slots__ = ("_clock", "_seconds")

    def __init__(self, clock: asyncio.Timeout, seconds: float | None) -> None:
        self._clock = clock
        self._seconds = seconds

    def renew(self) -> None:
        """Begin anew: something has moved."""
        if self._seconds is not None:
            self._clock.reschedule(asyncio.get_running_loop().time() + self._seconds)

    def rest(self) -> None:
        """Stop the clock: it is not the other side that is waited for."""
        self._clock.reschedule(None)


def pieces(response: httpx.Response) -> httpx.AsyncByteStream:
    """Give the bytes of a response as they come, not decoded; httpx's own way to them takes longer."""
    assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - the client is an async one
    return response.stream


async def read(stream: AsyncIterable[bytes], headers: Mapping[str, str], at_most: int) -> bytes:
    """Read and decode a whole body of so many bytes at most."""
    if "content-encoding" in headers:
        if headers["content-encoding"].lower() in {"gzip", "x-gzip"}:
            return await _inflate(stream, at_most)
        refuse_encoded(headers)
    chunks, size = list[bytes](), 0
    async for chunk in stream:
        size += len(chunk)
        if size > at_most:
            raise _too_large(at_most)
        chunks.append(chunk)
    body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    if "content-length" not in headers and "transfer-encoding" not in headers and _is_beginning(body, headers):
        raise httpx.ReadError("the connection was closed within the answer")
    return body


def _is_beginning(body: bytes, headers: Mapping[str, str]) -> bool:
    """Tell whether a body that ended with its connection is a JSON text without its end."""
    text = body.lstrip()
    if not text:
        return "json" in headers.get("content-type", "")
    if text[:1] not in {b"{", b"["}:
        return False
    try:
        parse(body)
    except (ValueError, RecursionError):
        return True
    return False


async def _inflate(body: AsyncIterable[bytes], at_most: int) -> bytes:
    inflater = zlib.decompressobj(_GZIP)
    chunks, size, came = list[bytes](), 0, False
    async for raw in body:
        came = came or bool(raw)
        left = raw
        while left:
            if inflater.eof:  # behind the end of a member there may be another one
                inflater = zlib.decompressobj(_GZIP)
            chunk = inflater.decompress(left, at_most - size + 1)
            size += len(chunk)
            if size > at_most or inflater.unconsumed_tail:
                raise _too_large(at_most)
            chunks.append(chunk)
            left = inflater.unused_data
    if came and not inflater.eof:
        raise httpx.DecodingError("the compressed body is cut short")
    return b"".join(chunks)


def _too_large(at_most: int) -> ResponseTooLarge:
    return ResponseTooLarge(f"the answer has more than {at_most} bytes")


def refuse_encoded(headers: Mapping[str, str]) -> None:
    """Refuse what is in an encoding that was not asked for: its bytes would not be those of the file."""
    encoding = headers.get("content-encoding", "")
    if encoding.lower() not in _NOTHING_DECODED:
        raise httpx.DecodingError(f"an encoding that was not asked for, {encoding!r}")


async def pour(body: AsyncIterable[bytes], headers: Mapping[str, str], sink: Sink, patience: Patience) -> None:
    """Pass a body on as it comes; another number of bytes than announced is a fault."""
    announced = headers.get("content-length", "")
    size = int(announced) if announced.isdecimal() else None
    await _into(sink.begin(size), patience)
    came = 0
    async for chunk in body:
        came += len(chunk)
        await _into(sink.write(chunk), patience)
    if size is not None and came != size:
        raise httpx.ReadError(f"{size} bytes were announced, {came} came")


async def _into(work: Awaitable[None], patience: Patience) -> None:
    """Give a sink its own time, and let a disk that is full not pass for a connection that was lost."""
    patience.rest()
    try:
        await work
    except OSError as error:
        raise SinkFailed from error
    patience.renew()


async def beginning(body: AsyncIterable[bytes], at_most: int) -> bytes:
    """Read no more than the beginning of a body."""
    start = b""
    async for chunk in body:
        start += chunk
        if len(start) >= at_most:
            break
    return start
