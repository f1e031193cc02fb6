"""What is uploaded: a path, bytes, an open file or a stream, as a form with one file."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterable, AsyncIterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import anyio
import anyio.to_thread
from attrs import field, frozen

from agora_chat_async._transfer.sinks import Progress
from agora_chat_async.errors import InvalidArgument

FileSource = str | os.PathLike[str] | bytes | BinaryIO | AsyncIterable[bytes]
"""A path, the bytes themselves, a file open for reading, or an async iterable of bytes."""

_CHUNK: Final = 64 * 1024


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
            async with await _open(source) as file:
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


async def _open(path: str | os.PathLike[str]) -> anyio.AsyncFile[bytes]:
    """Open a file to read; one that a thread opens for a caller who was cancelled meanwhile is closed."""
    opening = asyncio.ensure_future(anyio.open_file(path, "rb"))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_unused)
        raise


def _close_unused(opening: asyncio.Future[anyio.AsyncFile[bytes]]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().wrapped.close()


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
