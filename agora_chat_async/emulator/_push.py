"""Answers of the group `push`."""

from __future__ import annotations

import re
import sqlite3
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from agora_chat_async._json import encode
from agora_chat_async.api.push import Push
from agora_chat_async.emulator._call import APP, PLACE, Answers, Call
from agora_chat_async.emulator._errors import Refusal, illegal, push_illegal
from agora_chat_async.emulator._fields import Fields

answers = Answers()

_MAX_NICKNAME: Final = 100
_LAST_HOUR: Final = 23
_MAX_IGNORE_MS: Final = 604_800_000
_WINDOW: Final = re.compile(r"(([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d)?", re.ASCII)
_MAX_NAME: Final = 64
_MAX_TARGETS: Final = 100
_MAX_LABELS: Final = 5
_LAST_STRATEGY: Final = 4
_DEFAULT_STRATEGY: Final = 2
_START: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)
_MAX_TITLE: Final = 32
_MAX_SUB_TITLE: Final = 10
_MAX_CONTENT: Final = 100
_MAX_EXT_PAIRS: Final = 10
_MAX_EXT_CHARACTERS: Final = 1024
_SECTIONS: Final = (
    *("config", "agora", "easemob", "apns", "fcm", "fcmV1", "huawei", "honor", "xiaomi", "oppo", "vivo", "meizu"),
    "harmonyOS",
)
_NICKNAME: Final = "nickname"
_QUIET: Final = "notification_no_disturbing"
_STYLE: Final = "notification_display_style"


@answers(Push.set_display_nickname)
@answers(Push.set_display_style)
@answers(Push.set_do_not_disturb)
def set_display(call: Call) -> dict[str, Any]:
    """Change what the body names of nickname, style and quiet hours: one route, whatever it is used for."""
    fields = call.fields(_bad_setting)
    given: dict[str, Any] = {
        _NICKNAME: fields.optional_text(_NICKNAME, most=_MAX_NICKNAME),
        _STYLE: fields.number(_STYLE, least=0, most=1),
        _QUIET: fields.required_flag(_QUIET) if fields.has(_QUIET) else None,
        **{name: fields.number(name, least=0, most=_LAST_HOUR) for name in (f"{_QUIET}_start", f"{_QUIET}_end")},
    }
    fields.end()
    changes = {name: value for name, value in given.items() if value is not None}
    return call.envelope(*APP, *PLACE, entities=[call.state.push.display(call.values["username"], changes)])


@answers(Push.set_notification_settings)
def set_notification_settings(call: Call) -> dict[str, Any]:
    """Change what is pushed to a user."""
    fields = call.fields(_bad_setting)
    interval = fields.optional_text("ignoreInterval")
    given = {
        "type": fields.optional_one_of("type", "DEFAULT", "ALL", "AT", "NONE"),
        "ignoreInterval": interval,
        "ignoreDuration": fields.number("ignoreDuration", least=0, most=_MAX_IGNORE_MS),
    }
    fields.end()
    if not _WINDOW.fullmatch(interval or ""):
        raise _bad_setting("ignoreInterval has to be HH:MM-HH:MM, or empty")
    changes = {name: value for name, value in given.items() if value is not None}
    settings = call.state.push.set_notifications(*_target(call), changes)
    return call.envelope(*APP, *PLACE, data=settings)


@answers(Push.get_notification_settings)
def get_notification_settings(call: Call) -> dict[str, Any]:
    """Tell what is pushed to a user."""
    return call.envelope(*APP, *PLACE, data=call.state.push.notifications(*_target(call)))


@answers(Push.set_preferred_language)
def set_preferred_language(call: Call) -> dict[str, Any]:
    """Set a user's language."""
    fields = call.fields(_bad_setting)
    language = fields.text("translationLanguage", least=0)
    fields.end()
    call.state.push.set_language(call.values["username"], language)
    return call.envelope(*APP, *PLACE, data={"language": language})


@answers(Push.get_preferred_language)
def get_preferred_language(call: Call) -> dict[str, Any]:
    """Tell a user's language; nothing where there is none."""
    language = call.state.push.language(call.values["username"])
    return call.envelope(*APP, *PLACE, data={} if language is None else {"language": language})


@answers(Push.create_template)
def create_template(call: Call) -> dict[str, Any]:
    """Make a template."""
    fields = call.fields()
    name = fields.text("name", most=_MAX_NAME)
    title, content = fields.text("title_pattern"), fields.text("content_pattern")
    fields.end()
    return templated(call, call.state.push.create_template(name, title, content))


@answers(Push.get_template)
def get_template(call: Call) -> dict[str, Any]:
    """Tell of one template."""
    return templated(call, call.state.push.template(call.values["name"]))


