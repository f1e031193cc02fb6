"""Messages: what the service answers about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from attrs import field, frozen
from cattrs import override

from agora_chat_async.models._base import Model, moment


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


@frozen(kw_only=True)
class PictureSize(Model):
    """Width and height in pixels."""

    width: float | None = None
    height: float | None = None


@frozen(kw_only=True)
class HistoryBody(Model):
    """What a message of the history says; `type` tells which fields are filled."""

    type: str | None = None
    """`txt`, `img`, `audio`, `video`, `file`, `loc`, `cmd` or `custom`."""
    msg: str | None = None
    """The text, of `txt`."""
    url: str | None = None
    """Address of the file, of `img`, `audio`, `video` and `file`."""
    filename: str | None = None
    file_length: int | None = None
    """Bytes."""
    secret: str | None = field(default=None, repr=False)
    """Share-secret of the file, where it restricts access."""
    size: PictureSize | None = None
    """Of the picture, or of a video's thumbnail."""
    length: int | None = None
    """Seconds, of `audio` and `video`."""
    thumb: str | None = None
    """Address of the thumbnail, of `video`."""
    thumb_secret: str | None = field(default=None, repr=False)
    addr: str | None = None
    """Name of the place, of `loc`."""
    lat: float | str | None = None
    """Degrees, as a number or as text, as the sender wrote it."""
    lng: float | str | None = None
    action: str | None = None
    """The command, of `cmd`."""
    event: Annotated[str | None, override(rename="customEvent")] = None
    """Of `custom`, as are `exts`."""
    exts: Annotated[Mapping[str, Any] | None, override(rename="customExts")] = None


@frozen(kw_only=True)
class HistoryPayload(Model):
    """The inside of a message of the history."""

    bodies: Sequence[HistoryBody] = ()
    """Usually one."""
    ext: Mapping[str, Any] | None = None
    """The extension that the sender gave it."""
    sender: Annotated[str | None, override(rename="from")] = None
    to: str | None = None


@frozen(kw_only=True)
class HistoryMessage(Model):
    """A message of the history."""

    msg_id: str
    timestamp: int | None = None
    """When it was sent, milliseconds since 1970."""
    direction: str | None = None
    """`outgoing` or `incoming`."""
    sender: Annotated[str | None, override(rename="from")] = None
    to: str | None = None
    """The user, group or room that it was sent to."""
    chat_type: ChatType | str | None = None
    payload: HistoryPayload = field(factory=HistoryPayload)

    @property
    def sent_at(self) -> datetime | None:
        """When it was sent."""
        return moment(self.timestamp)

    @property
    def text(self) -> str | None:
        """What it says, where it is a text message."""
        body = self.payload.bodies[0] if self.payload.bodies else None
        return body.msg if body is not None and body.type == "txt" else None
