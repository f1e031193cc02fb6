"""A file that can be fetched: whole, to a path, or piece by piece."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import anyio

from agora_chat_async._transfer.sinks import Memory, Passing, Progress, Sink, TemporaryFile


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
        sink = Memory(at_most, progress)
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
        async with TemporaryFile(target, progress) as sink:
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
                    await self._fetch(Passing(send.send, progress))
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
