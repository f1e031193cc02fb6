"""Lines of CSV and JSONL, and mappings, made into rows: pure functions of one line or mapping.

A row is one line, so that a bad row can spoil nothing but itself: a quoted CSV value has to end on its line.
No message repeats a password, nor anything that may be one.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, cast

import orjson

from agora_chat_async.bulk.rows import Row
from agora_chat_async.errors import InvalidArgument
from agora_chat_async.models.users import NewUser

COLUMNS: Final = ("username", "password", "nickname")
MAX_LINE_BYTES: Final = 64 * 1024
_OTHER_SEPARATORS: Final = {";": "';'", "\t": "tabs", "|": "'|'"}

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
        raise InputError(f"{where}: {_no_header(cells)}")
    for column, cell in enumerate(cells, 1):
        if cell not in COLUMNS:
            hint = f"write it {plain!r}" if (plain := _plain(cell)) in COLUMNS else f"known are {', '.join(COLUMNS)}"
            raise InputError(f"{where}, column {column}: unknown column {cell[:80]!r}; {hint}")
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


def mapping_row(place: int, values: Mapping[object, object]) -> Row:
    """Make a row of a mapping; it has a place in its source instead of a line."""
    username = values.get("username")
    try:
        _check_names(values, username if isinstance(username, str) else None)
    except _Problem as problem:
        return _refused(place, problem, "row")
    return _row(place, cast("dict[str, Any]", dict(values)), (), "row")


def _no_header(cells: Sequence[str]) -> str:
    # A file without a header begins with a user, whose password must not be shown.
    for separator, name in _OTHER_SEPARATORS.items():
        parts = {_plain(part) for cell in cells for part in cell.split(separator)}
        if any(separator in cell for cell in cells) and parts & set(COLUMNS):
            return f"the columns are divided by {name}; divide them by commas"
    if {_plain(cell) for cell in cells} & set(COLUMNS):
        return f"the names of the columns are {', '.join(COLUMNS)}, in lower case and without blanks"
    return "no header; it names the columns username, password, nickname, divided by commas"


def _plain(cell: str) -> str:
    return cell.strip().lower()


def _refused(line: int, problem: _Problem, unit: str = "line") -> Row:
    column = f", column {problem.column}" if problem.column else ""
    username = None if problem.username is None else problem.username[:256]
    return Row(line, None, username, f"{unit} {line}{column}: {problem}")


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
    _check_names(members, username)
    return members


def _check_names(names: Iterable[object], username: str | None) -> None:
    for name in names:
        if name not in COLUMNS:
            raise _Problem(f"unknown member {str(name)[:80]!r}; known are {', '.join(COLUMNS)}", username)


def _row(line: int, values: dict[str, Any], columns: Sequence[str], unit: str = "line") -> Row:
    username = values.get("username")
    shown = username if isinstance(username, str) else None
    if username is None:
        column = columns.index("username") + 1 if columns else None
        return _refused(line, _Problem("no username", column=column), unit)
    try:
        return Row(line, NewUser(**values), username)
    except InvalidArgument as error:
        column = columns.index(error.argument) + 1 if columns else None
        return _refused(line, _Problem(str(error), shown, column), unit)
