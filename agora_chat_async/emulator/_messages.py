"""Answers of the group `messages`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from agora_chat_async.api.messages import Messages
from agora_chat_async.emulator import _history
from agora_chat_async.emulator._call import APP, PLACE, Answers, Call
from agora_chat_async.emulator._contents import TYPES, check_content, check_size
from agora_chat_async.emulator._downloads import fetch, keep
from agora_chat_async.emulator._errors import Refusal, forbidden, illegal
from agora_chat_async.emulator._fields import Fields, message_number
from agora_chat_async.emulator._state.messages import Draft

answers = Answers()

MOST_TARGETS: Final = {"chat": 600, "groupchat": 3, "chatroom": 10}
"""How many users, groups or rooms one call can send to."""
_MAX_IGNORERS: Final = 20
_NO_BROADCASTS: Final = {"free", "starter"}
_LEVELS: Final = ("high", "normal", "low")
_ADMIN: Final = "admin"
_LAST_MS: Final = 1 << 53
_DAY_MS: Final = 86_400_000
_CHAT_TYPES: Final = ("chat", "groupchat", "chatroom")


@answers(Messages.send_to_users)
def send_to_users(call: Call) -> dict[str, Any]:
    """Send to users."""
    return _send(call, "chat", call.fields())


@answers(Messages.send_to_chatgroups)
def send_to_chatgroups(call: Call) -> dict[str, Any]:
    """Send to groups."""
    fields = call.fields()
    fields.flag("need_group_ack", default=False)
    return _send(call, "groupchat", fields)


@answers(Messages.send_to_chatrooms)
def send_to_chatrooms(call: Call) -> dict[str, Any]:
    """Send to rooms."""
    fields = call.fields()
    read_level(fields)
    return _send(call, "chatroom", fields)


@answers(Messages.broadcast_to_chatrooms)
def broadcast_to_chatrooms(call: Call) -> dict[str, Any]:
    """Send to all active rooms."""
    if call.settings.plan in _NO_BROADCASTS:
        raise forbidden(f"broadcasts are not part of the {call.settings.plan} plan")
    fields = call.fields()
    sender = _sender(fields)
    level = read_level(fields)
    kind, body = _inline(fields.object("msg"), "msg", TYPES)
    ext = fields.optional_object("ext")
    fields.flag("sync_device", default=False)
    fields.end()
    check_size(body, ext, call.settings.too_large)
    call.state.mutes.refuse_muted(sender, "chatroom")
    number = call.state.messages.broadcast(Draft(sender, kind, body, ext), level, call.state.rooms.peopled())
    return call.envelope(*APP, *PLACE, entities=[], data={"id": number})


@answers(Messages.get_history)
def get_history(call: Call) -> dict[str, Any]:
    """Give the address of the file of one hour."""
    hour = _history.parse_hour(call.values["time"])
    now = call.settings.now()
    if not _history.is_kept(hour, now, call.settings.limits.history_days):
        raise illegal(
            f"{call.settings.org}#{call.settings.app} {call.values['time']}: "
            "maybe chat message history is expired or unstored"
        )
    if not call.state.messages.any_in_hour(_history.start_ms(hour)):
        raise Refusal(404, "storage_object_not_found", "Failed to find chat message history download url")
    url = call.origin + _history.signed_path(call.values["time"], now, call.settings.certificate)
    return call.envelope(*APP, "uri", entities=[], data=[{"url": url}])


@answers(Messages.modify)
def modify(call: Call) -> dict[str, Any]:
    """Edit a message."""
    text = call.values["msg_id"]
    fields = call.fields()
    fields.optional_text("user", most=64)
    kind, body = _inline(fields.object("new_msg"), "new_msg", ("txt", "custom"))
    ext = fields.optional_object("new_ext")
    merge = fields.flag("is_combine_ext", default=True)
    fields.end()
    number = message_number(text)
    if number is None:
        raise Refusal(400, "InvalidMessageIdException", f"message id {text} is not a valid number")
    check_size(body, ext, call.settings.too_large)
    kept_ms = call.settings.limits.history_days * _DAY_MS
    call.state.messages.modify(number, kind, body, ext, merge_ext=merge, kept_ms=kept_ms)
    return call.envelope(*APP, *PLACE, entities=[], data="success")


@answers(Messages.recall)
def recall(call: Call) -> dict[str, Any]:
    """Take a message back; a failure is told inside a 200, in both places that samples have it."""
    fields = call.fields()
    if fields.has("msgs") and call.path.endswith("/recall"):
        return _recall_many(call, fields)
    result = _recalled(call, fields, fields.one_of("chat_type", *_CHAT_TYPES))
    if result["recalled"] == "yes":
        return call.envelope(*APP, *PLACE, entities=[], data=result)
    failure = {name: result[name] for name in ("msg_id", "recalled")}
    return call.envelope(*APP, *PLACE, entities=[], data=result, msgs=[failure])


@answers(Messages.delete_conversation)
def delete_conversation(call: Call) -> dict[str, Any]:
    """Drop a conversation on one side."""
    fields = call.fields()
    channel = fields.name("channel")
    kind = fields.one_of("type", "chat", "groupchat")
    delete_roam = fields.required_flag("delete_roam")
    fields.end()
    user = call.state.users.get(call.values["username"])
    call.state.conversations.delete(user["username"], kind, channel, delete_roam=delete_roam)
    return call.envelope(*APP, *PLACE, entities=[], data={"result": "ok"})


@answers(Messages.import_to_user, prepare=fetch)
def import_to_user(call: Call) -> dict[str, Any]:
    """Store an old message between users."""
    return _imported(call, "chat")


@answers(Messages.import_to_chatgroup, prepare=fetch)
def import_to_chatgroup(call: Call) -> dict[str, Any]:
    """Store an old message of a group."""
    return _imported(call, "groupchat")


def _send(call: Call, kind: str, fields: Fields) -> dict[str, Any]:
    to = fields.texts("to", most=MOST_TARGETS[kind])
    return sent(call, deliver(call, kind, draft_of(call, fields, kind), to))


def deliver(call: Call, kind: str, draft: Draft, to: Sequence[str]) -> dict[str, int]:
    """Send to users, groups or rooms, and return the id of the message of each."""
    state, only_online = call.state, "routetype" in draft.options
    if kind == "chat":
        names = {name: name.lower() for name in to}
        blocking = state.contacts.blocking(names.values(), draft.sender)
        ids = state.messages.send_to_users(draft, names.values(), only_online=only_online, blocking=blocking)
        return {name: ids[username] for name, username in names.items()}
    if kind == "groupchat":
        state.speaking.refuse_in_groups(draft.sender, to)
    else:
        state.speaking.refuse_in_rooms(draft.sender, to)
    return state.messages.send_to_many(draft, kind, to, only_online=only_online)


def read_level(fields: Fields) -> str:
    """Read how important a message to rooms is."""
    return fields.optional_one_of("chatroom_msg_level", *_LEVELS) or "normal"


def draft_of(call: Call, fields: Fields, chat_type: str) -> Draft:
    """Read what the three ways of sending have in common."""
    sender = _sender(fields)
    kind = fields.one_of("type", *TYPES)
    body = fields.object("body")
    ext = fields.optional_object("ext")
    options = dict[str, Any]()
    if fields.has("roam_ignore_users"):
        options["roam_ignore_users"] = fields.names("roam_ignore_users", most=_MAX_IGNORERS, least=0)
    if (route := fields.optional_one_of("routetype", "ROUTE_ONLINE")) is not None:
        options["routetype"] = route
    fields.flag("sync_device", default=False)
    _moment(fields)
    fields.end()
    check_content(kind, body)
    check_size(body, ext, call.settings.too_large)
    call.state.mutes.refuse_muted(sender, chat_type)
    return Draft(sender, kind, body, ext, options)


def _recall_many(call: Call, fields: Fields) -> dict[str, Any]:
    """Take several messages back, as older clients do, and tell of each what became of it."""
    msgs = fields.any("msgs")
    fields.end()
    if not isinstance(msgs, list):
        raise illegal("invalid request: msgs has to be an array")
    items: list[Any] = msgs  # pyright: ignore[reportUnknownVariableType]
    outcomes = list[dict[str, Any]]()
    for index, item in enumerate(items):
        one = Fields(item, strict=call.settings.strict, where=f"msgs[{index}]")
        result = _recalled(call, one, one.one_of("chat_type", *_CHAT_TYPES))
        outcomes.append({name: result[name] for name in ("msg_id", "recalled")})
    return call.envelope(*APP, *PLACE, entities=[], msgs=outcomes)


def _recalled(call: Call, fields: Fields, kind: str) -> dict[str, Any]:
    """Take the message back that the members of a body name, and describe the outcome; its attachment goes too."""
    text, to = fields.text("msg_id"), fields.name("to")
    sender = _sender(fields)
    fields.flag("sync_device", default=True)
    force = fields.flag("force", default=False)
    fields.end()
    number = message_number(text)
    files = [] if number is None else call.state.messages.attachments(number)
    outcome = call.state.messages.recall(number, to, kind, force=force, window=call.settings.limits.recall_seconds)
    if outcome == "yes":
        call.state.files.drop(files)
    return {"msg_id": text, "recalled": outcome, "from": sender, "to": to, "chattype": kind}


def _imported(call: Call, chat_type: str) -> dict[str, Any]:
    fields = call.fields()
    sender = fields.name("from", most=64)
    target = fields.name("target")
    kind = fields.one_of("type", *TYPES)
    body = fields.object("body")
    ext = fields.optional_object("ext")
    options = {
        "is_ack_read": fields.flag("is_ack_read", default=False),
        "need_download": fields.flag("need_download", default=False),
    }
    moment = _moment(fields)
    fields.end()
    check_content(kind, body)
    check_size(body, ext, call.settings.too_large)
    if options["need_download"] and "url" in body:
        body = keep(call, dict(body), sender)
    draft = Draft(sender, kind, body, ext, options)
    number = call.state.messages.import_one(draft, chat_type, target, moment)
    return call.envelope(*APP, *PLACE, entities=[], data={"msg_id": str(number)})


def _sender(fields: Fields) -> str:
    sender = fields.optional_text("from", most=64)
    if sender == "":
        raise illegal("'From' can't be empty")
    return sender.lower() if sender else _ADMIN


def _moment(fields: Fields) -> int | None:
    moment = fields.whole("msg_timestamp")
    if moment is not None and not 0 <= moment <= _LAST_MS:
        raise illegal("invalid request: msg_timestamp has to be milliseconds since 1970")
    return moment


def _inline(content: Mapping[str, Any], where: str, types: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    """Read a message whose type stands beside its members."""
    body = dict(content)
    kind = body.pop("type", None)
    if kind not in types:
        raise illegal(f"invalid request: {where}.type has to be one of {', '.join(types)}")
    check_content(kind, body)
    return kind, body


def sent(call: Call, ids: Mapping[str, int]) -> dict[str, Any]:
    """Answer with the ids of messages, by receiver."""
    data = {recipient: str(number) for recipient, number in ids.items()}
    return call.envelope(*APP, *PLACE, entities=[], data=data)
