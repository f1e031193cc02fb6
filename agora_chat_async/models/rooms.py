"""Chat rooms: what the service answers about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, cast

from attrs import frozen
from cattrs import override

from agora_chat_async.models._base import Model, moment
from agora_chat_async.models.members import Member


@frozen(kw_only=True)
class RoomDetails(Model):
    """A chat room with its settings and members."""

    id: str
    name: str | None = None
    description: str | None = None
    owner: str | None = None
    max_users: Annotated[int | None, override(rename="maxusers")] = None
    """Most members that it can have, its owner included."""
    created: int | None = None
    """Milliseconds since 1970."""
    custom: str | None = None
    """Free text that the chat room was created with."""
    mute: bool | None = None
    """True while all members are muted; some versions of the service tell it."""
    members_count: Annotated[int | None, override(rename="affiliations_count")] = None
    """Members, the owner included."""
    members: Annotated[Sequence[Member] | None, override(rename="affiliations")] = None
    """The owner included; admins are told as plain members."""
    members_only: Annotated[bool | None, override(rename="membersonly")] = None
    """Whether joining needs consent."""
    allow_invites: Annotated[bool | None, override(rename="allowinvites")] = None
    """Whether plain members may invite others."""
    invite_need_confirm: bool | None = None
    """Whether who is invited has to accept; some versions of the service tell it."""
    public: bool | None = None

    @property
    def item_key(self) -> str:
        """What of a longer list this is about."""
        return self.id

    @staticmethod
    def rearranged(room: Mapping[str, Any]) -> Mapping[str, Any]:
        """Read a room, whose owner some answers tell among the members only."""
        members = room.get("affiliations")
        if "owner" in room or not isinstance(members, list):
            return room
        entries = [cast("dict[str, Any]", entry) for entry in cast("list[Any]", members) if isinstance(entry, dict)]
        owners = [entry["owner"] for entry in entries if "owner" in entry]
        return {"owner": owners[0], **room} if owners else room

    @property
    def created_at(self) -> datetime | None:
        """Moment of creation."""
        return moment(self.created)


@frozen(kw_only=True)
class RoomSummary(Model):
    """A chat room as the list of all chat rooms has it."""

    id: str
    name: str | None = None
    owner: str | None = None
    members_count: Annotated[int | None, override(rename="affiliations_count")] = None
    """Members, the owner included."""
    disabled: bool | None = None


@frozen(kw_only=True)
class JoinedRoom(Model):
    """A chat room that a user is in."""

    id: str
    name: str | None = None
    disabled: bool | None = None
