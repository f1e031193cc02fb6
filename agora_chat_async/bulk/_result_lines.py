"""Lines of a result file: what is kept, and after it what may be cut off again."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import orjson

from agora_chat_async.bulk.rows import RowResult

_sync: Final[Callable[[int], None]] = getattr(os, "fdatasync", os.fsync)


def line_of(result: RowResult) -> bytes:
    """Write a line of the result file."""
    return orjson.dumps(result.as_dict(), option=orjson.OPT_APPEND_NEWLINE)


class ResultLines:
    """A result file that is cut off after so many bytes, and goes on there."""

    def __init__(self, path: Path, kept: int) -> None:
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        self._kept = self.size = kept
        try:
            self.cut()
        except BaseException:
            os.close(self._file)
            raise

    def write(self, data: bytes) -> None:
        """Write some lines through to the disk."""
        if not data:
            return
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._file, rest) :]
            self.size += len(data)
            _sync(self._file)
        except OSError as error:
            raise OSError(error.errno or errno.EIO, error.strerror or "", str(self._path)) from None

    def keep(self) -> None:
        """Keep what was written until now."""
        self._kept = self.size

    def cut(self) -> None:
        """Cut off what is not kept."""
        try:
            os.ftruncate(self._file, self._kept)
            os.lseek(self._file, self._kept, os.SEEK_SET)
        except OSError as error:
            raise OSError(error.errno or errno.EIO, error.strerror or "", str(self._path)) from None
        self.size = self._kept

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
