"""What Honor's push service takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import field, frozen

from agora_chat_async._checks import Items, obeys
from agora_chat_async.push_payload._base import BadgeNumbers, ButtonTarget, Section, TapTarget


@frozen(kw_only=True)
class HonorClickAction(TapTarget):
    """What a tap on the notification does."""

    type: int
    """1 a page of the app, 2 an address, 3 the app's start."""


@frozen(kw_only=True)
class HonorButton(ButtonTarget):
    """A button on the notification."""

    action_type: int
    """0 the app's start, 1 a page of the app, 2 the HTTPS address in `intent`."""


@frozen(kw_only=True)
class HonorBadge(BadgeNumbers):
    """The number on the app's icon; `set_num` goes before `add_num`."""

    badge_class: str
    """Full class name of the entry Activity."""


@frozen(kw_only=True)
class HonorAndroidNotification(Section):
    """The visible part on Android."""

    title: str | None = None
    body: str | None = None
    click_action: HonorClickAction | None = None
    image: str | None = None
    """Address of the large icon on the right."""
    style: int | None = None
    """0 by default, 1 long text."""
    big_title: str | None = None
    """Needed for style 1."""
    big_body: str | None = None
    """Needed for style 1."""
    importance: str | None = None
    """`LOW` for marketing, `NORMAL` for service and communication."""
    when: str | None = None
    """Time of arrival in UTC, such as 2014-10-02T15:01:23.045123456Z."""
    buttons: Sequence[HonorButton] | None = field(default=None, validator=obeys(Items(3)))
    """At most 3."""
    badge_notification: HonorBadge | None = None
    notify_id: int | None = None
    """Replaces an earlier notification of the same id."""


@frozen(kw_only=True)
class HonorAndroidConfig(Section):
    """Delivery on Android."""

    ttl: str | None = None
    """Seconds for which it is kept."""
    bi_tag: str | None = None
    """Names a batch, and comes back in receipts."""
    data: str | None = None
    """Goes before the section's own data."""
    android_notification: HonorAndroidNotification | None = None


@frozen(kw_only=True)
class HonorSection(Section):
    """A notification of Honor's push service."""

    data: Mapping[str, Any] | None = None
    android_config: HonorAndroidConfig | None = None
