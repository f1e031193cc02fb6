"""Members of groups and chat rooms, as their lists tell them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

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

    @staticmethod
    def rearranged(entry: Mapping[str, Any]) -> Mapping[str, Any]:
        """Read an entry of the lists, where the name stands under the role that the member has."""
        role = next((role.value for role in MemberRole if role in entry), None)
        if role is None or "username" in entry:
            return entry
        rest = {name: value for name, value in entry.items() if name != role}
        return {"username": entry[role], "role": role, **rest}

    @property
    def joined_at(self) -> datetime | None:
        """Moment of joining."""
        return moment(self.joined_time)
