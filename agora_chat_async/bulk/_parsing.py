"""Lines of CSV and JSONL made into rows: pure functions of one line.

A row is one line, so that a bad row can spoil nothing but itself: a quoted CSV value has to end on its line.
No message repeats a password, nor anything that may be one.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

import orjson

from agora_chat_async.bulk.rows import Row
from agora_chat_async.errors import InvalidArgument
from agora_chat_async.models.users import NewUser

COLUMNS: Final = ("username", "password", "nickname")
MAX_LINE_BYTES: Final = 64 * 1024

RowParser = Callable[[int, bytes], Row]


class InputError(ValueError):
    """The input as a whole cannot be used; the text names file, line and column."""


class _Problem(Exception):
    """What is wrong with one row."""

    def __init__(self, text: str, username: str | None = None, column: int | None = None) -> None:
        super().__init__(text)
        self.username = username
        self.column = column


def csv_header(name: str, line: int, raw: bytes) -> tuple[str, ...]:
    """Read the header line of a CSV file.

    Raises:
        InputError: It is no header: a column is unknown, doubled or missing.
    """
    where = f"{name}, line {line}"
    try:
        cells = _cells(_decoded(raw))
    except _Problem as problem:
        raise InputError(f"{where}: {problem}") from None
    if not set(cells) & set(COLUMNS):
        # A file without a header begins with a user, whose password must not be shown.
        raise InputError(f"{where}: no header; it names the columns username, password, nickname, divided by commas")
    for column, cell in enumerate(cells, 1):
        if cell not in COLUMNS:
            raise InputError(f"{where}, column {column}: unknown column {cell[:80]!r}; known are {', '.join(COLUMNS)}")
        if cell in cells[: column - 1]:
            raise InputError(f"{where}, column {column}: the column {cell!r} is there twice")
    if "username" not in cells:
        raise InputError(f"{where}: the column 'username' is missing")
    return tuple(cells)


def csv_parser(columns: Sequence[str]) -> RowParser:
    """Make the reader of the lines below a header."""
    name_at = columns.index("username")

    def parse(line: int, raw: bytes) -> Row:
        try:
            cells = _cells(_decoded(raw))
            username = cells[name_at] if name_at < len(cells) else None
        except _Problem as problem:
            return _refused(line, problem)
        if len(cells) != len(columns):
            wrong = f"{len(cells)} values, the header has {len(columns)} columns"
            return _refused(line, _Problem(wrong, username))
        # An empty cell is the only way in which CSV can leave a value out.
        return _row(line, {column: cell or None for column, cell in zip(columns, cells, strict=True)}, columns)

    return parse


def jsonl_row(line: int, raw: bytes) -> Row:
    """Read one line of JSONL."""
    try:
        members = _members(_decoded(raw))
    except _Problem as problem:
        return _refused(line, problem)
    return _row(line, members, ())


def too_long(line: int) -> Row:
    """Refuse a line of more than 64 KiB."""
    return _refused(line, _Problem(f"longer than {MAX_LINE_BYTES} bytes"))


def _refused(line: int, problem: _Problem) -> Row:
    column = f", column {problem.column}" if problem.column else ""
    username = None if problem.username is None else problem.username[:256]
    return Row(line, None, username, f"line {line}{column}: {problem}")


def _decoded(raw: bytes) -> str:
    if b"\0" in raw:
        raise _Problem("a NUL byte")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise _Problem(f"not UTF-8 at byte {error.start + 1}") from None


def _cells(text: str) -> list[str]:
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error as error:
        reason = "a quoted value that does not end on its line" if "end of data" in str(error) else "wrong quoting"
        raise _Problem(reason) from None


def _members(text: str) -> dict[str, Any]:
    try:
        # orjson keeps the last of doubled members without a word, json tells them but lets through what is no JSON.
        data: Any = orjson.loads(text)
        pairs: Any = json.loads(text, object_pairs_hook=list)
    except (ValueError, RecursionError):
        raise _Problem("not JSON") from None
    if not isinstance(data, dict):
        raise _Problem("not a JSON object")
    members = cast("dict[str, Any]", data)
    given = members.get("username")
    username = given if isinstance(given, str) else None
    if len(pairs) != len(members):
        raise _Problem("a member is there twice", username)
    for name in members:
        if name not in COLUMNS:
            raise _Problem(f"unknown member {name[:80]!r}; known are {', '.join(COLUMNS)}", username)
    return members


def _row(line: int, values: dict[str, Any], columns: Sequence[str]) -> Row:
    username = values.get("username")
    shown = username if isinstance(username, str) else None
    if username is None:
        return _refused(line, _Problem("no username", column=columns.index("username") + 1 if columns else None))
    try:
        return Row(line, NewUser(**values), username)
    except InvalidArgument as error:
        column = columns.index(error.argument) + 1 if columns else None
        return _refused(line, _Problem(str(error), shown, column))
