"""What the push services of Xiaomi, vivo, OPPO and Meizu take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from attrs import field, frozen
from cattrs import override

from agora_chat_async.push_payload._base import Section, at_most, between


@frozen(kw_only=True)
class XiaomiSection(Section):
    """A notification of Xiaomi's push service."""

    title: str | None = field(default=None, validator=at_most(50))
    """At most 50 characters."""
    description: str | None = field(default=None, validator=at_most(128))
    """The text, at most 128 characters."""
    restricted_package_names: str | None = None
    """The app's package."""
    pass_through: int | None = None
    """0 shows a notification, 1 hands the message to the app."""
    payload: Mapping[str, Any] | None = None
    notify_type: int | None = None
    """-1 all defaults, 1 sound, 2 vibration, 4 light."""
    time_to_live: int | None = None
    """Milliseconds for which it is kept."""
    time_to_send: int | None = None
    """When it is sent, counted from 1970 UTC."""
    notify_id: int | None = None
    """Replaces an earlier notification of the same id."""
    sound: str | None = None
    """URI of the scheme android.resource."""
    ticker: str | None = None
    """Text that runs through the status bar."""
    notify_foreground: str | None = None
    """`0` shows it while the app is in front, `1` does not."""
    notify_effect: str | None = None
    """What a tap opens: `1` the app, `2` the page in `intent_uri`, `3` the web page in `web_uri`."""
    intent_uri: str | None = None
    web_uri: str | None = None
    flow_control: int | None = None
    """Spreads the sending."""
    jobkey: str | None = None
    """Of messages of one key only the first is shown."""
    callback_url: str | None = None
    callback_param: str | None = None
    callback_type: int | None = None
    """What is reported, as a sum of 1 delivered, 2 tapped, 16 device invalid, 32 push disabled, 64 filtered,
    128 over limit, 1024 too late.
    """
    locale: str | None = None
    """Languages of devices that may receive, separated by commas."""
    locale_not_in: str | None = None
    """Languages of devices that may not."""
    model: str | None = None
    """Models, brands or price ranges that may receive."""
    model_not_in: str | None = None
    """Those that may not."""
    app_version: str | None = None
    """Versions of the app that may receive."""
    app_version_not_in: str | None = None
    """Those that may not."""
    connpt: str | None = None
    """Network that the device must have; only `wifi`."""
    only_send_once: str | None = None
    """`1` reaches only devices that are online."""
    channel_id: str | None = None
    """Category of the notification."""


@frozen(kw_only=True)
class VivoCallback(Section):
    """Where vivo reports deliveries."""

    callback: str | None = field(default=None, validator=at_most(128))
    """At most 128 characters."""
    callback_param: str | None = field(default=None, validator=at_most(64))
    """At most 64 characters."""


@frozen(kw_only=True)
class VivoSection(Section):
    """A notification of vivo's push service."""

    title: str | None = field(default=None, validator=at_most(40))
    """At most 40 characters."""
    content: str | None = field(default=None, validator=at_most(100))
    """At most 100 characters."""
    notify_type: int | None = None
    """1 silent, 2 ring, 3 vibrate, 4 both."""
    time_to_live: int | None = None
    """Seconds for which it is kept."""
    skip_type: int | None = None
    """What a tap opens: 1 the app, 2 a link, 3 something of the app's own, 4 a page in the app."""
    skip_content: str | None = field(default=None, validator=at_most(1000))
    """What is opened; at most 1000 characters."""
    network_type: int | None = None
    """-1 any (the default), 1 Wi-Fi only."""
    classification: int | None = None
    """0 marketing, 1 system message."""
    client_custom_map: Mapping[str, Any] | None = None
    request_id: str | None = field(default=None, validator=at_most(64))
    """At most 64 characters."""
    push_mode: int | None = None
    """0 real (the default), 1 a test."""
    callback: Annotated[VivoCallback | None, override(rename="extra")] = None
    category: str | None = None
    """In upper case; it must fit `classification`."""
    notify_id: int | None = field(default=None, validator=between(1, 2**31 - 1))
    """Replaces an earlier notification of the same id."""
    profile_id: str | None = field(default=None, validator=at_most(64))
    """Id of the user who is logged in on the device; at most 64 characters."""
    send_online: bool | None = None
    """Reach only devices that are online."""


@frozen(kw_only=True)
class OppoSection(Section):
    """A notification of OPPO's push service."""

    title: str | None = field(default=None, validator=at_most(32))
    """At most 32 characters."""
    sub_title: str | None = None
    """Second line of the title."""
    content: str | None = field(default=None, validator=at_most(200))
    """At most 200 characters."""
    channel_id: str | None = None
    app_message_id: str | None = None
    """An id is pushed only once."""
    style: int | None = None
    """1 standard, 2 long text, 3 large picture."""
    click_action_type: int | None = None
    """What a tap opens: 0 the app, 1 a page by intent action, 2 a web page, 4 a page by Activity, 5 an intent URL."""
    click_action_activity: str | None = field(default=None, validator=at_most(500))
    """The page, needed for types 1 and 4; at most 500 characters."""
    click_action_url: str | None = field(default=None, validator=at_most(500))
    """The address, needed for types 2 and 5; at most 500 characters."""
    action_parameters: Mapping[str, Any] | None = None
    """Handed to what the tap opens."""
    off_line: bool | None = None
    """Keep it for devices that are offline."""
    off_line_ttl: int | None = None
    """Seconds for which it is kept."""
    time_zone: str | None = None
    """Such as GMT+08:00."""
    call_back_url: str | None = None
    call_back_parameter: str | None = None
    show_ttl: int | None = None
    """Seconds for which it is shown."""
    notify_id: int | None = None
    """Replaces an earlier notification of the same id."""


@frozen(kw_only=True)
class MeizuSection(Section):
    """A notification of Meizu's push service."""

    title: str | None = field(default=None, validator=at_most(32))
    """At most 32 characters."""
    content: str | None = field(default=None, validator=at_most(100))
    """At most 100 characters."""
    notice_expand_type: int | None = None
    """0 none, 1 text."""
    notice_expand_content: str | None = None
    """Needed for type 1."""
    click_type: int | None = None
    """What a tap opens: 0 the app, 1 a page of the app, 2 an address, 3 something of the app's own."""
    url: str | None = None
    """Address, for type 2."""
    parameters: Mapping[str, Any] | None = None
    activity: str | None = None
    """Page of the app, for type 1."""
    custom_attribute: str | None = None
    """For type 3."""
    is_off_line: bool | None = None
    """Keep it for devices that are offline."""
    valid_time: int | None = None
    """Hours for which it is kept."""
    is_suspend: bool | None = None
    """Let it float above other apps."""
    is_clear_notice_bar: bool | None = None
    """The user may remove it."""
    is_fix_display: bool | None = None
    """Show it from the one date to the other."""
    fix_start_display_date: str | None = None
    fix_end_display_date: str | None = None
    vibrate: bool | None = None
    lights: bool | None = None
    sound: bool | None = None
    notify_key: str | None = None
    """Of notifications of one key only the last is shown."""
    callback: str | None = field(default=None, validator=at_most(128))
    """At most 128 characters."""
    callback_param: str | None = field(default=None, validator=at_most(64))
    """At most 64 characters."""
    callback_type: str | None = None
    """What is reported: `1` delivered, `2` tapped, `3` both (the default)."""
