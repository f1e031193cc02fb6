"""Answers of the group `reactions`, whose envelope is not that of the others."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import Any, Final

from agora_chat_async.api.reactions import Reactions
from agora_chat_async.emulator._call import Answers, Call
from agora_chat_async.emulator._errors import illegal
from agora_chat_async.emulator._fields import message_number
from agora_chat_async.emulator._state.reactions import bad_request

answers = Answers()

_MAX_EMOJI: Final = 128
_MAX_MESSAGES: Final = 20
_MAX_PAGE: Final = 50
_SHOWN_USERS: Final = 3


@answers(Reactions.add)
def add(call: Call) -> dict[str, Any]:
    """Add an emoji to a message."""
    fields = call.fields()
    text, emoji = fields.text("msgId"), fields.text("message", most=_MAX_EMOJI)
    fields.end()
    reaction, message = call.state.reactions.add(call.values["user_id"], message_number(text), emoji)
    data = {
        "id": str(reaction["id"]),
        "msgId": str(message["id"]),
        "msgType": message["chat_type"],
        "groupId": message["recipient"] if message["chat_type"] == "groupchat" else None,
        "reaction": reaction["emoji"],
        "createdAt": _iso(reaction["created"]),
        "updatedAt": _iso(reaction["updated"]),
    }
    return _ok(call, data=data)


@answers(Reactions.list)
def list_reactions(call: Call) -> dict[str, Any]:
    """Tell the reactions to some messages."""
    query = call.query("msgIdList", "msgType", "groupId")
    ids, kind, group_id = _required(query, "msgIdList").split(","), _required(query, "msgType"), query.get("groupId")
    if len(ids) > _MAX_MESSAGES:
        raise bad_request("msgIdList exceeds the maximum number limit")
    if kind not in {"chat", "groupchat"}:
        raise illegal(f"invalid request: msgType has to be chat or groupchat, got {kind}")
    if kind == "groupchat" and not group_id:
        raise bad_request("groupId can not be null!")
    found = {text: call.state.reactions.of_conversation(message_number(text), kind, group_id) for text in ids}
    data = [
        {"msgId": text, "reactionList": [_summary(call, reaction) for reaction in reactions]}
        for text, reactions in found.items()
    ]
    return _ok(call, data=data)


@answers(Reactions.remove)
def remove(call: Call) -> dict[str, Any]:
    """Take back the emoji of one user."""
    query = call.query("msgId", "message")
    text, emoji = _required(query, "msgId"), _required(query, "message")
    call.state.reactions.remove(call.values["user_id"], message_number(text), emoji)
    return _ok(call)


@answers(Reactions.get_detail)
def get_detail(call: Call) -> dict[str, Any]:
    """Tell one page of the users who added an emoji; one that nobody added has none."""
    query = call.query("msgId", "message", "limit", "cursor")
    text, emoji = _required(query, "msgId"), _required(query, "message")
    limit = _limit(query)
    reaction = call.state.reactions.find(message_number(text), emoji)
    if reaction is None:
        return _ok(call, data={"reaction": emoji, "count": 0, "userCount": 0, "state": False, "userList": []})
    users = call.state.reactions.users(reaction, limit, query.get("cursor"))
    data = {**_summary(call, reaction), "userList": users.names}
    data["userCount"] = data["count"]
    if users.cursor is not None:
        data["cursor"] = users.cursor
    return _ok(call, data=data)


def _summary(call: Call, reaction: sqlite3.Row) -> dict[str, Any]:
    reactions = call.state.reactions
    return {
        "reactionId": str(reaction["id"]),
        "reaction": reaction["emoji"],
        "count": reactions.count_users(reaction),
        "state": reactions.has_added(reaction, call.values["user_id"]),
        "userList": reactions.users(reaction, _SHOWN_USERS).names,
    }


def _ok(call: Call, **payload: Any) -> dict[str, Any]:
    return {"requestStatusCode": "ok", "timestamp": int(call.settings.now() * 1000), **payload}


def _required(query: dict[str, str], name: str) -> str:
    if not query.get(name):
        raise illegal(f"invalid request: {name} is required")
    return query[name]


def _limit(query: dict[str, str]) -> int:
    text = query.get("limit", str(_MAX_PAGE))
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise illegal(f"invalid request: limit has to be a whole number, got {text}")
    if int(text) > _MAX_PAGE:
        raise bad_request("Limit exceeds the maximum quantity limit")
    return int(text)


def _iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
