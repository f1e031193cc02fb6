"""What all parts of a push notification have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from attrs import Attribute, field, frozen

from agora_chat_async._checks import Int, Str, obeys


def at_most(characters: int) -> Callable[[Any, Attribute[Any], Any], None]:
    """Make a validator of texts of at most so many characters."""
    return obeys(Str(most=characters, least=0))


def between(least: int, most: int) -> Callable[[Any, Attribute[Any], Any], None]:
    """Make a validator of whole numbers, both bounds included."""
    return obeys(Int(least, most))


@frozen(kw_only=True)
class Section:
    """A part of a notification; fields that are None are left out."""

    wire_in_camel_case: ClassVar[bool] = True
    """On the wire `channel_id` is `channelId`, and so on."""
    extra: Mapping[str, Any] = field(factory=dict[str, Any])
    """Further keys, sent as they are."""


@frozen(kw_only=True)
class Notice(Section):
    """The visible part of a notification."""

    title: str | None = None
    body: str | None = None
    image: str | None = None
    """Address of a picture."""


@frozen(kw_only=True)
class TapTarget(Section):
    """Where a tap on the notification leads."""

    intent: str | None = None
    """The page, for type 1, which needs it or `action`."""
    url: str | None = None
    """HTTPS address, for type 2."""
    action: str | None = None
    """The page, for type 1."""


@frozen(kw_only=True)
class ButtonTarget(Section):
    """A button, and what it opens."""

    name: str = field(validator=obeys(Str(most=40)))
    """1 to 40 characters."""
    intent_type: int | None = None
    """What `intent` is, for action type 1: 0 an intent, 1 an action."""
    intent: str | None = None
    data: str | None = field(default=None, validator=at_most(1024))
    """JSON for the app, at most 1024 characters."""


@frozen(kw_only=True)
class BadgeNumbers(Section):
    """A change of the number on the app's icon."""

    add_num: int | None = field(default=None, validator=between(1, 99))
    """Added to the number, 1 to 99."""
    set_num: int | None = field(default=None, validator=between(0, 99))
    """Takes the number's place, 0 to 99."""
