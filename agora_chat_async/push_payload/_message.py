"""The whole notification."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final

from attrs import Attribute, field, frozen
from cattrs import override

from agora_chat_async._checks import Entries, Str, obeys
from agora_chat_async.errors import InvalidArgument
from agora_chat_async.push_payload._agora import AgoraSection, PushConfig
from agora_chat_async.push_payload._apns import ApnsSection
from agora_chat_async.push_payload._base import Section, at_most
from agora_chat_async.push_payload._fcm import FcmSection, FcmV1Section
from agora_chat_async.push_payload._honor import HonorSection
from agora_chat_async.push_payload._huawei import HuaweiSection
from agora_chat_async.push_payload._others import MeizuSection, OppoSection, VivoSection, XiaomiSection

MAX_EXT_CHARACTERS: Final = 1024

_TEN_ENTRIES: Final = Entries(most=10)


def _written(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, default=str, ensure_ascii=False, separators=(",", ":"))


def _small(_: Any, attribute: Attribute[Any], value: Any) -> None:
    if value is None:
        return
    entries = _TEN_ENTRIES(attribute.name, value)
    size = sum(len(str(key)) + len(_written(one)) for key, one in entries.items())
    if size > MAX_EXT_CHARACTERS:
        raise InvalidArgument(attribute.name, f"{size} characters", f"at most {MAX_EXT_CHARACTERS} characters in all")


@frozen(kw_only=True)
class PushMessage(Section):
    """What a push notification shows and does; the section of a push service goes before the common fields."""

    title: str = field(validator=obeys(Str(most=32)))
    """1 to 32 characters."""
    content: str = field(validator=obeys(Str(most=100)))
    """1 to 100 characters."""
    sub_title: str | None = field(default=None, validator=at_most(10))
    """Second line of the title, iOS only; at most 10 characters."""
    ext: Mapping[str, Any] | None = field(default=None, validator=_small)
    """The app's own data: at most 10 entries and 1024 characters in all."""
    config: PushConfig | None = None
    """Tap and badge."""
    agora: AgoraSection | None = None
    """The vendor's own push service."""
    easemob: AgoraSection | None = None
    """The same under the name that other documents of the vendor have for it."""
    apns: ApnsSection | None = None
    fcm: FcmSection | None = None
    fcm_v1: FcmV1Section | None = None
    huawei: HuaweiSection | None = None
    honor: HonorSection | None = None
    xiaomi: XiaomiSection | None = None
    oppo: OppoSection | None = None
    vivo: VivoSection | None = None
    meizu: MeizuSection | None = None
    harmony_os: Annotated[Mapping[str, Any] | None, override(rename="harmonyOS")] = None
    """HarmonyOS; which fields it has is not documented."""
