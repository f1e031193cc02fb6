"""The parts of a push notification: their names on the wire, their limits, and that nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import fields

from agora_chat_async import errors, from_dict, push_payload, to_dict
from agora_chat_async._json import encode, parse
from agora_chat_async.push_payload import (
    AgoraSection,
    ApnsSection,
    FcmV1AndroidConfig,
    FcmV1Section,
    HonorAndroidNotification,
    HonorBadge,
    HonorButton,
    HuaweiAndroidConfig,
    HuaweiAndroidNotification,
    HuaweiBadge,
    HuaweiButton,
    HuaweiMessage,
    HuaweiSection,
    Notice,
    OppoSection,
    PushBadge,
    PushConfig,
    PushMessage,
    VivoCallback,
    VivoSection,
    XiaomiSection,
)

WIRE_NAMES = {
    "PushMessage": (
        "agora apns config content easemob ext fcm fcmV1 harmonyOS honor huawei meizu oppo subTitle title vivo xiaomi"
    ),
    "PushConfig": "badge clickAction",
    "PushClickAction": "action activity url",
    "PushBadge": "activity addNum setNum",
    "AgoraSection": (
        "autoCancel badge bigPicture bigTxt channelId channelLevel channelName content expiresTime iconUrl id "
        "needNotification operation sound style subTitle title vibrate"
    ),
    "AgoraOperation": "openAction openActivity openUrl type",
    "ApnsSection": (
        "apnsId attributes attributesType badge bodyLocArgs bodyLocKey categoryName collapseId content "
        "contentAvailable contentState dismissalDate ext interruptionLevel invalidationTime launchImage "
        "liveActivityEvent mutableContent priority pushType sound staleDate subTitle subTitleLocArgs "
        "subTitleLocKey threadId timestamp title titleLocArgs titleLocKey"
    ),
    "FcmSection": "collapseKey condition data dryRun notification priority restrictedPackageName timeToLive",
    "FcmNotification": (
        "androidChannelId body bodyLocArgs bodyLocKey clickAction color icon sound tag title titleLocArgs titleLocKey"
    ),
    "FcmV1Section": "androidConfig apnsConfig condition data notification options type webPushConfig",
    "Notice": "body image title",
    "FcmV1AndroidConfig": "androidNotification collapseKey directBootOk priority ttl",
    "FcmV1AndroidNotification": (
        "body bodyLocArgs bodyLocKey channelId clickAction color icon image sound tag title titleLocArgs titleLocKey"
    ),
    "FcmV1WebPushConfig": "headers notification",
    "FcmV1ApnsConfig": "headers payload",
    "XiaomiSection": (
        "appVersion appVersionNotIn callbackParam callbackType callbackUrl channelId connpt description "
        "flowControl intentUri jobkey locale localeNotIn model modelNotIn notifyEffect notifyForeground "
        "notifyId notifyType onlySendOnce passThrough payload restrictedPackageNames sound ticker timeToLive "
        "timeToSend title webUri"
    ),
    "VivoSection": (
        "category classification clientCustomMap content extra networkType notifyId notifyType profileId "
        "pushMode requestId sendOnline skipContent skipType timeToLive title"
    ),
    "VivoCallback": "callback callbackParam",
    "OppoSection": (
        "actionParameters appMessageId callBackParameter callBackUrl channelId clickActionActivity "
        "clickActionType clickActionUrl content notifyId offLine offLineTtl showTtl style subTitle timeZone "
        "title"
    ),
    "MeizuSection": (
        "activity callback callbackParam callbackType clickType content customAttribute fixEndDisplayDate "
        "fixStartDisplayDate isClearNoticeBar isFixDisplay isOffLine isSuspend lights noticeExpandContent "
        "noticeExpandType notifyKey parameters sound title url validTime vibrate"
    ),
    "HuaweiSection": "message review validateOnly",
    "HuaweiMessage": "android data notification",
    "HuaweiAndroidConfig": (
        "biTag category collapseKey data fastAppTargetType notification receiptId targetUserType ttl urgency"
    ),
    "HuaweiAndroidNotification": (
        "autoCancel autoClear badge bigBody bigTitle body bodyLocArgs bodyLocKey buttons channelId "
        "clickAction color defaultSound foregroundShow group icon image importance inboxContent lightSettings "
        "multiLangKey notifyId notifySummary sound style tag title titleLocArgs titleLocKey useDefaultLight "
        "useDefaultVibrate vibrateConfig visibility when"
    ),
    "HuaweiClickAction": "action intent type url",
    "HuaweiButton": "actionType data intent intentType name",
    "HuaweiBadge": "addNum badgeClass setNum",
    "HuaweiLightSettings": "color lightOffDuration lightOnDuration",
    "HuaweiColor": "alpha blue green red",
    "HonorSection": "androidConfig data",
    "HonorAndroidConfig": "androidNotification biTag data ttl",
    "HonorAndroidNotification": (
        "badgeNotification bigBody bigTitle body buttons clickAction image importance notifyId style title when"
    ),
    "HonorClickAction": "action intent type url",
    "HonorButton": "actionType data intent intentType name",
    "HonorBadge": "addNum badgeClass setNum",
}
"""What the service calls the fields of each part."""

NEEDED: dict[str, dict[str, Any]] = {
    "PushMessage": {"title": "t", "content": "c"},
    "HuaweiButton": {"name": "n"},
    "HonorButton": {"name": "n", "actionType": 0},
    "HonorClickAction": {"type": 1},
    "HonorBadge": {"badgeClass": "c"},
}


def test_every_part_is_listed() -> None:
    """The list above has all public classes."""
    assert {*WIRE_NAMES} == {*push_payload.__all__}


@pytest.mark.parametrize("name", WIRE_NAMES)
def test_names_on_the_wire(name: str) -> None:
    """Each name of the service's is that of a field, and no field has another one."""
    cls, wire_names = getattr(push_payload, name), WIRE_NAMES[name].split()
    needed = NEEDED.get(name, {})
    part = from_dict({**dict.fromkeys(wire_names), **needed}, cls)
    assert part.extra == {}
    assert len(fields(cls)) == len(wire_names) + 1
    assert to_dict(part) == needed


