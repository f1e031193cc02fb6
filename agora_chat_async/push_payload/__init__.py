"""What a push notification holds, with a section for each push service.

    PushMessage(title="Sale", content="Everything must go", apns=ApnsSection(badge=1, thread_id="sales"))

The fields of `PushMessage` are common to all services; a section refines them for one, and goes before them.
"""

from agora_chat_async.push_payload._agora import AgoraOperation, AgoraSection, PushBadge, PushClickAction, PushConfig
from agora_chat_async.push_payload._apns import ApnsSection
from agora_chat_async.push_payload._base import Notice
from agora_chat_async.push_payload._fcm import (
    FcmNotification,
    FcmSection,
    FcmV1AndroidConfig,
    FcmV1AndroidNotification,
    FcmV1ApnsConfig,
    FcmV1Section,
    FcmV1WebPushConfig,
)
from agora_chat_async.push_payload._honor import (
    HonorAndroidConfig,
    HonorAndroidNotification,
    HonorBadge,
    HonorButton,
    HonorClickAction,
    HonorSection,
)
from agora_chat_async.push_payload._huawei import (
    HuaweiAndroidConfig,
    HuaweiAndroidNotification,
    HuaweiBadge,
    HuaweiButton,
    HuaweiClickAction,
    HuaweiColor,
    HuaweiLightSettings,
    HuaweiMessage,
    HuaweiSection,
)
from agora_chat_async.push_payload._message import PushMessage
from agora_chat_async.push_payload._others import MeizuSection, OppoSection, VivoCallback, VivoSection, XiaomiSection

__all__ = [
    "AgoraOperation",
    "AgoraSection",
    "ApnsSection",
    "FcmNotification",
    "FcmSection",
    "FcmV1AndroidConfig",
    "FcmV1AndroidNotification",
    "FcmV1ApnsConfig",
    "FcmV1Section",
    "FcmV1WebPushConfig",
    "HonorAndroidConfig",
    "HonorAndroidNotification",
    "HonorBadge",
    "HonorButton",
    "HonorClickAction",
    "HonorSection",
    "HuaweiAndroidConfig",
    "HuaweiAndroidNotification",
    "HuaweiBadge",
    "HuaweiButton",
    "HuaweiClickAction",
    "HuaweiColor",
    "HuaweiLightSettings",
    "HuaweiMessage",
    "HuaweiSection",
    "MeizuSection",
    "Notice",
    "OppoSection",
    "PushBadge",
    "PushClickAction",
    "PushConfig",
    "PushMessage",
    "VivoCallback",
    "VivoSection",
    "XiaomiSection",
]
