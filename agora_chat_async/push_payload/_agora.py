"""What the vendor's own push service takes, and what all services have in common."""

from __future__ import annotations

from attrs import frozen

from agora_chat_async.push_payload._base import Section


@frozen(kw_only=True)
class PushClickAction(Section):
    """What a tap on the notification does, on Android.

    Services differ, so a page in the app is best named in both `action` and `activity`.
    """

    url: str | None = None
    """Address to open; the only kind of tap that iOS has."""
    action: str | None = None
    """Address of a page in the app."""
    activity: str | None = None
    """Package name, or path of the Activity component."""


@frozen(kw_only=True)
class PushBadge(Section):
    """The number on the app's icon."""

    add_num: int | None = None
    """Added to the number."""
    set_num: int | None = None
    """Takes the number's place."""
    activity: str | None = None
    """The app's entry class, which Huawei needs."""


@frozen(kw_only=True)
class PushConfig(Section):
    """Tap and badge, for all push services."""

    click_action: PushClickAction | None = None
    badge: PushBadge | None = None
    """For iOS and Android."""


@frozen(kw_only=True)
class AgoraOperation(Section):
    """What a tap on a notification of the vendor's own push service does."""

    type: int | str | None = None
    """0, the default, opens the app; 1 an address; 2 a page in the app."""
    open_url: str | None = None
    """Address, for type 1."""
    open_action: str | None = None
    """Address of the page, for type 2."""
    open_activity: str | None = None
    """Package name or component path, for type 2."""


@frozen(kw_only=True)
class AgoraSection(Section):
    """A notification of the vendor's own push service, which goes over the chat connection."""

    title: str | None = None
    content: str | None = None
    sub_title: str | None = None
    """Second line of the title; iOS."""
    icon_url: str | None = None
    """Address of the notification's icon."""
    need_notification: bool | None = None
    """False hands the data to the app without showing anything; True by default."""
    badge: PushBadge | None = None
    operation: AgoraOperation | None = None
    """What a tap does."""
    channel_id: str | None = None
    """Android notification channel, `chat` by default; made of the next two fields where the device lacks it."""
    channel_name: str | None = None
    """Name of a new channel, `message` by default."""
    channel_level: int | None = None
    """Level of a new channel: 0 low, 3 medium (the default), 4 high."""
    auto_cancel: int | None = None
    """1, the default, removes the notification after a tap; Android."""
    expires_time: int | None = None
    """When the notification disappears, milliseconds since 1970."""
    sound: int | None = None
    """1 for a sound; 0 by default."""
    vibrate: int | None = None
    """1 to vibrate; 0 by default."""
    style: int | None = None
    """0 normal (the default), 1 long text, 2 large picture."""
    big_txt: str | None = None
    """Long text, needed for style 1."""
    big_picture: str | None = None
    """Address of the picture, needed for style 2; Android."""
    id: int | None = None
    """Id of the notification, random by default; it replaces an earlier one of the same id."""
