"""The result file: JSONL, a line a row, written by a thread of its own."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import IO, Final, Self

from agora_chat_async.bulk._result_lines import line_of
from agora_chat_async.bulk.rows import RowResult

_IDLE: Final = 1.0
_AT_ONCE: Final = 500


class ResultFile:
    """Writes results as they come; whatever ends the run, the file holds every row that had a result.

    A line has `line`, `username`, `status`, `error` and `message`, never a password. An older file of the name is
    replaced. Errors of the disk are raised by the next `write`, and by leaving the context.

    Args:
        path: Where to write.
        flush_every: Rows after which they are handed to the operating system, at the latest; a second does it too.
    """

    def __init__(self, path: str | os.PathLike[str], *, flush_every: int = 1000) -> None:
        self._path = Path(path)
        self._flush_every = flush_every
        self._waiting: SimpleQueue[RowResult | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="result file")
        self._error: OSError | None = None

    def __enter__(self) -> Self:
        self._file: IO[bytes] = self._path.open("wb")
        self._thread.start()
        return self

    def write(self, result: RowResult) -> None:
        """Take a result; it is written soon."""
        if self._error is not None:
            raise self._error
        self._waiting.put(result)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._waiting.put(None)
        self._thread.join()
        if self._error is not None and error is None:
            raise self._error

    def _work(self) -> None:
        try:
            with self._file as file:
                self._write_all(file)
        except OSError as error:
            self._error = error

    def _write_all(self, file: IO[bytes]) -> None:
        unflushed, flushed_at = 0, time.monotonic()
        while True:
            try:
                results = self._next(_IDLE)
            except Empty:
                results = []
            ended = None in results
            lines = [line_of(result) for result in results if result]
            file.write(b"".join(lines))
            unflushed += len(lines)
            now = time.monotonic()
            if unflushed >= self._flush_every or (unflushed and now - flushed_at >= _IDLE):
                file.flush()
                unflushed, flushed_at = 0, now
            if ended:
                return

    def _next(self, timeout: float) -> list[RowResult | None]:
        results = [self._waiting.get(timeout=timeout)]
        try:
            while len(results) < _AT_ONCE and results[-1] is not None:
                results.append(self._waiting.get_nowait())
        except Empty:
            pass
        return results
