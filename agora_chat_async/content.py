"""The eight kinds of message content, as a caller makes them.

Each class names its wire type in `type`; `extra` holds further keys that are sent as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, TypeAlias

from attrs import field, frozen
from cattrs import override

from agora_chat_async._checks import CUSTOM_EVENT, CUSTOM_EXTS, obeys


@frozen(kw_only=True)
class _Content:
    extra: Mapping[str, Any] = field(factory=dict[str, Any])
    """Further keys of the body, sent as they are."""


@frozen
class Text(_Content):
    """A text message."""

    type: ClassVar[str] = "txt"
    text: Annotated[str, override(rename="msg")]


@frozen
class ImageSize:
    """Width and height of a picture, in pixels."""

    width: float
    height: float


@frozen
class Image(_Content):
    """A picture that was uploaded before."""

    type: ClassVar[str] = "img"
    url: str
    """Address of the upload, ending in `/chatfiles/{file_uuid}`."""
    filename: str | None = None
    secret: str | None = field(default=None, repr=False)
    """Share-secret of the upload; needed where it restricts access."""
    size: ImageSize | None = None
    file_length: int | None = None
    """Bytes."""


@frozen
class Voice(_Content):
    """A voice recording that was uploaded before."""

    type: ClassVar[str] = "audio"
    url: str
    filename: str | None = None
    secret: str | None = field(default=None, repr=False)
    length: int | None = None
    """Seconds."""
    file_length: int | None = None
    """Bytes."""


@frozen
class Video(_Content):
    """A video that was uploaded before."""

    type: ClassVar[str] = "video"
    url: str
    filename: str | None = None
    thumb: str | None = None
    """Address of the thumbnail, which is an upload of its own."""
    length: int | None = None
    """Seconds."""
    secret: str | None = field(default=None, repr=False)
    file_length: int | None = None
    """Bytes."""
    thumb_secret: str | None = field(default=None, repr=False)


@frozen
class File(_Content):
    """Any other file that was uploaded before."""

    type: ClassVar[str] = "file"
    url: str
    filename: str
    secret: str | None = field(default=None, repr=False)
    file_length: int | None = None
    """Bytes."""


@frozen
class Location(_Content):
    """A place."""

    type: ClassVar[str] = "loc"
    lat: str | float
    """Degrees; the vendor's samples send text."""
    lng: str | float
    addr: str


@frozen
class Command(_Content):
    """A command to the app at the other end, shown to nobody."""

    type: ClassVar[str] = "cmd"
    action: str
    param: Mapping[str, Any] | None = None


@frozen
class Custom(_Content):
    """A message of the app's own making."""

    type: ClassVar[str] = "custom"
    event: Annotated[str | None, override(rename="customEvent")] = field(default=None, validator=obeys(CUSTOM_EVENT))
    """1 to 32 of the characters a-z A-Z 0-9 - _ / ."""
    exts: Annotated[Mapping[str, str] | None, override(rename="customExts")] = field(
        default=None, validator=obeys(CUSTOM_EXTS)
    )
    """At most 16 entries."""


Content: TypeAlias = Text | Image | Voice | Video | File | Location | Command | Custom
"""What a message can hold."""
