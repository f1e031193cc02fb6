"""Fault 26: answers of another shape than documented. tests/unit/test_answers.py does this to all operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from raw_server import always, answer, raw_server

from agora_chat_async import Page, Session, StaticToken, errors, to_dict
from agora_chat_async.models.messages import RecallResult
from agora_chat_async.models.presence import UserPresence
from agora_chat_async.models.push import PushResult
from agora_chat_async.models.users import User
from agora_chat_async.push_payload import PushMessage

_MESSAGE = PushMessage(title="t", content="c")

Call = Callable[[Session], Any]


async def asked(body: object, call: Call) -> Any:
    async with raw_server() as server, Session("o", "a", host=server.url, token=StaticToken("t")) as chat:
        server.respond = always(answer(200, orjson.dumps(body)))
        return await call(chat)


def user(**members: object) -> dict[str, Any]:
    return {"entities": [{"username": "anna", **members}]}


@pytest.mark.parametrize(
    ("body", "call", "expected"),
    [
        # an unknown value of an enum
        ({"data": {"anna": "away"}}, lambda chat: chat.users.get_online_status("anna"), "away"),
        (
            {"data": {"msg_id": "1", "recalled": "yes", "chattype": "thread"}},
            lambda chat: chat.messages.recall("1", "ben", "chat"),
            RecallResult(msg_id="1", recalled="yes", chat_type="thread"),
        ),
        # null
        (user(nickname=None, created=None), lambda chat: chat.users.get("anna"), User(username="anna")),
        ({"data": None}, lambda chat: chat.user_attributes.get("anna"), {}),
        ({"data": {"mail": None, "sign": "x"}}, lambda chat: chat.user_attributes.get("anna"), {"sign": "x"}),
        (
            {"data": {"anna": None, "ben": {"mail": None}}},
            lambda chat: chat.user_attributes.get_many(["anna", "ben"], ["mail"]),
            {"ben": {}},
        ),
        ({"data": None}, lambda chat: chat.contacts.list("anna"), ()),
        ({"data": ["ben", None]}, lambda chat: chat.contacts.list("anna"), ("ben",)),
        ({"data": {"announcement": None}}, lambda chat: chat.rooms.get_announcement("1"), ""),
        ({"data": None}, lambda chat: chat.rooms.get_announcement("1"), ""),
        # numbers as text, and text as numbers
        (user(created="15"), lambda chat: chat.users.get("anna"), User(username="anna", created=15)),
        (user(nickname=7), lambda chat: chat.users.get("anna"), User(username="anna", nickname="7")),
        (user(activated="true"), lambda chat: chat.users.get("anna"), User(username="anna", activated=True)),
        ({"data": {"anna": "3"}}, lambda chat: chat.users.count_offline_messages("anna"), 3),
        # an object alone, and a list of it
        ({"entities": {"username": "anna"}}, lambda chat: chat.users.list(), Page((User(username="anna"),))),
        (
            {"data": {"pushStatus": "SUCCESS"}},
            lambda chat: chat.push.send_to_users(["anna"], _MESSAGE),
            (PushResult(status="SUCCESS"),),
        ),
        (
            {"data": {"anna": "online", "ben": "offline"}},
            lambda chat: chat.users.get_online_status_many(["anna", "ben"]),
            {"anna": "online", "ben": "offline"},
        ),
        (
            {"data": [{"anna": "online"}, {"ben": "offline"}]},
            lambda chat: chat.users.get_online_status_many(["anna", "ben"]),
            {"anna": "online", "ben": "offline"},
        ),
        (
            {"result": {"uid": "ben", "status": [{"web": 1}, {"ios": "100"}]}},
            lambda chat: chat.presence.get_status("anna", ["ben"]),
            (UserPresence(username="ben", status={"web": "1", "ios": "100"}),),
        ),
        ({"data": []}, lambda chat: chat.messages.get_history("2026112510"), None),
    ],
)
async def test_fault_26_is_read_all_the_same(body: object, call: Call, expected: object) -> None:
    """What is meant is clear, and what is null is not there."""
    assert await asked(body, call) == expected


async def test_fault_26_what_fits_nowhere_is_kept() -> None:
    """Unknown members, and known ones that hold something else, are in `extra` at their own level."""
    device = {"device_Id": "d", "model": {"name": "x"}}
    got = await asked(user(created="soon", level=[1], pushInfo=[device]), lambda chat: chat.users.get("anna"))
    assert got.created is None
    assert got.extra == {"created": "soon", "level": [1]}
    assert got.push_info[0].extra == {"model": {"name": "x"}}
    assert to_dict(got) == {"username": "anna", "created": "soon", "level": [1], "pushInfo": [device]}


async def test_fault_26_the_rest_of_the_envelope_is_told() -> None:
    """What stands beside the result is in a page's `extra`, and for any result in the call's meta."""
    body = {**user(), "count": 1, "new": {"a": [1]}}
    page = await asked(body, lambda chat: chat.users.list())
    assert page.extra == {"count": 1, "new": {"a": [1]}}
    result = await asked(body, lambda chat: chat.with_meta(chat.users.get("anna")))
    assert result.meta.envelope == body


@pytest.mark.parametrize(
    ("body", "call"),
    [
        ({"entities": [{"username": ["anna"]}]}, lambda chat: chat.users.get("anna")),
        ({"data": {"a": "online", "b": "online"}}, lambda chat: chat.users.get_online_status("a")),
        ({"data": [{"anna": 1}, {"anna": 2}]}, lambda chat: chat.users.get_online_status_many(["anna"])),
        ({"entities": [], "cursor": {"a": 1}}, lambda chat: chat.users.list()),
        ({"data": {"anna": "many"}}, lambda chat: chat.users.count_offline_messages("anna")),
    ],
)
async def test_fault_26_what_cannot_be_meant_is_refused(body: object, call: Call) -> None:
    """A key that is none, or two values where one was asked for."""
    with pytest.raises(errors.DecodeError):
        await asked(body, call)
