"""Attributes of chat rooms: what became of a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from attrs import field, frozen
from cattrs import override

from agora_chat_async.models._base import ItemOutcome, Model


@frozen(kw_only=True)
class RoomAttributesChange(Model):
    """What became of each attribute: look at `ok`, since a failed change also answers 200."""

    done: Annotated[Sequence[str], override(rename="successKeys")] = ()
    """Keys of the attributes that were set or removed."""
    failed: Annotated[Mapping[str, str], override(rename="errorKeys")] = field(factory=dict[str, str])
    """The reason why not, by the key of each of the others."""

    @property
    def ok(self) -> bool:
        """True where all attributes were set or removed."""
        return not self.failed

    def outcome_of(self, key: str) -> ItemOutcome | None:
        """Tell what became of one attribute; None where nothing is said of it."""
        if key in self.done:
            return ItemOutcome(key)
        return ItemOutcome(key, ok=False, reason=self.failed[key]) if key in self.failed else None
