"""Push labels: named sets of users for push notifications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from attrs import field, frozen
from cattrs import override

from agora_chat_async.models._base import ItemOutcome, Model, moment


@frozen(kw_only=True)
class PushLabel(Model):
    """A label."""

    name: str
    description: str | None = None
    count: int | None = None
    """How many users it has; not told of a new one, which has none."""
    created: Annotated[int | None, override(rename="createdAt")] = None
    """Milliseconds since 1970."""

    @property
    def created_at(self) -> datetime | None:
        """Moment of creation."""
        return moment(self.created)


@frozen(kw_only=True)
class PushLabelUser(Model):
    """A user under a label."""

    username: str
    created: int | None = None
    """When the user was put there, milliseconds since 1970."""

    @property
    def created_at(self) -> datetime | None:
        """Moment at which the user was put there."""
        return moment(self.created)


@frozen(kw_only=True)
class PushLabelChange(Model):
    """What became of putting users under a label, or of taking them out."""

    success: Sequence[str] = ()
    fail: Mapping[str, str] = field(factory=dict[str, str])
    """The service's reason, by username; empty where all went well."""

    def outcome_of(self, username: str) -> ItemOutcome | None:
        """Tell what became of one user; None where nothing is said of it."""
        if username in self.success:
            return ItemOutcome(username)
        return ItemOutcome(username, ok=False, reason=self.fail[username]) if username in self.fail else None
