"""What the body of a message has to look like, by the type of the message."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from agora_chat_async._json import encode
from agora_chat_async.emulator._errors import Refusal, illegal

TYPES: Final = ("txt", "img", "audio", "video", "file", "loc", "cmd", "custom")
MAX_BYTES: Final = 5 * 1024
TOO_LARGE: Final = 413
_MAX_EXTS: Final = 16
_EVENT: Final = re.compile(r"[a-zA-Z0-9\-_/.]{1,32}")

Test = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _degrees(value: Any) -> bool:
    return _text(value) or _number(value)


def _object(value: Any) -> bool:
    return isinstance(value, dict)


def _size(value: Any) -> bool:
    return _object(value) and _number(value.get("width")) and _number(value.get("height"))


def _event(value: Any) -> bool:
    return isinstance(value, str) and _EVENT.fullmatch(value) is not None


def _exts(value: Any) -> bool:
    return _object(value) and len(value) <= _MAX_EXTS and all(isinstance(entry, str) for entry in value.values())


_FILE: Final[Mapping[str, Test]] = {"url": _text, "filename": _text, "secret": _text, "file_length": _whole}
_MEMBERS: Final[Mapping[str, Mapping[str, Test]]] = {
    "txt": {"msg": _text},
    "img": {**_FILE, "size": _size},
    "audio": {**_FILE, "length": _whole},
    "video": {**_FILE, "length": _whole, "thumb": _text, "thumb_secret": _text},
    "file": _FILE,
    "loc": {"lat": _degrees, "lng": _degrees, "addr": _text},
    "cmd": {"action": _text, "param": _object},
    "custom": {"customEvent": _event, "customExts": _exts},
}
_REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "txt": ("msg",),
    "img": ("url",),
    "audio": ("url",),
    "video": ("url",),
    "file": ("url", "filename"),
    "loc": ("lat", "lng", "addr"),
    "cmd": ("action",),
    "custom": (),
}


def check_content(kind: str, body: Mapping[str, Any]) -> None:
    """Refuse a body that does not fit the type; further members of its own are let through."""
    for name in _REQUIRED[kind]:
        if name not in body:
            raise illegal(f"invalid request: the body of a {kind} message needs {name}")
    for name, test in _MEMBERS[kind].items():
        if name in body and not test(body[name]):
            raise illegal(f"invalid request: {name} does not fit a {kind} message")


def check_size(body: Mapping[str, Any], ext: Mapping[str, Any] | None, status: int) -> None:
    """Refuse a message whose body and ext together are too large, with the status that was chosen for it."""
    size = len(encode(body)) + (len(encode(ext)) if ext else 0)
    if size <= MAX_BYTES:
        return
    if status == TOO_LARGE:
        raise Refusal(TOO_LARGE, "Request Entity Too Large", f"body and ext have {size} bytes, at most are {MAX_BYTES}")
    raise illegal(f"message is too large: {size} bytes")