def test_a_whole_message() -> None:
    """Sections nest, what is None is left out, and JSON can hold it all."""
    buttons = (HuaweiButton(name="Buy", action_type=1),)
    message = PushMessage(
        title="Sale",
        content="Now",
        ext={"order": 7},
        config=PushConfig(badge=PushBadge(set_num=0)),
        agora=AgoraSection(need_notification=False, big_txt="long"),
        fcm_v1=FcmV1Section(notification=Notice(image="https://h/i"), android_config=FcmV1AndroidConfig(ttl="3.5s")),
        huawei=HuaweiSection(
            message=HuaweiMessage(
                android=HuaweiAndroidConfig(
                    notification=HuaweiAndroidNotification(buttons=buttons, inbox_content=("a",))
                )
            )
        ),
        vivo=VivoSection(callback=VivoCallback(callback="https://h/c"), extra={"auditReview": 1}),
        harmony_os={"some": "thing"},
        extra={"later": True},
    )
    written = {
        "title": "Sale",
        "content": "Now",
        "ext": {"order": 7},
        "config": {"badge": {"setNum": 0}},
        "agora": {"needNotification": False, "bigTxt": "long"},
        "fcmV1": {"notification": {"image": "https://h/i"}, "androidConfig": {"ttl": "3.5s"}},
        "huawei": {
            "message": {
                "android": {"notification": {"buttons": [{"name": "Buy", "actionType": 1}], "inboxContent": ["a"]}}
            }
        },
        "vivo": {"extra": {"callback": "https://h/c"}, "auditReview": 1},
        "harmonyOS": {"some": "thing"},
        "later": True,
    }
    assert parse(encode(to_dict(message))) == written
    assert from_dict(written, PushMessage) == message


@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("title", lambda: PushMessage(title="", content="c")),
        ("title", lambda: PushMessage(title="x" * 33, content="c")),
        ("content", lambda: PushMessage(title="t", content="x" * 101)),
        ("sub_title", lambda: PushMessage(title="t", content="c", sub_title="x" * 11)),
        ("ext", lambda: PushMessage(title="t", content="c", ext={str(number): 1 for number in range(11)})),
        ("ext", lambda: PushMessage(title="t", content="c", ext={"k": "x" * 1024})),
        ("ext", lambda: PushMessage(title="t", content="c", ext={"k": ["x" * 1020]})),
        ("title", lambda: XiaomiSection(title="x" * 51)),
        ("content", lambda: OppoSection(content="x" * 201)),
        ("notify_id", lambda: VivoSection(notify_id=0)),
        ("skip_content", lambda: VivoSection(skip_content="x" * 1001)),
        ("add_num", lambda: HuaweiBadge(add_num=100)),
        ("set_num", lambda: HonorBadge(badge_class="c", set_num=-1)),
        ("name", lambda: HonorButton(name="x" * 41, action_type=0)),
        ("buttons", lambda: HonorAndroidNotification(buttons=[HonorButton(name="x", action_type=0)] * 4)),
        ("inbox_content", lambda: HuaweiAndroidNotification(inbox_content=["x"] * 6)),
        ("inbox_content", lambda: HuaweiAndroidNotification(inbox_content=["x" * 1025])),
    ],
)
def test_limits(field: str, make: Any) -> None:
    """A value beyond a documented limit is refused where it is given."""
    with pytest.raises(errors.InvalidArgument, match=rf"^{field}\b"):
        make()


def test_the_largest() -> None:
    """What just fits is taken, and an empty text is sent where one may be."""
    PushMessage(title="x" * 32, content="x" * 100, sub_title="x" * 10, ext={"k": "x" * 1023})
    PushMessage(title="t", content="c", ext={str(number): 1 for number in range(10)})
    assert to_dict(PushMessage(title="t", content="c", sub_title="")) == {"title": "t", "content": "c", "subTitle": ""}
    assert to_dict(ApnsSection(title="")) == {"title": ""}
