"""Answers of the group `presence`: bare results without an envelope, and errors without a name."""

from __future__ import annotations

import re
from typing import Any, Final

from agora_chat_async.api.presence import Presence
from agora_chat_async.emulator._call import Answers, Call
from agora_chat_async.emulator._errors import Refusal, illegal
from agora_chat_async.emulator._fields import Fields

answers = Answers()

_MAX_USERS: Final = 100
_MAX_EXT_BYTES: Final = 1024
_DEFAULT_PAGE: Final = 1
_MAX_PAGE: Final = 500
_LAST_PAGE: Final = 1 << 31
_MANY: Final = 1 << 53
_DEVICE: Final = re.compile(r"(android|ios|webim|web|win|linux|other)(_.+)?")
_NUMBER: Final = re.compile(r"[0-9]{1,20}")


class _Reason(Refusal):
    """An error without a name, that is told where the result would stand and where errors have their description."""

    def __init__(self, description: str) -> None:
        super().__init__(400, "", description)

    def body(self, *, timestamp: int, duration: int) -> dict[str, Any]:
        return {
            "result": self.description,
            "error_description": self.description,
            "timestamp": timestamp,
            "duration": duration,
        }


def _too_many_queries() -> Refusal:
    return _Reason("too many queries")


@answers(Presence.set_status)
def set_status(call: Call) -> dict[str, Any]:
    """Set the state of one device."""
    fields = call.fields()
    ext = fields.optional_text("ext")
    fields.end()
    if not ext:
        raise illegal("ext cannot be null")
    if len(ext.encode()) > _MAX_EXT_BYTES:
        raise _Reason("ext is too big")
    if not _DEVICE.fullmatch(call.values["resource"]):
        raise _Reason("resource not exist")
    user = call.state.users.find(call.values["username"])
    if user is None or not _NUMBER.fullmatch(call.values["status"]):
        raise _Reason("set presence failed")
    call.state.presence.set_status(user["username"], call.values["resource"], call.values["status"], ext)
    return {"result": "ok"}


@answers(Presence.subscribe)
def subscribe(call: Call) -> dict[str, Any]:
    """Subscribe to users."""
    names = _usernames(call.fields(), "too many sub presence")
    if not _NUMBER.fullmatch(call.values["expiry"]):
        raise illegal(f"invalid request: expiry has to be a number of seconds, got {call.values['expiry']}")
    username = call.values["username"]
    if username in names:
        raise _Reason("you can't sub yourself")
    if call.state.users.find(username) is None:
        return {"result": []}
    expiry = call.state.presence.subscribe(username, names, int(call.values["expiry"]))
    return {"result": [{**one, "expiry": str(expiry)} for one in call.state.presence.get(names)]}


@answers(Presence.get_status, too_fast=_too_many_queries)
def get_status(call: Call) -> dict[str, Any]:
    """The presence of users; an unknown asker learns nothing."""
    names = _usernames(call.fields(), "too many get presences")
    known = call.state.users.find(call.values["username"]) is not None
    return {"result": call.state.presence.get(names) if known else []}


@answers(Presence.unsubscribe)
def unsubscribe(call: Call) -> dict[str, Any]:
    """End subscriptions."""
    names = _usernames(Fields({"usernames": call.body}, strict=True), "too many unsub presences")
    call.state.presence.unsubscribe(call.values["username"], names)
    return {"result": "ok"}


@answers(Presence.list_subscriptions, too_fast=_too_many_queries)
def list_subscriptions(call: Call) -> dict[str, Any]:
    """One page of a user's subscriptions."""
    query = call.query("pageNum", "pageSize")
    number = call.limit(query, "pageNum", default=1, most=_LAST_PAGE)
    size = call.limit(query, "pageSize", default=_DEFAULT_PAGE, most=_MAX_PAGE)
    total, page = call.state.presence.subscriptions(call.values["username"], number, size)
    rows = [{"uid": one.username, "expiry": str(one.expiry)} for one in page]
    return {"result": {"totalnum": str(total), "sublist": rows}}


def _usernames(fields: Fields, too_many: str) -> list[str]:
    names = fields.names("usernames", most=_MANY, least=0)
    fields.end()
    if not names:
        raise illegal("usernames cannot be null")
    if len(names) > _MAX_USERS:
        raise _Reason(too_many)
    return names
