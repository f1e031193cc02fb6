"""Global mutes: how long a user may not send."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from agora_chat_async.models._base import Model, moment


@frozen(kw_only=True)
class MuteStatus(Model):
    """How long one user is still muted."""

    userid: str
    """The user, as plain name or as `<org>#<app>_<username>`."""
    chat: int | None = None
    """Seconds left in one-to-one chats; 0 not muted, -1 for ever."""
    groupchat: int | None = None
    """The same in chat groups."""
    chatroom: int | None = None
    """The same in chat rooms."""
    unixtime: int | None = None
    """When the service said so, seconds since 1970."""

    @property
    def unixtime_at(self) -> datetime | None:
        """Moment of the answer."""
        return moment(None if self.unixtime is None else self.unixtime * 1000)


@frozen(kw_only=True)
class MuteEntry(Model):
    """One mute in the list of all; a user has an entry for each kind of chat."""

    username: str
    chat: int | None = None
    """Seconds left in one-to-one chats; 0 is over, -1 for ever; None where the entry is of another kind."""
    groupchat: int | None = None
    """The same in chat groups."""
    chatroom: int | None = None
    """The same in chat rooms."""
