"""Reactions: emojis that users add to messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from attrs import frozen
from cattrs import override

from agora_chat_async.models._base import Model
from agora_chat_async.models.messages import ChatType


@frozen(kw_only=True)
class Reaction(Model):
    """An emoji on a message, as the service answers when somebody adds it."""

    id: str
    msg_id: Annotated[str | None, override(rename="msgId")] = None
    msg_type: Annotated[ChatType | str | None, override(rename="msgType")] = None
    group_id: Annotated[str | None, override(rename="groupId")] = None
    """None on a one-to-one message."""
    reaction: str | None = None
    """Id of the emoji."""
    created: Annotated[str | None, override(rename="createdAt")] = None
    """When the first user added it, in ISO 8601."""
    updated: Annotated[str | None, override(rename="updatedAt")] = None
    """When the latest user added it, in ISO 8601."""

    @property
    def created_at(self) -> datetime | None:
        """Moment of the first use."""
        return _moment(self.created)

    @property
    def updated_at(self) -> datetime | None:
        """Moment of the latest use."""
        return _moment(self.updated)


@frozen(kw_only=True)
class ReactionSummary(Model):
    """One emoji on a message, and who added it."""

    reaction: str
    """Id of the emoji."""
    reaction_id: Annotated[str | None, override(rename="reactionId")] = None
    count: int | None = None
    """How many users added it."""
    state: bool | None = None
    """True where the user added it in whose name was asked."""
    usernames: Annotated[Sequence[str] | None, override(rename="userList")] = None
    """The first three who added it."""


@frozen(kw_only=True)
class MessageReactions(Model):
    """All emojis on one message."""

    msg_id: Annotated[str, override(rename="msgId")]
    reactions: Annotated[Sequence[ReactionSummary], override(rename="reactionList")] = ()

    @property
    def item_key(self) -> str:
        """What of a longer list this is about."""
        return self.msg_id


@frozen(kw_only=True)
class ReactionDetail(Model):
    """What a page of `reactions.get_detail` tells beside its users: `from_dict(page.extra["data"], ReactionDetail)`."""

    reaction: str
    """Id of the emoji."""
    reaction_id: Annotated[str | None, override(rename="reactionId")] = None
    count: int | None = None
    user_count: Annotated[int | None, override(rename="userCount")] = None
    state: bool | None = None
    """True where the user added it in whose name was asked."""
    usernames: Annotated[Sequence[str] | None, override(rename="userList")] = None
    """The users of this page."""
    cursor: str | None = None

    @property
    def users_in_all(self) -> int | None:
        """How many users added it, under either of the two names that the service has for it."""
        return self.user_count if self.count is None else self.count


def _moment(text: str | None) -> datetime | None:
    """Read a time, which is in UTC where it has no zone; None where it is none."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
