"""Rules for arguments: each refuses a value with an `InvalidArgument` that names argument, value and rule.

A rule is called with the argument's name and value and returns the value to send. It stands in an annotation,
`Annotated[str, USERNAME]`, or validates an attrs field through `obeys`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, Protocol, cast
from urllib.parse import quote

from attrs import Attribute, frozen

from agora_chat_async.errors import InvalidArgument

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# Half a character, which no encoding of text on the wire has.
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


class Check(Protocol):
    """A rule for one argument."""

    def __call__(self, name: str, value: Any, /) -> Any:
        """Return the value to send, or raise `InvalidArgument`."""
        ...


@frozen
class Str:
    """Text of a limited length, and of certain characters where a pattern is given."""

    most: int
    least: int = 1
    in_bytes: bool = False
    pattern: re.Pattern[str] | None = None
    charset: str = ""
    secret: bool = False

    def __call__(self, name: str, value: Any, /) -> str:
        if isinstance(value, str) and not _SURROGATE.search(value):
            size = len(value.encode()) if self.in_bytes else len(value)
            if self.least <= size <= self.most and (self.pattern is None or self.pattern.fullmatch(value)):
                return value
        raise InvalidArgument(name, value, self.rule, secret=self.secret)

    @property
    def rule(self) -> str:
        """The rule in words."""
        unit = "bytes" if self.in_bytes else "characters"
        return f"text of {self.least} to {self.most} {unit}" + (f" out of {self.charset}" if self.charset else "")


@frozen
class Int:
    """A whole number between two bounds, both included."""

    least: int
    most: int

    def __call__(self, name: str, value: Any, /) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and self.least <= value <= self.most:
            return value
        raise InvalidArgument(name, value, f"a whole number from {self.least} to {self.most}")


@frozen
class Items:
    """A list of at most so many values, each of them checked."""

    most: int
    least: int = 1
    each: Check | None = None
    secret: bool = False
    divisible: bool = True
    """Whether several calls with some of the items each do what one call with all of them would."""

    @property
    def most_at_once(self) -> int | None:
        """How many items a part has at most, where they may be sent in parts."""
        return self.most if self.divisible else None

    def __call__(self, name: str, value: Any, /) -> list[Any]:
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Collection):
            raise InvalidArgument(name, cast("object", value), "a list of values, not a single one", secret=self.secret)
        items: list[Any] = [*cast("Collection[Any]", value)]
        if not self.least <= len(items) <= self.most:
            raise InvalidArgument(name, f"{len(items)} items", f"{self.least} to {self.most} items")
        if self.each is None:
            return items
        return [self.each(f"{name}[{index}]", item) for index, item in enumerate(items)]


@frozen
class Joined:
    """A list of texts that is sent as one, joined by commas, which therefore none of them may hold."""

    items: Items

    @property
    def most_at_once(self) -> int | None:
        """How many items a part has at most."""
        return self.items.most_at_once

    def __call__(self, name: str, value: Any, /) -> str:
        items = self.items(name, value)
        _refuse_commas(name, items)
        return ",".join(items)


@frozen
class Entries:
    """A mapping, of at most so many entries."""

    most: int | None = None

    def __call__(self, name: str, value: Any, /) -> Mapping[str, Any]:
        if isinstance(value, Mapping):
            entries = cast("Mapping[str, Any]", value)
            if self.most is None or len(entries) <= self.most:
                return entries
        rule = "a mapping" if self.most is None else f"a mapping of at most {self.most} entries"
        raise InvalidArgument(name, cast("object", value), rule)


@frozen
class OneOf:
    """One of the documented values."""

    values: tuple[str, ...]

    def __call__(self, name: str, value: Any, /) -> str:
        if isinstance(value, str) and value in self.values:
            return str(value)
        raise InvalidArgument(name, value, f"one of {', '.join(self.values)}")


def segment(name: str, value: object) -> str:
    """Encode a value as exactly one segment of a path.

    Empty names and dots are refused: HTTP clients resolve dot segments, so that `DELETE /users/.` would reach the
    server as `DELETE /users`, which deletes users. Control characters are refused since no id has them.
    """
    if not isinstance(value, str):
        raise InvalidArgument(name, value, "text")
    if value in {"", ".", ".."}:
        raise InvalidArgument(name, value, "a name that is not empty, '.' or '..'")
    if _CONTROL.search(value):
        raise InvalidArgument(name, value, "text without control characters")
    try:
        return quote(value, safe="")
    except UnicodeEncodeError:
        raise InvalidArgument(name, value, "text that can be encoded as UTF-8") from None


def segments(name: str, values: list[str]) -> str:
    """Encode several values as one segment of a path, joined by commas, which therefore none of them may hold."""
    _refuse_commas(name, values)
    return ",".join(segment(f"{name}[{index}]", value) for index, value in enumerate(values))


def _refuse_commas(name: str, values: list[str]) -> None:
    for index, value in enumerate(values):
        if "," in value:
            raise InvalidArgument(f"{name}[{index}]", value, "a name without comma, since names are joined by commas")


def not_empty(settings: Mapping[str, Any]) -> None:
    """Refuse a change that changes nothing."""
    if not settings:
        raise InvalidArgument("settings", "none", "at least one setting to change")


def seconds(name: str, value: Any, *, zero: bool = False) -> float:
    """Refuse what is no time span."""
    if isinstance(value, int | float) and not isinstance(value, bool) and (value > 0 or (zero and value == 0)):
        return float(value)
    raise InvalidArgument(name, value, f"seconds, {'not negative' if zero else 'more than 0'}")


def on_off(name: str, value: Any, /) -> str:
    """Write True and False as headers hold them."""
    if isinstance(value, bool):
        return str(value).lower()
    raise InvalidArgument(name, value, "True or False")


def obeys(check: Check) -> Callable[[Any, Attribute[Any], Any], None]:
    """Make an attrs validator of a rule; None passes, since the field is then left out."""

    def validate(_: Any, attribute: Attribute[Any], value: Any) -> None:
        if value is not None:
            check(attribute.name, value)

    return validate


ID = Str(most=256)
"""An id that the service made."""

USERNAME = Str(
    most=64,
    pattern=re.compile(r"(?!\.{1,2}\Z)[a-z0-9_.\-]+"),
    charset="a-z 0-9 _ - . (no upper case), and not '.' or '..', which no path can name",
)
"""The name of a new user."""

EXISTING_USER = Str(most=64)
"""The name of a user who exists; older apps have names that could not be registered today."""

ONE_USER = Str(most=64, pattern=re.compile(r"[^,]+"), charset="anything but commas, which would join several names")
"""The name of a user who exists, on a path where the service reads a comma as the end of a name."""

MEMBERS = Items(60, each=EXISTING_USER)
"""The users of a group or chat room whom one call changes."""

MUTE_DURATION = Int(-1, (1 << 53) - 1)
"""Milliseconds for which members are muted; -1 for good, 0 not any longer."""

PAGE_NUMBER = Int(1, (1 << 31) - 1)
"""A page of a listing by page number."""

PASSWORD = Str(most=64, in_bytes=True, secret=True)
"""A login password."""

NICKNAME = Str(most=100)
"""The name that push notifications show."""

LABEL = Str(most=64)
"""The name of a push label that exists; the vendor's console takes characters that the API does not."""

CUSTOM_EVENT = Str(most=32, pattern=re.compile(r"[a-zA-Z0-9\-_/.]+"), charset="a-z A-Z 0-9 - _ / .")
"""The event of a custom message."""

CUSTOM_EXTS = Entries(most=16)
"""The extension of a custom message."""

AN_OBJECT = Entries()
"""What becomes a JSON object."""


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
