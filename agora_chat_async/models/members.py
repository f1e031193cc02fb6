"""Members of groups and chat rooms, as their lists tell them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from attrs import frozen

from agora_chat_async.models._base import Model, moment


class MemberRole(StrEnum):
    """What a member is in a group or chat room."""

    OWNER = "owner"
    ADMIN = "admin"
    """Most lists tell admins as plain members; there is a list of the admins alone."""
    MEMBER = "member"


@frozen(kw_only=True)
class Member(Model):
    """One member of a group or chat room."""

    username: str
    role: MemberRole | str | None = None
    joined_time: int | None = None
    """Milliseconds since 1970; some versions of the service tell it."""

    @property
    def joined_at(self) -> datetime | None:
        """Moment of joining."""
        return moment(self.joined_time)


def read_members(items: Any) -> Any:
    """Read a list of members, where each name stands under the role that it has."""
    return [_member(item) for item in cast("list[Any]", items)] if isinstance(items, list) else items


def _member(item: Any) -> Any:
    if not isinstance(item, Mapping):
        return item
    entry = cast("Mapping[str, Any]", item)
    role = next((role.value for role in MemberRole if role in entry), None)
    if role is None:
        return entry
    return {"username": entry[role], "role": role, **{name: value for name, value in entry.items() if name != role}}