@answers(Push.delete_template)
def delete_template(call: Call) -> dict[str, Any]:
    """Delete one template."""
    return templated(call, call.state.push.delete_template(call.values["name"]))


@answers(Push.send_sync)
def send_sync(call: Call) -> dict[str, Any]:
    """Tell at once what becomes of a notification; failures are told inside a 200."""
    fields = call.fields(push_illegal)
    strategy = _notification(call, fields)
    fields.end()
    delivered, why = call.state.push.deliver(call.values["target"], strategy)
    if not delivered:
        return call.stamped(data=[{"pushStatus": "FAIL", "desc": why}])
    request = str(uuid.uuid4())
    answer: dict[str, Any] = {
        "expireTokens": [],
        "failTokens": [],
        "sendResult": True,
        "requestId": request,
        "msgCode": 200,
    }
    return call.stamped(data=[{"pushStatus": "SUCCESS", "data": {"code": 200, "message": "Success", "data": answer}}])


@answers(Push.send_to_users)
def send_to_users(call: Call) -> dict[str, Any]:
    """Take a notification over for each receiver, whoever that is."""
    fields = call.fields(push_illegal)
    targets = fields.names("targets", most=_MAX_TARGETS)
    _notification(call, fields)
    fields.end()
    return call.stamped(
        data=[{"id": name, "pushStatus": "ASYNC_SUCCESS", "desc": "async success."} for name in targets]
    )


@answers(Push.send_to_labels)
def send_to_labels(call: Call) -> dict[str, Any]:
    """Start a task for labels, which have to exist."""
    fields = call.fields(push_illegal)
    targets = fields.texts("targets", most=_MAX_LABELS)
    start = _start(fields)
    _notification(call, fields)
    fields.end()
    for name in targets:
        call.state.push_labels.get(name)
    return call.stamped(data={"taskId": call.state.push.start_task(start, waits=False)})


@answers(Push.send_to_all)
def send_to_all(call: Call) -> dict[str, Any]:
    """Start a task for everybody."""
    fields = call.fields(push_illegal)
    start = _start(fields)
    _notification(call, fields)
    fields.end()
    return call.stamped(data=call.state.push.start_task(start, waits=True))


def _target(call: Call) -> tuple[str, str, str]:
    username, chat_type, key = (call.values[name] for name in ("username", "chat_type", "key"))
    if chat_type not in {"user", "chatgroup"}:
        raise _bad_setting(f"{chat_type} is neither user nor chatgroup")
    return username, chat_type, key


def templated(call: Call, template: sqlite3.Row) -> dict[str, Any]:
    """Answer with a template."""
    data = {
        "name": template["name"],
        "createAt": template["created"],
        "updateAt": template["updated"],
        "title_pattern": template["title_pattern"],
        "content_pattern": template["content_pattern"],
    }
    return call.envelope(*APP, "uri", data=data)


def _start(fields: Fields) -> int | None:
    """Read when a task begins; the emulated server's clock is at UTC."""
    text = fields.optional_text("startDate")
    if text is None:
        return None
    try:
        if _START.fullmatch(text):
            return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        pass
    raise push_illegal("startDate has to be written as yyyy-MM-dd HH:mm:ss")


def _notification(call: Call, fields: Fields) -> int:
    """Judge the notification and return by which push services it goes."""
    strategy = fields.number("strategy", least=0, most=_LAST_STRATEGY)
    content = fields.any("pushMessage")
    message = Fields(content, strict=call.settings.strict, where="pushMessage", refuse=_bad_message)
    message.text("title", most=_MAX_TITLE)
    message.text("content", most=_MAX_CONTENT)
    message.optional_text("subTitle", most=_MAX_SUB_TITLE)
    message.any("sub_title")  # a slip of some samples, without effect
    _check_ext(message.optional_object("ext") or {})
    for section in _SECTIONS:
        message.optional_object(section)
    message.end()
    return _DEFAULT_STRATEGY if strategy is None else strategy


def _check_ext(ext: Mapping[str, Any]) -> None:
    size = sum(
        len(name) + len(value if isinstance(value, str) else encode(value).decode()) for name, value in ext.items()
    )
    if len(ext) > _MAX_EXT_PAIRS or size > _MAX_EXT_CHARACTERS:
        raise _bad_message(f"ext has more than {_MAX_EXT_PAIRS} pairs or {_MAX_EXT_CHARACTERS} characters")


def _bad_setting(description: str) -> Refusal:
    return illegal(f"parameters is invalid : {description.removeprefix('invalid request: ')}")


def _bad_message(description: str) -> Refusal:
    return Refusal(400, "MessageException", f"bad_request: {description}")
