"""Users from a file: CSV or JSONL, plain or gzip, row by row and in bounded memory."""

from __future__ import annotations

import gzip
import hashlib
import os
import sys
import zlib
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final, Literal, cast

from anyio import to_thread

from agora_chat_async.bulk._parsing import (
    MAX_LINE_BYTES,
    InputError,
    RowParser,
    csv_header,
    csv_parser,
    jsonl_row,
    too_long,
)
from agora_chat_async.bulk.rows import Row

Format = Literal["csv", "jsonl"]

ROWS_A_READ: Final = 1000
_BOM: Final = b"\xef\xbb\xbf"
_ENDINGS: Final[dict[str, Format]] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_READ_BLOCK: Final = 1 << 20


async def read_users(
    file: str | os.PathLike[str],
    *,
    format: Format | None = None,  # noqa: A002
    after: int = 0,
) -> AsyncGenerator[Row, None]:
    """Read the users of a file, a row a line; blank lines are left out.

    CSV begins with a header of the columns `username`, `password` and `nickname` in any order, of which only
    `username` must be there; a value ends on its line, and an empty one counts as not given. A line of JSONL is an
    object of the same members. Both are UTF-8. Rows that break a rule come with their problem, and the reading goes on.

    Args:
        file: Path, or `-` for standard input; `.gz` is unpacked. Lines hold at most 64 KiB.
        format: By the ending of the path, without `.gz`, where not given.
        after: A line up to which rows are passed over, quickly.

    Raises:
        InputError: The header is wrong, the format unknown or the compressed data broken.
        OSError: The file cannot be read.
    """
    path = os.fspath(file)
    rows = iter_users(path, format=format, after=after)
    # Standard input may stay silent for ever: its reader is left behind where the caller gives up.
    is_stdin = path == "-"
    try:
        while chunk := await to_thread.run_sync(lambda: list(islice(rows, ROWS_A_READ)), abandon_on_cancel=is_stdin):
            for row in chunk:
                yield row
    finally:
        if not is_stdin:
            rows.close()


def iter_users(path: str, *, format: Format | None = None, after: int = 0) -> Generator[Row, None, None]:  # noqa: A002
    """Read like `read_users`, without an event loop."""
    return _rows(path, format or format_of(path), after)


def format_of(path: str) -> Format:
    """Tell the format of a file by its name; an `InputError` says that it does not tell."""
    if path == "-":
        raise InputError("standard input: say which format it has, csv or jsonl")
    ending = Path(path.lower().removesuffix(".gz")).suffix
    if ending not in _ENDINGS:
        raise InputError(f"{path}: the name ends in none of {', '.join(_ENDINGS)}; say the format, csv or jsonl")
    return _ENDINGS[ending]


def count_lines(path: str) -> int | None:
    """Count the lines of a plain file, quickly; None where that is not possible without reading it for good."""
    if path == "-" or path.endswith(".gz") or not Path(path).is_file():
        return None
    count, last = 0, b"\n"
    with Path(path).open("rb", buffering=0) as file:
        while block := file.read(_READ_BLOCK):
            count += block.count(b"\n")
            last = block[-1:]
    return count + (last != b"\n")


def fingerprint(path: Path) -> dict[str, Any]:
    """Tell what a file is: its size, when it was changed, and a hash of its first and last megabyte."""
    state = path.stat()
    digest = hashlib.sha256()
    with path.open("rb") as file:
        digest.update(file.read(_READ_BLOCK))
        file.seek(max(state.st_size - _READ_BLOCK, 0))
        digest.update(file.read(_READ_BLOCK))
    return {"input size": state.st_size, "input mtime": state.st_mtime_ns, "input sha256": digest.hexdigest()}


def _rows(path: str, kind: Format, after: int) -> Generator[Row, None, None]:
    name = "standard input" if path == "-" else path
    parse: RowParser | None = jsonl_row if kind == "jsonl" else None
    line = 0
    with _opened(path) as file:
        try:
            for line, raw in enumerate(_lines(file), 1):
                if parse is not None and line <= after:
                    continue
                text = raw.removeprefix(_BOM) if raw and line == 1 else raw
                if text is None:
                    if parse is None:
                        raise InputError(f"{name}, line {line}: a header longer than {MAX_LINE_BYTES} bytes")
                    yield too_long(line)
                elif not text.strip():
                    continue
                elif parse is None:
                    parse = csv_parser(csv_header(name, line, text))
                else:
                    yield parse(line, text)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise InputError(f"{name}, after line {line}: the compressed data is broken: {error}") from None
    if parse is None:
        raise InputError(f"{name}: empty, not even a header")


def _opened(path: str) -> AbstractContextManager[IO[bytes]]:
    if path == "-":
        return nullcontext(sys.stdin.buffer)
    return closing(cast("IO[bytes]", gzip.open(path, "rb"))) if path.endswith(".gz") else Path(path).open("rb")


def _lines(file: IO[bytes]) -> Iterator[bytes | None]:
    """Give lines without their ends, and None for a line that is too long."""
    while raw := file.readline(MAX_LINE_BYTES + 2):
        whole = raw.endswith(b"\n")
        text = raw.rstrip(b"\n").removesuffix(b"\r") if whole else raw
        if len(text) <= MAX_LINE_BYTES:
            yield text
            continue
        while not whole and (rest := file.readline(MAX_LINE_BYTES)):
            whole = rest.endswith(b"\n")
        yield None
