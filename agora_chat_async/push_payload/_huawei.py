"""What Huawei's push service takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import field, frozen

from agora_chat_async._checks import Items, Str, obeys
from agora_chat_async.push_payload._base import BadgeNumbers, ButtonTarget, Notice, Section, TapTarget


@frozen(kw_only=True)
class HuaweiClickAction(TapTarget):
    """What a tap on the notification does."""

    type: int | None = None
    """1 a page of the app, 2 an address, 3 the app's start."""


@frozen(kw_only=True)
class HuaweiButton(ButtonTarget):
    """A button on the notification."""

    action_type: int | None = None
    """0 the app's start, 1 a page of the app, 2 a web page, 3 dismiss, 4 share what `data` says."""


@frozen(kw_only=True)
class HuaweiBadge(BadgeNumbers):
    """The number on the app's icon."""

    badge_class: str | None = None
    """Package and class of the entry Activity."""


@frozen(kw_only=True)
class HuaweiColor(Section):
    """A color, by shares from 0 to 1."""

    alpha: float | None = None
    """1 by default; the others 0."""
    red: float | None = None
    green: float | None = None
    blue: float | None = None


@frozen(kw_only=True)
class HuaweiLightSettings(Section):
    """How the device's light blinks."""

    color: HuaweiColor | None = None
    light_on_duration: str | None = None
    """Seconds, with or without the suffix s."""
    light_off_duration: str | None = None
    """Seconds, with or without the suffix s."""


@frozen(kw_only=True)
class HuaweiAndroidNotification(Section):
    """The visible part on Android."""

    title: str | None = None
    body: str | None = None
    icon: str | None = None
    """Small icon on the left, a png or jpg in res/raw."""
    color: str | None = None
    """Color of the button."""
    sound: str | None = None
    """Tone in res/raw, such as /raw/shake; only where the channel is new."""
    default_sound: bool | None = None
    """Play the default tone."""
    tag: str | None = None
    """Of notifications of one tag only the last is shown."""
    click_action: HuaweiClickAction | None = None
    body_loc_key: str | None = None
    body_loc_args: Sequence[str] | None = None
    title_loc_key: str | None = None
    title_loc_args: Sequence[str] | None = None
    multi_lang_key: Sequence[Mapping[str, Any]] | None = None
    """Texts in several languages."""
    channel_id: str | None = None
    notify_summary: str | None = None
    """Short summary."""
    image: str | None = None
    """Address of the large icon on the right."""
    style: int | None = None
    """0 by default, 1 long text, 3 lines of an inbox."""
    big_title: str | None = None
    """For style 1."""
    big_body: str | None = None
    """For style 1."""
    auto_clear: int | None = None
    """Milliseconds after which it is removed."""
    notify_id: int | None = None
    """Replaces an earlier notification of the same id."""
    group: str | None = None
    """One notification is shown for a group."""
    badge: HuaweiBadge | None = None
    auto_cancel: bool | None = None
    """Gone after a tap."""
    when: str | None = None
    """Time that is shown and sorted by, such as 2014-10-02T15:01:23.045123456Z."""
    importance: str | None = None
    """`LOW` for marketing, `NORMAL` for service and communication."""
    use_default_vibrate: bool | None = None
    use_default_light: bool | None = None
    vibrate_config: str | None = None
    """Pattern of up to 10 items, each over 0 and up to 60 seconds, such as 3.5S."""
    visibility: str | None = None
    """`VISIBILITY_UNSPECIFIED`, `PRIVATE`, `PUBLIC` or `SECRET`."""
    light_settings: HuaweiLightSettings | None = None
    foreground_show: bool | None = None
    """Show it while the app is in front."""
    inbox_content: Sequence[str] | None = field(default=None, validator=obeys(Items(5, each=Str(most=1024))))
    """Lines of style 3: at most 5, each of at most 1024 characters."""
    buttons: Sequence[HuaweiButton] | None = field(default=None, validator=obeys(Items(3)))
    """At most 3."""


@frozen(kw_only=True)
class HuaweiAndroidConfig(Section):
    """Delivery on Android."""

    collapse_key: int | None = None
    """Group of the messages that wait."""
    urgency: str | None = None
    """Priority of a data message."""
    category: str | None = None
    """Use case of an urgent data message."""
    ttl: str | None = None
    """Seconds for which it is kept."""
    bi_tag: str | None = None
    """Names a batch."""
    fast_app_target_type: int | None = None
    """Of a quick app: 1 development, 2 production (the default)."""
    data: str | None = None
    """Goes before the message's own data."""
    notification: HuaweiAndroidNotification | None = None
    receipt_id: str | None = None
    """Id of a configured receipt."""
    target_user_type: int | None = None
    """0 normal (the default), 1 a test, of which an app has 500 a day."""


@frozen(kw_only=True)
class HuaweiMessage(Section):
    """What Huawei delivers."""

    data: Mapping[str, Any] | None = None
    notification: Notice | None = None
    android: HuaweiAndroidConfig | None = None


@frozen(kw_only=True)
class HuaweiSection(Section):
    """A notification of Huawei's push service."""

    validate_only: bool | None = None
    """Test without sending."""
    message: HuaweiMessage | None = None
    review: Mapping[str, Any] | None = None
    """Result of a review by a third party."""
