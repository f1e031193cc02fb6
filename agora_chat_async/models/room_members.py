"""Members of chat rooms: what becomes of changes."""

from __future__ import annotations

from typing import Annotated

from attrs import frozen
from cattrs import override

from agora_chat_async.models.lists import ListChange


@frozen(kw_only=True)
class RoomMemberChange(ListChange):
    """What became of adding one user to a chat room or removing one; `action` is `add_member` or `remove_member`."""

    chatroom_id: Annotated[str | None, override(rename="id")] = None
