"""Messages: what the service answers about them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from attrs import frozen
from cattrs import override

from agora_chat_async.models._base import Model


class ChatType(StrEnum):
    """Where a message was sent."""

    CHAT = "chat"
    GROUPCHAT = "groupchat"
    CHATROOM = "chatroom"


class MessageLevel(StrEnum):
    """What the server drops last when a chat room is overloaded."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class RouteType(StrEnum):
    """How a message is delivered, where not in the normal way."""

    ONLINE = "ROUTE_ONLINE"
    """Only to receivers that are online; dropped for the others."""


@frozen(kw_only=True)
class RecallResult(Model):
    """What became of a recall: look at `ok`, since a failed one also answers 200."""

    msg_id: str | None = None
    recalled: str | None = None
    """`yes`, or the reason why not."""
    sender: Annotated[str | None, override(rename="from")] = None
    to: str | None = None
    chat_type: Annotated[ChatType | str | None, override(rename="chattype")] = None

    @property
    def ok(self) -> bool:
        """True where the message was recalled."""
        return (self.recalled or "").lower() == "yes"


@frozen(kw_only=True)
class HistoryFile(Model):
    """Where the messages of one hour can be downloaded, for about half an hour."""

    url: str
