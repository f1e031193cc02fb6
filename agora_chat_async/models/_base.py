"""What all result types have in common."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from attrs import field, frozen


@frozen(kw_only=True)
class Model:
    """An answer of the service; members that it does not name are kept in `extra`."""

    extra: Mapping[str, Any] = field(factory=dict[str, Any], repr=False)
    """What the service sent beyond the documented fields."""


class OfOneUser:
    """A change that was asked for of several users, and what became of it for one."""

    __slots__ = ()
    user: str
    result: bool | None

    @property
    def ok(self) -> bool:
        """True where it was done."""
        return self.result is not False

    @property
    def item_key(self) -> str:
        """What of a longer list this is about."""
        return self.user


@frozen
class ItemOutcome:
    """What became of one of several items of a change, where the service names it and says no more of it."""

    item_key: str
    ok: bool = True
    reason: str | None = None


def moment(milliseconds: int | None) -> datetime | None:
    """Turn the service's milliseconds since 1970 into an aware datetime; None where that lies beyond any calendar."""
    try:
        return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None
