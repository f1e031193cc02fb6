"""Reading a JSON body member by member, and refusing what the service would not take.

The checks are the emulator's own: what arrives is judged by the service's rules, whoever sent it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from agora_chat_async.emulator._errors import Refusal, illegal

T = TypeVar("T")

_DIGITS: Final = re.compile(r"[0-9]{1,40}")
_LARGEST_ID: Final = (1 << 63) - 1


def message_number(text: str) -> int | None:
    """Read a message id; None where it is none of the numeric ones. Larger ones than there are count as the largest."""
    return min(int(text), _LARGEST_ID) if _DIGITS.fullmatch(text) else None


class Fields:
    """The members of one JSON object; `end` refuses those that nobody asked for."""

    def __init__(self, data: Any, *, strict: bool, where: str = "", refuse: Callable[[str], Refusal] = illegal) -> None:
        """Take the object, and how its faults are named."""
        self._refuse = refuse
        if not isinstance(data, dict):
            raise refuse(f"invalid request: {where or 'the body'} has to be a JSON object")
        self._data: dict[str, Any] = data
        self._unread = set(self._data)
        self._strict = strict
        self._where = f"{where}." if where else ""

    def has(self, name: str) -> bool:
        """Whether the member is there, null or not."""
        return name in self._data

    def text(self, name: str, *, most: int | None = None, least: int = 1) -> str:
        """A text that has to be there, of a length in characters."""
        value = self._required(name)
        if not isinstance(value, str):
            raise self._wrong(name, "a string")
        if len(value) < least:
            raise self._wrong(name, "not empty")
        if most is not None and len(value) > most:
            raise self._wrong(name, f"at most {most} characters long")
        return value

    def name(self, name: str, *, most: int | None = None) -> str:
        """A username that has to be there, in small letters: case makes no other user."""
        return self.text(name, most=most).lower()

    def optional_text(self, name: str, *, most: int | None = None, least: int = 0) -> str | None:
        """A text that may be left out."""
        return self.text(name, most=most, least=least) if self.has(name) else None

    def id(self, name: str) -> str:
        """An id that has to be there, which some clients send as a number."""
        value = self._required(name)
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else self.text(name)

    def texts(self, name: str, *, most: int, least: int = 1) -> list[str]:
        """A list of texts, none of them empty."""
        value = self._required(name)
        if not isinstance(value, list):
            raise self._wrong(name, "an array")
        items: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
        if len(items) < least:
            raise self._wrong(name, "an array that is not empty")
        if len(items) > most:
            raise self._wrong(name, f"an array of at most {most} items, and not of {len(items)}")
        if not all(isinstance(item, str) and item for item in items):
            raise self._wrong(name, "an array of strings that are not empty")
        return items

    def names(self, name: str, *, most: int, least: int = 1) -> list[str]:
        """A list of usernames, in small letters."""
        return [username.lower() for username in self.texts(name, most=most, least=least)]

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false; the default where it is left out."""
        value = self._optional(name, default)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def required_flag(self, name: str) -> bool:
        """True or false, and not left out."""
        self._required(name)
        return self.flag(name, default=False)

    def whole(self, name: str) -> int | None:
        """A whole number, if there."""
        value = self._optional(name, None)
        if self.has(name) and (not isinstance(value, int) or isinstance(value, bool)):
            raise self._wrong(name, "a whole number")
        return value

    def number(self, name: str, *, least: int, most: int) -> int | None:
        """A whole number within bounds, if there; some clients send it as text."""
        value = self._optional(name, least)
        number = int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value
        if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
            raise self._wrong(name, f"a whole number from {least} to {most}")
        return number if self.has(name) else None

    def any(self, name: str) -> Any:
        """Whatever stands there; nothing where it is left out."""
        return self._optional(name, None)

    def object(self, name: str) -> Mapping[str, Any]:
        """An object that has to be there."""
        value = self._required(name)
        if not isinstance(value, dict):
            raise self._wrong(name, "an object")
        return value  # pyright: ignore[reportUnknownVariableType]

    def optional_object(self, name: str) -> Mapping[str, Any] | None:
        """An object that may be left out, but not be null."""
        return self.object(name) if self.has(name) else None

    def one_of(self, name: str, *values: str) -> str:
        """One of the documented values."""
        value = self._required(name)
        if value not in values:
            raise self._wrong(name, f"one of {', '.join(values)}")
        return str(value)

    def optional_one_of(self, name: str, *values: str) -> str | None:
        """One of the documented values, if there."""
        return self.one_of(name, *values) if self.has(name) else None

    def end(self) -> None:
        """Refuse members that the operation does not have, where the emulator is strict."""
        if self._strict and self._unread:
            names = ", ".join(sorted(self._where + name for name in self._unread))
            raise self._refuse(f"invalid request: the operation has no {names}")

    def _required(self, name: str) -> Any:
        if name not in self._data:
            raise self._refuse(f"invalid request: {self._where}{name} is required")
        self._unread.discard(name)
        return self._data[name]

    def _optional(self, name: str, default: T) -> Any | T:
        self._unread.discard(name)
        return self._data.get(name, default)

    def _wrong(self, name: str, rule: str) -> Refusal:
        return self._refuse(f"invalid request: {self._where}{name} has to be {rule}")
