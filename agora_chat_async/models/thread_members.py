"""Members of threads: what became of those removed."""

from __future__ import annotations

from attrs import frozen

from agora_chat_async.models._base import Model, OfOneUser


@frozen(kw_only=True)
class ThreadRemoval(OfOneUser, Model):
    """What became of one user who was to leave a thread."""

    user: str
    result: bool | None = None
    """False where the user was not removed, or not there; the service tells no reason."""
