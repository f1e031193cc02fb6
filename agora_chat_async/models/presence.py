"""Presence: in which state the devices of a user are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from attrs import frozen
from cattrs import override

from agora_chat_async.models._base import Model, moment


class PresenceState(StrEnum):
    """State of one device; other numbers are an app's own."""

    OFFLINE = "0"
    ONLINE = "1"


@frozen(kw_only=True)
class UserPresence(Model):
    """The presence of one user."""

    username: Annotated[str, override(rename="uid")]
    last_time: int | None = None
    """Last log-in or log-out, seconds since 1970."""
    expiry: int | None = None
    """End of the subscription, seconds since 1970; only in the answer to one."""
    ext: str | None = None
    """Free text about the presence; empty where none was set."""
    status: Mapping[str, PresenceState | str] | None = None
    """State of each device, by platform or device id."""

    @property
    def item_key(self) -> str:
        """What of a longer list this is about."""
        return self.username

    @property
    def last_time_at(self) -> datetime | None:
        """Moment of the last log-in or log-out."""
        return _moment(self.last_time)

    @property
    def expiry_at(self) -> datetime | None:
        """Moment at which the subscription ends."""
        return _moment(self.expiry)


@frozen(kw_only=True)
class PresenceSubscription(Model):
    """A user whose presence another one is told about."""

    username: Annotated[str, override(rename="uid")]
    expiry: int | None = None
    """End of the subscription, seconds since 1970."""

    @property
    def expiry_at(self) -> datetime | None:
        """Moment at which the subscription ends."""
        return _moment(self.expiry)


def _moment(seconds: int | None) -> datetime | None:
    return moment(None if seconds is None else seconds * 1000)
