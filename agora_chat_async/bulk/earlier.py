"""The rows of an earlier result that did not come to an end."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final, cast

import orjson

from agora_chat_async.bulk._parsing import InputError
from agora_chat_async.bulk.rows import Row, RowStatus

AGAIN: Final = frozenset({RowStatus.FAILED, RowStatus.UNKNOWN, RowStatus.NOT_DONE})
"""What became of rows that are worth another try."""
_NAMES_KEPT: Final = 10_000


class LeftOver:
    """Lines whose rows failed, were not done or have an unknown outcome, by a result file.

    Args:
        path: A result file; a last line that was torn by a crash is left out.

    Raises:
        InputError: The file is no result file.
        OSError: The file cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path: Path = Path(path)
        self.count: int = 0
        self._lines = bytearray()  # a bit a line, as there may be millions
        self._names = dict[int, str]()
        with self.path.open("rb") as file:
            for place, raw in enumerate(file, 1):
                try:
                    self._take(cast("dict[str, Any]", orjson.loads(raw)))
                except (ValueError, TypeError, LookupError, AttributeError):
                    if raw.endswith(b"\n"):
                        raise InputError(f"{path}, line {place}: not a line of a result file") from None

    def __contains__(self, line: int) -> bool:
        byte, bit = divmod(line, 8)
        return byte < len(self._lines) and bool(self._lines[byte] >> bit & 1)

    @property
    def digest(self) -> str:
        """A hash of the lines, which tells one choice of rows from another."""
        return hashlib.sha256(self._lines).hexdigest()

    def check(self, row: Row) -> Row:
        """Return a row of the input that is tried again; refuse one that is of another input."""
        name = self._names.get(row.line, row.username)
        if name != row.username:
            raise InputError(f"line {row.line} is {row.username!r}, and {name!r} in {self.path}: of another input")
        return row

    def _take(self, entry: dict[str, Any]) -> None:
        if RowStatus(entry["status"]) not in AGAIN:
            return
        line: int = entry["line"]
        byte, bit = divmod(line, 8)
        self._lines.extend(bytes(max(byte + 1 - len(self._lines), 0)))
        self._lines[byte] |= 1 << bit
        self.count += 1
        if len(self._names) < _NAMES_KEPT:
            self._names[line] = entry["username"]


async def left_over(rows: AsyncGenerator[Row, None], choice: LeftOver) -> AsyncGenerator[Row, None]:
    """Give only the rows that are to be tried again."""
    async with aclosing(rows):
        async for row in rows:
            if row.line in choice:
                yield choice.check(row)
