"""What Google's push service takes, in its older and its newer form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from agora_chat_async.push_payload._base import Notice, Section


@frozen(kw_only=True)
class FcmNotification(Section):
    """The visible part, for the older form of FCM."""

    title: str | None = None
    body: str | None = None
    """The text."""
    android_channel_id: str | None = None
    """Channel that the app made; else the one of its manifest is used."""
    icon: str | None = None
    sound: str | None = None
    """File in the app's res/raw."""
    tag: str | None = None
    """Replaces an earlier notification of the same tag."""
    color: str | None = None
    """Color of the icon."""
    click_action: str | None = None
    """Intent filter of the Activity that a tap starts."""
    title_loc_key: str | None = None
    title_loc_args: Sequence[str] | None = None
    body_loc_key: str | None = None
    body_loc_args: Sequence[str] | None = None


@frozen(kw_only=True)
class FcmSection(Section):
    """A notification of FCM in its older HTTP form."""

    condition: str | None = None
    """Logical expression that chooses the receivers."""
    collapse_key: str | None = None
    """Of messages of one key that waited, only the last is delivered."""
    priority: str | None = None
    """`normal` or `high`."""
    time_to_live: str | None = None
    """Seconds for which FCM keeps it; at most, and by default, four weeks."""
    dry_run: bool | None = None
    """Test without sending."""
    restricted_package_name: str | None = None
    """Package that the device token must belong to."""
    data: Mapping[str, Any] | None = None
    notification: FcmNotification | None = None


@frozen(kw_only=True)
class FcmV1AndroidNotification(Section):
    """The visible part on Android."""

    title: str | None = None
    """Goes before the title common to all platforms."""
    body: str | None = None
    """Goes before the text common to all platforms."""
    icon: str | None = None
    """The app's icon by default."""
    color: str | None = None
    """Color of the icon, as #rrggbb."""
    sound: str | None = None
    """File in the app's res/raw."""
    tag: str | None = None
    """Replaces an earlier notification of the same tag."""
    image: str | None = None
    """Goes before the picture common to all platforms."""
    click_action: str | None = None
    body_loc_key: str | None = None
    body_loc_args: Sequence[str] | None = None
    title_loc_key: str | None = None
    title_loc_args: Sequence[str] | None = None
    channel_id: str | None = None
    """Notification channel."""


@frozen(kw_only=True)
class FcmV1AndroidConfig(Section):
    """Delivery on Android."""

    collapse_key: str | None = None
    """Of messages of one key that waited, only the last is delivered; at most 4 keys at a time."""
    priority: str | None = None
    """`NORMAL` or `HIGH`."""
    ttl: str | None = None
    """Seconds for which it is kept, such as `3.5s`; four weeks by default."""
    android_notification: FcmV1AndroidNotification | None = None
    direct_boot_ok: bool | None = None
    """May be delivered before the device is unlocked."""


@frozen(kw_only=True)
class FcmV1WebPushConfig(Section):
    """Delivery to browsers."""

    headers: Mapping[str, Any] | None = None
    """Of the web push protocol."""
    notification: Notice | None = None


@frozen(kw_only=True)
class FcmV1ApnsConfig(Section):
    """Delivery to Apple's devices."""

    headers: Mapping[str, Any] | None = None
    """Such as `apns-push-type` and `apns-priority`."""
    payload: Mapping[str, Any] | None = None
    """With `aps` and data of the app's own."""


@frozen(kw_only=True)
class FcmV1Section(Section):
    """A notification of FCM in its HTTP v1 form."""

    type: str | None = None
    """`BOTH`, `DATA` or `NOTIFICATION`."""
    data: Mapping[str, Any] | None = None
    notification: Notice | None = None
    android_config: FcmV1AndroidConfig | None = None
    web_push_config: FcmV1WebPushConfig | None = None
    apns_config: FcmV1ApnsConfig | None = None
    options: Mapping[str, Any] | None = None
    condition: str | None = None
    """Logical expression that chooses the receivers."""
