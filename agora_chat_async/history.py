"""The message history: the file of an hour, read message by message or saved as it is.

The service answers with a signed address on another host. The file is gzip, with one JSON object a line. It is read as
it comes, so an hour of any size takes little memory.
"""

from __future__ import annotations

import asyncio
import os
import zlib
from collections.abc import AsyncGenerator, Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import anyio

from agora_chat_async._caller import Caller
from agora_chat_async._codec import structure_hook
from agora_chat_async._http import foreign_address
from agora_chat_async._json import decode
from agora_chat_async._refusals import refusal
from agora_chat_async._retry import Retries
from agora_chat_async._transfer import Download, Progress, Sink
from agora_chat_async.errors import APIError, DecodeError, NotFound, SessionClosed, TransportError
from agora_chat_async.models.messages import HistoryMessage

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectSendStream

    from agora_chat_async._calls import Calls

MAX_LINE: Final = 1024 * 1024
"""Bytes that a message of the history may have."""

_BLOCK: Final = 64 * 1024
_GZIP: Final = 31


async def read_history(chat: Caller, hour: datetime | str) -> AsyncGenerator[HistoryMessage]:
    """Read all messages of one hour, in the order of the file.

    A loop that is left early should close the generator, as `contextlib.aclosing` does; that ends the download.

    Args:
        chat: The session.
        hour: An aware datetime, or yyyyMMddHH in UTC; see `messages.get_history`.

    Returns:
        The messages, one after the other.

    Raises:
        NotFound: There were no messages in that hour, or the file is gone.
        IllegalArgument: The hour is not ready yet, or is past the plan's storage time.
        Forbidden: The address has expired.
        TransportError: The download broke off. It is repeated only where nothing of it was read yet.
        DecodeError: The file is no gzip file, or a line is no message; the error names the line.
    """
    file = await _locate(chat, hour)
    send, receive = anyio.create_memory_object_stream[bytes](0)
    download = asyncio.create_task(file.pour(send), name="agora_chat_async history")
    inflater, lines = _Inflater(file), _Lines(file)
    try:
        async for piece in receive:
            for block in inflater.feed(piece):
                for message in lines.feed(block):
                    yield message
                await asyncio.sleep(0)  # a small piece can hold a lot
        await download
        inflater.end()
        for message in lines.end():
            yield message
    finally:
        send.close()
        receive.close()
        download.cancel()
        with anyio.CancelScope(shield=True):
            await asyncio.wait([download])
        if not download.cancelled():
            download.exception()  # seen, also where nobody reads on


async def save_history(
    chat: Caller, hour: datetime | str, path: str | os.PathLike[str], *, progress: Progress | None = None
) -> Path:
    """Save the file of one hour as it is, which is gzip; it is there only when it is complete.

    Args:
        chat: The session.
        hour: An aware datetime, or yyyyMMddHH in UTC; see `messages.get_history`.
        path: Where to put it; a file that is there is replaced.
        progress: Called with the bytes that have come and how many there are.

    Returns:
        The path.

    Raises:
        NotFound: There were no messages in that hour, or the file is gone.
        IllegalArgument: The hour is not ready yet, or is past the plan's storage time.
        Forbidden: The address has expired.
        OSError: The file cannot be written.
        TransportError: The download broke off, also after its repeats; no file is left.
    """
    file = await _locate(chat, hour)
    return await Download(file.fetch).save(path, progress=progress)


async def _locate(chat: Caller, hour: datetime | str) -> _File:
    found = await chat.messages.get_history(hour)
    if found is None:
        raise NotFound(status=200, description="no messages in that hour", method="GET", path="/chatmessages")
    try:
        address = foreign_address(found.url)
    except ValueError as error:
        raise DecodeError(
            str(error), call="GET /chatmessages", status=200, content_type="", body=found.url.partition("?")[0].encode()
        ) from None
    return _File(chat._calls, address)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - it is no other's business


