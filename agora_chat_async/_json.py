"""JSON, in and out: fast, exact, and with one kind of error for whatever is wrong with it.

orjson reads numbers beyond 64 bits as floats, which are rounded. An id must not be, so who makes text of such a float
raises `Inexact`, and `decode` reads the whole anew with Python's own parser, which keeps every digit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar, cast

import orjson

from agora_chat_async.errors import InvalidArgument

T = TypeVar("T")

MAX_DEPTH: Final = 200
"""How deep JSON may be nested, in what comes as in what is sent."""
EXACT: Final = 2.0**63
"""A float from here on may have been a whole number once."""


class Inexact(ValueError):
    """A number that could be an id was read as a float, and so perhaps rounded."""

    def __init__(self) -> None:
        super().__init__("a number too large to be read exactly")


class AsWritten(float):
    """A number that was written as a float, and not made one by a parser that knows no larger ints."""


def encode(value: Any) -> bytes:
    """Write data as JSON; `InvalidArgument` says what JSON cannot hold."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError as error:
        raise InvalidArgument("body", type(value).__name__, f"values that JSON can hold ({error})") from None


def parse(body: bytes | str) -> Any:
    """Read JSON; a ValueError says where it is wrong."""
    data = orjson.loads(body)
    text = body.encode() if isinstance(body, str) else body
    # Whoever counts no more brackets than levels need not look for them.
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH and _is_deeper(data):
        raise ValueError(f"nested more than {MAX_DEPTH} levels deep")
    return data


def decode(body: bytes, read: Callable[[Any], T]) -> T:
    """Read JSON and make of it what `read` makes; a ValueError says what is wrong, be it with either."""
    try:
        try:
            return read(parse(body))
        except Inexact:
            return read(json.loads(body, parse_float=AsWritten))
    except KeyError as error:
        raise ValueError(f"nothing is named {error}") from error
    except (TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        raise ValueError(str(error) or type(error).__name__) from error


def _is_deeper(data: Any) -> bool:
    level = [data]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for part in level
            for child in (part.values() if isinstance(part, dict) else part)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def as_written(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: as_written(member) for name, member in cast("dict[str, Any]", data).items()}
    if isinstance(data, list | tuple):
        return [as_written(entry) for entry in cast("Sequence[Any]", data)]
    return AsWritten(data) if isinstance(data, float) else data
