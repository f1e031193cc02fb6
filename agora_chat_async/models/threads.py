"""Threads: what hangs on a group message."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from attrs import frozen
from cattrs import override

from agora_chat_async.models._base import Model, moment


@frozen(kw_only=True)
class Thread(Model):
    """A thread of a group; the listing of the whole app tells its id only."""

    id: str
    name: str | None = None
    owner: str | None = None
    """Who created it."""
    msg_id: Annotated[str | None, override(rename="msgId")] = None
    """The message that it hangs on."""
    group_id: Annotated[str | None, override(rename="groupId")] = None
    created: int | None = None
    """Milliseconds since 1970."""

    @property
    def created_at(self) -> datetime | None:
        """Moment of creation."""
        return moment(self.created)
