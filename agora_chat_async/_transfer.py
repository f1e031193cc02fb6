"""Files on their way: what is uploaded from a path, bytes or a stream, and where a download goes.

Nothing here is held in memory whole, except where a caller asks for bytes. Files are read and written in threads. A
download to a path is written under a temporary name and renamed when it is complete, so that a file is either all
there or not there.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, BinaryIO, Final, Protocol, Self

import anyio
import anyio.to_thread
from attrs import field, frozen

from agora_chat_async.errors import InvalidArgument, ResponseTooLarge, TransportError

Progress = Callable[[int, int | None], object]
"""Called with the bytes that have gone, and how many there are in all where that is known."""

FileSource = str | os.PathLike[str] | bytes | BinaryIO | AsyncIterable[bytes]
"""A path, the bytes themselves, a file open for reading, or an async iterable of bytes."""

_CHUNK: Final = 64 * 1024
_WRITE_AT_ONCE: Final = 1024 * 1024


@frozen
class Upload:
    """A file to upload, where more has to be said than what it is."""

    source: FileSource = field(repr=False)
    filename: str | None = None
    """The name that receivers see; that of the path by default, else `file`."""
    content_type: str = "application/octet-stream"
    progress: Progress | None = field(default=None, repr=False)


class Multipart:
    """A form with one file, as it is sent."""

    def __init__(self, upload: Upload) -> None:
        self._upload = upload
        self._boundary = secrets.token_hex(16)
        name = upload.filename or (Path(upload.source).name if isinstance(upload.source, str | os.PathLike) else "file")
        self._head = (
            f"--{self._boundary}\r\n"
            f'Content-Disposition: form-data; name="file"; filename="{_quoted(name)}"\r\n'
            f"Content-Type: {upload.content_type}\r\n\r\n"
        ).encode()
        self._tail = f"\r\n--{self._boundary}--\r\n".encode()
        self._start: int | None = None
        self._size: int | None = None
        self._spent = False

    @property
    def content_type(self) -> str:
        """What the header has to say."""
        return f"multipart/form-data; boundary={self._boundary}"

    @property
    def length(self) -> int | None:
        """Bytes in all, once measured; None for a stream whose end nobody knows."""
        return None if self._size is None else len(self._head) + self._size + len(self._tail)

    @property
    def repeatable(self) -> bool:
        """Whether it can be sent once more: an async iterable that was begun cannot."""
        return not self._spent

    async def measure(self) -> None:
        """Find out how long it is; an OSError says that it cannot be read."""
        source = self._upload.source
        if isinstance(source, bytes):
            self._size = len(source)
        elif isinstance(source, str | os.PathLike):
            self._size = (await anyio.to_thread.run_sync(os.stat, source)).st_size
        elif isinstance(source, AsyncIterable):
            self._spent = self._start is not None
        else:
            self._start, self._size = await anyio.to_thread.run_sync(_span, source, self._start)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._head
        sent = 0
        async for chunk in self._chunks():
            sent += len(chunk)
            yield chunk
            if self._upload.progress is not None:
                self._upload.progress(sent, self._size)
        if self._size is not None and sent != self._size:
            raise OSError(f"the file had {self._size} bytes when the upload began, and {sent} were read")
        yield self._tail

    async def _chunks(self) -> AsyncIterator[bytes]:
        source = self._upload.source
        if isinstance(source, bytes):
            for begin in range(0, len(source), _CHUNK):
                yield source[begin : begin + _CHUNK]
        elif isinstance(source, str | os.PathLike):
            async with await anyio.open_file(source, "rb") as file:
                while chunk := await file.read(_CHUNK):
                    yield chunk
        elif isinstance(source, AsyncIterable):
            self._spent = True
            async for chunk in source:
                yield chunk
        else:
            while chunk := await anyio.to_thread.run_sync(source.read, _CHUNK):
                yield chunk


def upload_of(name: str, value: Any) -> Multipart:
    """Make what is sent of an `Upload` or of a bare source."""
    upload = value if isinstance(value, Upload) else Upload(value)
    source: Any = upload.source
    known = isinstance(source, str | os.PathLike | bytes | AsyncIterable)
    if not known and not (hasattr(source, "read") and "b" in getattr(source, "mode", "b")):
        kinds = "a path, bytes, a file open for reading in binary mode, or an async iterable of bytes"
        raise InvalidArgument(name, type(source).__name__, kinds)
    return Multipart(upload)


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


class Download:
    """A file that is there to be fetched.

    `await download` gives its bytes, `await download.save(path)` puts it into a file, and `async with
    download.stream() as chunks` gives it as it comes.
    """

    __slots__ = ("_fetch",)

    def __init__(self, fetch: Callable[[Sink], Awaitable[Any]]) -> None:
        self._fetch = fetch

    def __await__(self) -> Generator[Any, None, bytes]:
        return self.read().__await__()

    async def read(self, *, at_most: int = 32 * 1024 * 1024, progress: Progress | None = None) -> bytes:
        """Fetch the file into memory.

        Args:
            at_most: Bytes that it may have.
            progress: Called with the bytes that have come and how many there are.

        Returns:
            The bytes.

        Raises:
            ResponseTooLarge: The file is larger.
        """
        sink = _Memory(at_most, progress)
        await self._fetch(sink)
        return b"".join(sink.chunks)

    async def save(self, path: str | os.PathLike[str], *, progress: Progress | None = None) -> Path:
        """Fetch the file to a path, which is there only when it is complete.

        Args:
            path: Where to put it; a file that is there is replaced.
            progress: Called with the bytes that have come and how many there are.

        Returns:
            The path.

        Raises:
            OSError: It cannot be written.
            TransportError: The download broke off, also after its repeats; no file is left.
        """
        target = Path(path)
        async with _TemporaryFile(target, progress) as sink:
            await self._fetch(sink)
            await sink.keep()
        return target

    @asynccontextmanager
    async def stream(self, *, progress: Progress | None = None) -> AsyncGenerator[AsyncIterator[bytes]]:
        """Fetch the file piece by piece, as fast as it is read.

        A connection that is lost after the first piece was given out ends the stream with `TransportError`.

        Args:
            progress: Called with the bytes that have come and how many there are.

        Returns:
            The pieces, inside `async with`.
        """
        send, receive = anyio.create_memory_object_stream[bytes | Exception](1)

        async def fetch() -> None:
            async with send:
                try:
                    await self._fetch(_Passing(send.send, progress))
                except anyio.BrokenResourceError:
                    pass  # the reader has left
                except Exception as error:  # noqa: BLE001 - raised again where the pieces are read
                    with suppress(anyio.BrokenResourceError):
                        await send.send(error)

        async def pieces() -> AsyncIterator[bytes]:
            async for piece in receive:
                if isinstance(piece, Exception):
                    raise piece
                yield piece

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(fetch)
            with receive:
                yield pieces()


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


class _Memory(_Counting):
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


class _Passing(_Counting):
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


class _TemporaryFile(_Counting):
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


def _span(file: BinaryIO, start: int | None) -> tuple[int | None, int | None]:
    """Find where an open file is read from and how much there is; nothing is known of one that cannot seek."""
    if not file.seekable():
        return None, None
    begin = file.tell() if start is None else start
    end = file.seek(0, os.SEEK_END)
    file.seek(begin)
    return begin, end - begin


def _quoted(name: str) -> str:
    if any(ord(character) < 32 or ord(character) == 127 for character in name):  # noqa: PLR2004 - control characters
        raise InvalidArgument("filename", name, "a name without control characters")
    return name.replace("\\", "%5C").replace('"', "%22")
