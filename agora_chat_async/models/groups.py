"""Groups: what the service answers about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from attrs import frozen
from cattrs import override

from agora_chat_async.models._base import Model, moment
from agora_chat_async.models.members import Member


@frozen(kw_only=True)
class GroupDetails(Model):
    """A group with its settings and members."""

    id: str
    name: str | None = None
    description: str | None = None
    avatar: str | None = None
    """Address of the group's picture."""
    public: bool | None = None
    """True where users can find the group and ask to join it."""
    members_only: Annotated[bool | None, override(rename="membersonly")] = None
    """Whether joining needs the consent of the owner or an admin."""
    allow_invites: Annotated[bool | None, override(rename="allowinvites")] = None
    """Whether plain members may invite others."""
    invite_need_confirm: bool | None = None
    """Whether who is invited has to accept; some versions of the service tell it."""
    max_users: Annotated[int | None, override(rename="maxusers")] = None
    """Most members that it can have, its owner included."""
    owner: str | None = None
    created: int | None = None
    """Milliseconds since 1970."""
    custom: str | None = None
    """Free extension."""
    mute: bool | None = None
    """True while all members are muted."""
    disabled: bool | None = None
    """True while the group is banned."""
    members_count: Annotated[int | None, override(rename="affiliations_count")] = None
    """Members, the owner included."""
    members: Annotated[Sequence[Member] | None, override(rename="affiliations")] = None
    """At most 10,000 of them, the owner included; admins are told as plain members."""

    @property
    def item_key(self) -> str:
        """What of a longer list this is about."""
        return self.id

    @property
    def created_at(self) -> datetime | None:
        """Moment of creation."""
        return moment(self.created)


@frozen(kw_only=True)
class GroupSummary(Model):
    """A group as the list of all groups has it."""

    group_id: Annotated[str, override(rename="groupid")]
    name: Annotated[str | None, override(rename="groupname")] = None
    owner: str | None = None
    """The owner's name after org and app, as in `org#app_anna`."""
    members_count: Annotated[int | None, override(rename="affiliations")] = None
    """Members, the owner included."""
    type: str | None = None
    """Always `group`."""
    last_modified: Annotated[int | None, override(rename="lastModified")] = None
    """Milliseconds since 1970."""

    @staticmethod
    def rearranged(group: Mapping[str, Any]) -> Mapping[str, Any]:
        """Read a group, whose last change has a name of two words in some versions of the service."""
        if "last_modified" not in group or "lastModified" in group:
            return group
        return {"lastModified" if name == "last_modified" else name: group[name] for name in group}

    @property
    def last_modified_at(self) -> datetime | None:
        """Moment of the last change."""
        return moment(self.last_modified)


@frozen(kw_only=True)
class JoinedGroup(Model):
    """A group that a user is in."""

    group_id: Annotated[str, override(rename="groupid")]
    name: Annotated[str | None, override(rename="groupname")] = None
