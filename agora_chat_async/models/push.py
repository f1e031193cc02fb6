"""Push notifications: a user's settings, templates, and what became of a notification."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Annotated, Any

from attrs import frozen
from cattrs import override

from agora_chat_async.models._base import Model, moment
from agora_chat_async.models.users import User


class DisplayStyle(IntEnum):
    """What a user's notifications show."""

    FIXED = 0
    """A fixed title and text."""
    CONTENT = 1
    """The sender and what the message says."""


class NotificationMode(StrEnum):
    """Which messages are pushed to a user who is offline."""

    DEFAULT = "DEFAULT"
    """As in the whole app; for conversations only."""
    ALL = "ALL"
    AT = "AT"
    """Those that mention the user."""
    NONE = "NONE"


class NotificationTarget(StrEnum):
    """What notification settings are for."""

    USER = "user"
    """A one-to-one chat, or the whole app."""
    CHATGROUP = "chatgroup"


class PushStrategy(IntEnum):
    """The way of a notification: by the push services of Apple, Google and device makers, or by the vendor's own."""

    SERVICES_FIRST = 0
    """By the vendor where the device's service fails."""
    AGORA = 1
    """By the vendor only; kept for a while for users that are offline."""
    SERVICES = 2
    """By the device's service only: the default."""
    AGORA_IF_ONLINE = 3
    """By the vendor to users that are online, else by the device's service."""
    ONLINE_ONLY = 4
    """By the vendor, and only to users that are online."""


class PushStatus(StrEnum):
    """What became of a notification."""

    SUCCESS = "SUCCESS"
    FAIL = "FAIL"
    """For a reason beyond the service, such as a device token that is not good."""
    ERROR = "ERROR"
    """For a reason of the service's own."""
    ASYNC_SUCCESS = "ASYNC_SUCCESS"
    """Taken over, to be delivered later."""


@frozen(kw_only=True)
class PushUser(User):
    """A user, with the settings of notifications that were ever made."""

    notification_display_style: int | None = None
    """A number of `DisplayStyle`."""
    notification_no_disturbing: bool | None = None
    notification_no_disturbing_start: int | None = None
    """Hour of the day at which do-not-disturb begins."""
    notification_no_disturbing_end: int | None = None
    """Hour of the day at which it ends."""
    notifier_name: str | None = None
    """Name of the push certificate."""


@frozen(kw_only=True)
class NotificationSettings(Model):
    """Which messages are pushed, and when the user is not disturbed; None where that was never set."""

    type: NotificationMode | str | None = None
    ignore_interval: Annotated[str | None, override(rename="ignoreInterval")] = None
    """Daily do-not-disturb, as HH:MM-HH:MM; empty for none."""
    ignore_until: Annotated[int | None, override(rename="ignoreDuration")] = None
    """End of the one-time do-not-disturb, milliseconds since 1970; 0 for none."""

    @property
    def ignore_until_at(self) -> datetime | None:
        """Moment at which the one-time do-not-disturb ends."""
        return moment(self.ignore_until or None)


@frozen(kw_only=True)
class PushTemplate(Model):
    """A title and text with placeholders."""

    name: str
    title_pattern: str | None = None
    content_pattern: str | None = None
    created: Annotated[int | None, override(rename="createAt")] = None
    """Milliseconds since 1970."""
    modified: Annotated[int | None, override(rename="updateAt")] = None
    """Milliseconds since 1970."""

    @property
    def created_at(self) -> datetime | None:
        """Moment of creation."""
        return moment(self.created)

    @property
    def modified_at(self) -> datetime | None:
        """Moment of the last change."""
        return moment(self.modified)


@frozen(kw_only=True)
class PushResult(Model):
    """What became of one user's notification: look at `ok`, since a failed one also answers 200."""

    status: Annotated[PushStatus | str | None, override(rename="pushStatus")] = None
    username: Annotated[str | None, override(rename="id")] = None
    """The receiver; only where there may be several."""
    data: Mapping[str, Any] | None = None
    """What the push service answered, as it is."""
    desc: str | None = None
    """Why it failed, or another remark."""

    @property
    def ok(self) -> bool:
        """True where it was delivered to the push service, or taken over to be."""
        return self.status in {PushStatus.SUCCESS, PushStatus.ASYNC_SUCCESS}

    @property
    def reason(self) -> str | None:
        """Why it failed."""
        return None if self.ok else self.desc

    @property
    def item_key(self) -> str | None:
        """What of a longer list this is about."""
        return self.username