class _Passing:
    """Hands the pieces to the reader."""

    def __init__(self, send: MemoryObjectSendStream[bytes]) -> None:
        self._send = send
        self.begun: bool = False
        """Whether the reader has got something."""

    async def begin(self, size: int | None) -> None:
        """Nothing has to be done: after the first piece nothing is repeated."""

    async def write(self, chunk: bytes) -> None:
        self.begun = True
        await self._send.send(chunk)


class _File:
    """A file on its host."""

    def __init__(self, calls: Calls, address: str) -> None:
        self._calls = calls
        self._address = address
        self._path = address.partition("?")[0]

    async def pour(self, send: MemoryObjectSendStream[bytes]) -> None:
        """Fetch it for a reader."""
        async with send:
            await self.fetch(_Passing(send))

    async def fetch(self, sink: Sink) -> None:
        """Fetch it, as often as it needs and may; it counts as a call of the session and ends with it."""
        life = self._calls.life
        life.enter(self)
        try:
            await self._fetch(sink)
        except asyncio.CancelledError:
            if not life.was_evicted(self):
                raise
            raise SessionClosed("the session was closed while the history was under way") from None
        finally:
            life.leave(self)

    async def _fetch(self, sink: Sink) -> None:
        calls, options = self._calls, self._calls.options
        retries = Retries(options.retry, calls.budget, retry_safe=True)
        while True:
            try:
                answer = await calls.wire.fetch(self._address, sink, timeout=options.attempt_timeout)
                if answer.ok:
                    calls.budget.earn(retries.spent)
                    return
                raise refusal(answer, "GET", self._path)
            except (TransportError, APIError) as error:
                begun = isinstance(sink, _Passing) and sink.begun
                pause = None if begun else retries.pause_after(error)
                if pause is None:
                    raise
            await asyncio.sleep(pause)

    def unreadable(self, reason: str, body: bytes) -> DecodeError:
        """Make the error of what is no history."""
        return DecodeError(reason, call=f"GET {self._path}", status=200, content_type="", body=body)


class _Inflater:
    """Unpacks gzip, block by block; several files in one are read as one."""

    def __init__(self, file: _File) -> None:
        self._file = file
        self._member = zlib.decompressobj(_GZIP)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Give what a piece holds, in blocks that are never large."""
        more = False
        while data or more:
            if self._member.eof:
                data = data.lstrip(b"\0")  # some writers fill up the last sector
                if not data:
                    return
                self._member = zlib.decompressobj(_GZIP)
            try:
                block = self._member.decompress(data, _BLOCK)
            except zlib.error as error:
                raise self._file.unreadable(f"it is no gzip file, or a damaged one: {error}", data) from error
            more = len(block) == _BLOCK
            data = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
            if block:
                yield block

    def end(self) -> None:
        """Check that nothing is missing."""
        if not self._member.eof:
            raise self._file.unreadable("the gzip file ends early", b"")


class _Lines:
    """Cuts text into lines and reads them."""

    def __init__(self, file: _File) -> None:
        self._file = file
        self._rest = b""
        self._number = 0
        hook = structure_hook(HistoryMessage)
        self._read: Callable[[Any], HistoryMessage] = lambda data: hook(data, HistoryMessage)

    def feed(self, block: bytes) -> Iterator[HistoryMessage]:
        """Give the messages that are complete with this block."""
        *whole, rest = (self._rest + block).split(b"\n")
        for line in whole:
            yield from self._message(line)
        self._rest = rest
        if len(rest) > MAX_LINE:
            yield from self._message(rest)

    def end(self) -> Iterator[HistoryMessage]:
        """Give the message of a last line that has no end."""
        return self._message(self._rest)

    def _message(self, line: bytes) -> Iterator[HistoryMessage]:
        self._number += 1
        if len(line) > MAX_LINE:
            raise self._file.unreadable(f"line {self._number} is longer than {MAX_LINE} bytes", line)
        if not line.strip():
            return
        try:
            message = decode(line, self._read)
        except ValueError as error:
            raise self._file.unreadable(f"line {self._number}: {error}", line) from error
        yield message
