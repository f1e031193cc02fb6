"""Mute, block and allow lists of groups and chat rooms: who is on them, and what became of a change."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from attrs import frozen
from cattrs import override

from agora_chat_async.models._base import Model, OfOneUser, moment


@frozen(kw_only=True)
class Mute(Model):
    """A member who is muted."""

    user: str
    expire: int | None = None
    """Milliseconds since 1970; a mute for good ends in a far future, such as 4638873600000."""

    @property
    def expire_at(self) -> datetime | None:
        """Moment at which the mute ends; None where that lies beyond any calendar."""
        return moment(self.expire)


@frozen(kw_only=True)
class MuteChange(OfOneUser, Mute):
    """What became of muting or unmuting one user; unmuting tells no `expire`."""

    result: bool | None = None
    """False where nothing was done for this user."""


@frozen(kw_only=True)
class ListChange(OfOneUser, Model):
    """What became of putting one user on a list, or of taking one off it."""

    user: str
    result: bool | None = None
    """False where nothing was done for this user."""
    action: str | None = None
    """What was asked for: `add_blocks`, `remove_blocks`, `add_user_whitelist`, `remove_user_whitelist` and the like."""
    reason: str | None = None
    """The service's words, where `result` is False."""


@frozen(kw_only=True)
class GroupListChange(ListChange):
    """A change of a list of a group."""

    group_id: Annotated[str | None, override(rename="groupid")] = None


@frozen(kw_only=True)
class RoomListChange(ListChange):
    """A change of a list of a chat room."""

    chatroom_id: Annotated[str | None, override(rename="chatroomid")] = None
