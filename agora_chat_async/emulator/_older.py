"""Forms of operations that the vendor's older clients and its Java SDK use, and that its current pages leave out."""

from __future__ import annotations

from typing import Any, Final, cast

from agora_chat_async.emulator._call import APP, PLACE, Answers, Call
from agora_chat_async.emulator._errors import illegal
from agora_chat_async.emulator._fields import Fields
from agora_chat_async.emulator._messages import MOST_TARGETS, deliver, draft_of, read_level, sent
from agora_chat_async.emulator._push import templated
from agora_chat_async.emulator._routes import Operation
from agora_chat_async.quota import per_second

answers = Answers()

_TARGET_TYPES: Final = {"users": "chat", "chatgroups": "groupchat", "chatrooms": "chatroom"}
_MAX_CHOSEN: Final = 20
_MAX_REMARK: Final = 100
_MAX_NICKNAMES: Final = 50
_MAX_NICKNAME: Final = 100


def _operation(name: str, method: str, path: str, *placeholders: str, has_body: bool = True) -> Operation:
    return Operation(
        id=f"older.{name}",
        method=method,
        path=path.format(*(f"{{{placeholder}}}" for placeholder in placeholders)),
        route=f"{method} {path}",
        rates=(per_second(100),),
        placeholders=placeholders,
        has_body=has_body,
    )


OLDER: Final = (
    _operation("send", "POST", "/messages"),
    _operation("send_in_group", "POST", "/messages/chatgroups/users"),
    _operation("send_in_room", "POST", "/messages/chatrooms/users"),
    _operation("disconnect_device", "GET", "/users/{}/disconnect/{}", "username", "resource", has_body=False),
    _operation("set_remark", "PUT", "/user/{}/contacts/users/{}", "owner_username", "friend_username"),
    _operation("set_nicknames", "PUT", "/push/nickname"),
    _operation("update_template", "PUT", "/notification/template/{}", "name"),
)


@answers.operation("older.send")
def send(call: Call) -> dict[str, Any]:
    """Send to users, groups or rooms, which one member names; ids are told where the query asks for them."""
    fields = call.fields()
    target_type = fields.any("target_type")
    if target_type not in _TARGET_TYPES:
        raise illegal("target_type can only be 'users' or 'chatgroups' or 'chatrooms'")
    kind = _TARGET_TYPES[target_type]
    to = fields.texts("target", most=MOST_TARGETS[kind])
    message = dict(fields.object("msg"))
    rest = {name: fields.any(name) for name in ("from", "ext", "routetype", "sync_device") if fields.has(name)}
    fields.end()
    newer = {"type": message.pop("type", None), "body": message, **rest}
    ids = deliver(call, kind, draft_of(call, Fields(newer, strict=True), kind), to)
    if call.query("useMsgId").get("useMsgId") != "true":
        return call.envelope(*APP, *PLACE, entities=[], data=dict.fromkeys(ids, "success"))
    return sent(call, ids)


@answers.operation("older.send_in_group")
def send_in_group(call: Call) -> dict[str, Any]:
    """Send to some members of a group."""
    return _send_to_chosen(call, "groupchat")


@answers.operation("older.send_in_room")
def send_in_room(call: Call) -> dict[str, Any]:
    """Send to some members of a room."""
    return _send_to_chosen(call, "chatroom")


@answers.operation("older.disconnect_device")
def disconnect_device(call: Call) -> dict[str, Any]:
    """Log a user out of one device; the emulator knows of no more than one."""
    call.state.users.set_online(call.values["username"], online=False)
    return call.envelope(*APP, "uri", entities=[], data={"result": True})


@answers.operation("older.set_remark")
def set_remark(call: Call) -> dict[str, Any]:
    """Note something on a contact."""
    fields = call.fields()
    remark = fields.text("remark", most=_MAX_REMARK, least=0)
    fields.end()
    call.state.contacts.remark(call.values["owner_username"], call.values["friend_username"], remark)
    return call.stamped(status="ok")


@answers.operation("older.set_nicknames")
def set_nicknames(call: Call) -> dict[str, Any]:
    """Set the names that notifications show for up to 50 users."""
    items = _list(call.body)
    if not 1 <= len(items) <= _MAX_NICKNAMES:
        raise illegal(f"the body has to be an array of 1 to {_MAX_NICKNAMES} users")
    given = list[dict[str, str]]()
    for index, item in enumerate(items):
        fields = Fields(item, strict=call.settings.strict, where=f"[{index}]")
        given.append({name: fields.text(name, most=_MAX_NICKNAME) for name in ("push_nickname", "username")})
        fields.end()
    for one in given:
        call.state.push.display(one["username"], {"nickname": one["push_nickname"]})
    return call.envelope(*APP, *PLACE, entities=given)


@answers.operation("older.update_template")
def update_template(call: Call) -> dict[str, Any]:
    """Change what a template of notifications says."""
    fields = call.fields()
    title, content = fields.text("title_pattern"), fields.text("content_pattern")
    fields.end()
    return templated(call, call.state.push.update_template(call.values["name"], title, content))


def _list(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _send_to_chosen(call: Call, kind: str) -> dict[str, Any]:
    fields = call.fields()
    to = fields.texts("to", most=1)
    users = fields.names("users", most=_MAX_CHOSEN)
    if kind == "chatroom":
        read_level(fields)
    draft = draft_of(call, fields, kind)
    return sent(call, deliver(call, kind, draft.only_for(users), to))
