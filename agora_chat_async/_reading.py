"""From an answer to a result: which part of the envelope a declaration means, and how that part is read."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, cast, get_args, get_origin

from attrs import define

from agora_chat_async._codec import structure_hook
from agora_chat_async._json import decode
from agora_chat_async._pages import Page, Pages
from agora_chat_async._scalars import read_text

Pick = Callable[[Any], Any]

_SAID_DONE: Final = frozenset({"success", "true"})


@define(slots=False)  # for its cached properties
class Reading:
    """How the answers of one endpoint are read."""

    annotation: Any
    """What the endpoint returns."""
    pick: str
    """Where in the envelope the result lies, as `picker` reads it."""
    rearrange: Callable[[Any], Any] | None
    """What is done to that part before it is read."""
    next_page: str
    """Where in the envelope of a listing the next cursor lies."""

    @cached_property
    def is_page(self) -> bool:
        """Whether one answer is one page."""
        return get_origin(self.annotation) in {Page, Pages}

    def result(self, body: bytes) -> tuple[Any, Any]:
        """Read an answer: the result, and the envelope that it came in; a ValueError says what is wrong with it."""
        return decode(body, self._result_of)

    def page(self, body: bytes) -> tuple[Page[Any], Any]:
        """Read an answer that is one page of a listing."""
        return decode(body, self._page_of)

    def _result_of(self, envelope: Any) -> tuple[Any, Any]:
        if self._structure is None:
            if not isinstance(envelope, dict):
                raise TypeError(f"expected an object, got {type(envelope).__name__}")
            return None, cast("dict[str, Any]", envelope)
        part = envelope if self._picker is None else self._picker(envelope)
        if self.rearrange is not None:
            part = self.rearrange(part)
        return self._structure(part, self._type), envelope

    def _page_of(self, envelope: Any) -> tuple[Page[Any], Any]:
        items, envelope = self._result_of(envelope)
        rest = {name: member for name, member in envelope.items() if name != self.pick}
        return Page(items, self._cursor(envelope), rest), envelope

    def _cursor(self, envelope: Any) -> str | None:
        try:
            cursor = self._cursor_picker(envelope)
        except ValueError:
            return None
        return read_text(cursor, str) if cursor else None

    @cached_property
    def item(self) -> Any:
        """What a result is, or what its entries are where it is a list."""
        listed = get_origin(self._type) is Sequence
        return get_args(self._type)[0] if listed else self._type

    @cached_property
    def _type(self) -> Any:
        return types.GenericAlias(Sequence, get_args(self.annotation)) if self.is_page else self.annotation

    @cached_property
    def _structure(self) -> Callable[[Any, Any], Any] | None:
        return None if self._type in {None, type(None)} else structure_hook(self._type)

    @cached_property
    def _picker(self) -> Pick | None:
        return picker(self.pick) if self.pick else None

    @cached_property
    def _cursor_picker(self) -> Pick:
        return picker(self.next_page)


def picker(path: str) -> Pick:
    """Make the function that takes the useful part out of an envelope.

    `entities.0` goes down by member and index, `*` takes the only value of an object, and of two paths joined by `|`
    the first one that is there holds.
    """
    ways = [[int(step) if step.isdigit() else step for step in way.split(".") if step] for way in path.split("|")]

    def pick(envelope: Any) -> Any:
        for way in ways:
            part = envelope
            try:
                for step in way:
                    part = _only_value(part) if step == "*" else part[step]
            except (LookupError, TypeError):
                continue
            return part
        raise ValueError(f"the answer has no {path}")

    return pick


def _only_value(part: Any) -> Any:
    if not isinstance(part, dict) or len(cast("dict[str, Any]", part)) != 1:
        raise LookupError("not an object of one member")
    return next(iter(cast("dict[str, Any]", part).values()))


def succeeded(result: Any) -> bool:
    """Read a result that is told in a word, or by some versions of the service as true or false."""
    return str(result).lower() in _SAID_DONE


def member(name: str, missing: str | None = None) -> Callable[[Any], Any]:
    """Make the function that takes a member out of an object, which may be null or lack it."""

    def take(part: Any) -> Any:
        value = None if part is None else part.get(name)
        return missing if value is None else value

    return take


def renamed(names: Mapping[str, str]) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """Make the function that gives members other names."""

    def rename(members: Mapping[str, Any]) -> Mapping[str, Any]:
        return {names.get(name, name): member for name, member in members.items()}

    return rename
