"""Where a download goes: memory, a reader, or a file that gets its name when it is complete."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Protocol, Self

import anyio
import anyio.to_thread

from agora_chat_async.errors import ResponseTooLarge, TransportError

Progress = Callable[[int, int | None], object]
"""Called with the bytes that have gone, and how many there are in all where that is known."""

_WRITE_AT_ONCE: Final = 1024 * 1024


class SinkFailed(Exception):
    """What a download goes to has failed, for the reason that is the cause; to fetch it again would not help."""


class Sink(Protocol):
    """Where a download goes."""

    async def begin(self, size: int | None) -> None:
        """Start from nothing, also after an attempt that broke off."""
        ...

    async def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        ...


class _Counting:
    """Tells how far a download is."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._size: int | None = None
        self._came = 0

    def _began(self, size: int | None) -> None:
        self._size, self._came = size, 0

    def _count(self, chunk: bytes) -> None:
        self._came += len(chunk)
        if self._progress is not None:
            self._progress(self._came, self._size)


class Memory(_Counting):
    """The bytes themselves."""

    def __init__(self, at_most: int, progress: Progress | None) -> None:
        super().__init__(progress)
        self._at_most = at_most
        self.chunks: list[bytes] = []

    async def begin(self, size: int | None) -> None:
        if size is not None and size > self._at_most:
            raise ResponseTooLarge(f"a file of {size} bytes, at most {self._at_most} are taken")
        self._began(size)
        self.chunks = []

    async def write(self, chunk: bytes) -> None:
        self._count(chunk)
        if self._came > self._at_most:
            raise ResponseTooLarge(f"a file of more than {self._at_most} bytes")
        self.chunks.append(chunk)


class Passing(_Counting):
    """A reader, who gets each piece as it comes."""

    def __init__(self, send: Callable[[bytes], Awaitable[None]], progress: Progress | None) -> None:
        super().__init__(progress)
        self._send = send

    async def begin(self, size: int | None) -> None:
        if self._came:
            lost = TransportError("the download broke off after its beginning was given out")
            raise SinkFailed from lost
        self._began(size)

    async def write(self, chunk: bytes) -> None:
        self._count(chunk)
        await self._send(chunk)


class TemporaryFile(_Counting):
    """A file that gets its name when it is complete.

    A caller that is cancelled does not wait for the thread that works on the file, so the threads take turns, and
    nothing is done any more once the file was dropped.
    """

    def __init__(self, target: Path, progress: Progress | None) -> None:
        super().__init__(progress)
        self._target = target
        self._path = target.with_name(f".{target.name}.{secrets.token_hex(6)}.part")
        self._buffer = bytearray()
        self._file: IO[bytes] | None = None
        self._turn = threading.Lock()
        self._dropped = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._drop)

    async def begin(self, size: int | None) -> None:
        self._began(size)
        self._buffer.clear()
        await anyio.to_thread.run_sync(self._empty)

    async def write(self, chunk: bytes) -> None:
        self._buffer += chunk
        if len(self._buffer) >= _WRITE_AT_ONCE:
            await self._flush()
        self._count(chunk)

    async def keep(self) -> None:
        """Give the complete file its name."""
        await self._flush()
        await anyio.to_thread.run_sync(self._rename)

    async def _flush(self) -> None:
        data, self._buffer = self._buffer, bytearray()
        await anyio.to_thread.run_sync(self._append, data)

    def _empty(self) -> None:
        with self._turn:
            if self._dropped:
                return
            if self._file is None:
                self._file = self._path.open("xb")
            self._file.seek(0)
            self._file.truncate()

    def _append(self, data: bytearray) -> None:
        with self._turn:
            if self._file is not None and not self._dropped:
                self._file.write(data)

    def _rename(self) -> None:
        with self._turn:
            if self._file is not None and not self._dropped:
                self._file.close()
                self._path.replace(self._target)

    def _drop(self) -> None:
        with self._turn:
            self._dropped = True
            if self._file is not None:
                self._file.close()
                self._path.unlink(missing_ok=True)
