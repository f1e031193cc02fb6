"""What Apple's push service takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from agora_chat_async.push_payload._base import Section


@frozen(kw_only=True)
class ApnsSection(Section):
    """A notification of Apple's push service."""

    invalidation_time: int | None = None
    """Time to live in milliseconds; `apns-expiration`."""
    priority: int | None = None
    """5 spares the battery, 10 delivers at once; `apns-priority`."""
    push_type: str | None = None
    """`alert`, the default, or `background`; `apns-push-type`."""
    collapse_id: str | None = None
    """Notifications of one value are merged; `apns-collapse-id`."""
    apns_id: str | None = None
    """Unique id of the notification; `apns-id`."""
    badge: int | None = None
    """Number on the app's icon."""
    sound: str | None = None
    """File in Library/Sounds (aiff, wav or caf, at most 30 seconds), else the default sound is played."""
    mutable_content: bool | None = None
    """Run the app's notification service extension; `mutable-content`."""
    content_available: bool | None = None
    """Wake the app in the background; `content-available`."""
    category_name: str | None = None
    """Kind of notification; `category`."""
    thread_id: str | None = None
    """Groups notifications; `thread-id`."""
    title: str | None = None
    sub_title: str | None = None
    content: str | None = None
    title_loc_key: str | None = None
    """Key of a localized title; `title-loc-key`."""
    title_loc_args: Sequence[str] | None = None
    """Values for it."""
    sub_title_loc_key: str | None = None
    """Key of a localized second line; `subtitle-loc-key`."""
    sub_title_loc_args: Sequence[str] | None = None
    """Values for it."""
    body_loc_key: str | None = None
    """Key of a localized text; `loc-key`."""
    body_loc_args: Sequence[str] | None = None
    """Values for it; `loc-args`."""
    ext: Mapping[str, Any] | None = None
    """Data of the app's own."""
    launch_image: str | None = None
    """File name; `launch-image`."""
    interruption_level: str | None = None
    """`passive`, `active`, `time-sensitive` or `critical`."""
    live_activity_event: str | None = None
    """`event` of a live activity."""
    timestamp: int | None = None
    """When a live activity's update was made."""
    dismissal_date: int | None = None
    stale_date: int | None = None
    attributes_type: str | None = None
    attributes: Mapping[str, Any] | None = None
    content_state: Mapping[str, Any] | None = None
