"""Files: what was uploaded, and what groups share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from attrs import field, frozen
from cattrs import override

from agora_chat_async.models._base import Model, moment


@frozen(kw_only=True)
class UploadedFile(Model):
    """A file that was uploaded and can be sent in a message."""

    uuid: str
    """What it is downloaded by."""
    url: str | None = None
    """The address to put into the content of a message."""
    type: str | None = None
    """Always `chatfile`."""
    share_secret: Annotated[str | None, override(rename="share-secret")] = field(default=None, repr=False)
    """What a download needs where the upload restricted access."""


@frozen(kw_only=True)
class SharedFile(Model):
    """A file that the members of a group share."""

    file_id: str
    file_name: str | None = None
    file_owner: str | None = None
    """Who uploaded it; not in the answer to the upload itself."""
    file_size: int | None = None
    """Bytes."""
    created: int | None = None
    """Milliseconds since 1970."""
    file_url: str | None = None
    """Only in the answer to the upload."""
    group_id: str | None = None

    @property
    def created_at(self) -> datetime | None:
        """Moment of the upload."""
        return moment(self.created)
