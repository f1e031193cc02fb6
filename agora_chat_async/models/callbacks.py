"""Callbacks: what the service could not deliver and keeps."""

from __future__ import annotations

from attrs import frozen

from agora_chat_async.models._base import Model


@frozen(kw_only=True)
class StoredCallbacks(Model):
    """The callbacks of ten minutes that could not be delivered."""

    date: str
    """Start of the ten minutes as yyyyMMddHHmm, by which they are sent again."""
    size: int | None = None
    """How many there are."""
    retry: int | None = None
    """How often they were sent again."""
