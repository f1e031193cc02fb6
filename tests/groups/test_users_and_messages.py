"""Users and messages: each call as it is on the wire, and what comes of it at the emulator, through a session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agora_chat_async import (
    Command,
    Custom,
    File,
    Image,
    ImageSize,
    Location,
    NewUser,
    Session,
    Text,
    Video,
    Voice,
    errors,
)

Call = Callable[[Session], Any]
SAYS = {"type": "txt", "body": {"msg": "hello"}}
HELLO = Text("hello")
USERS: list[tuple[Call, str, str, Any]] = [
    (lambda chat: chat.users.create("anna"), "POST", "/users", {"username": "anna"}),
    (
        lambda chat: chat.users.create("anna", password="p", nickname="A"),
        "POST",
        "/users",
        {"username": "anna", "password": "p", "nickname": "A"},
    ),
    (
        lambda chat: chat.users.create_many([NewUser("anna"), NewUser("bob", nickname="B")]),
        "POST",
        "/users",
        [{"username": "anna"}, {"username": "bob", "nickname": "B"}],
    ),
    (lambda chat: chat.users.get("anna"), "GET", "/users/anna", None),
    (lambda chat: chat.users.list(limit=2, cursor="c"), "GET", "/users?limit=2&cursor=c", None),
    (lambda chat: chat.users.delete("anna"), "DELETE", "/users/anna", None),
    (lambda chat: chat.users.delete_many(limit=3), "DELETE", "/users?limit=3", None),
    (lambda chat: chat.users.set_password("anna", "p"), "PUT", "/users/anna/password", {"newpassword": "p"}),
    (lambda chat: chat.users.ban("anna"), "POST", "/users/anna/deactivate", None),
    (lambda chat: chat.users.unban("anna"), "POST", "/users/anna/activate", None),
    (lambda chat: chat.users.disconnect("anna"), "GET", "/users/anna/disconnect", None),
    (lambda chat: chat.users.get_online_status("anna"), "GET", "/users/anna/status", None),
    (
        lambda chat: chat.users.get_online_status_many(["anna", "bob"]),
        "POST",
        "/users/batch/status",
        {"usernames": ["anna", "bob"]},
    ),
    (lambda chat: chat.users.count_offline_messages("anna"), "GET", "/users/anna/offline_msg_count", None),
    (
        lambda chat: chat.users.get_offline_message_status("anna", "1"),
        "GET",
        "/users/anna/offline_msg_status/1",
        None,
    ),
]
MESSAGES: list[tuple[Call, str, str, Any]] = [
    (
        lambda chat: chat.messages.send_to_users(["anna", "bob"], HELLO),
        "POST",
        "/messages/users",
        {"to": ["anna", "bob"], **SAYS},
    ),
    (
        lambda chat: chat.messages.send_to_users(
            ["anna"],
            HELLO,
            sender="bob",
            ext={"k": 1},
            roam_ignore_users=[],
            sync_device=True,
            route_type="ROUTE_ONLINE",
        ),
        "POST",
        "/messages/users",
        {
            "to": ["anna"],
            **SAYS,
            "from": "bob",
            "ext": {"k": 1},
            "roam_ignore_users": [],
            "sync_device": True,
            "routetype": "ROUTE_ONLINE",
        },
    ),
    (
        lambda chat: chat.messages.send_to_chatgroups(["1"], HELLO, need_group_ack=False),
        "POST",
        "/messages/chatgroups",
        {"to": ["1"], **SAYS, "need_group_ack": False},
    ),
    (
        lambda chat: chat.messages.send_to_chatrooms(["1"], HELLO, level="high"),
        "POST",
        "/messages/chatrooms",
        {"to": ["1"], **SAYS, "chatroom_msg_level": "high"},
    ),
    (
        lambda chat: chat.messages.broadcast_to_chatrooms(HELLO, sender="anna", level="low"),
        "POST",
        "/messages/chatrooms/broadcast",
        {"msg": {"type": "txt", "msg": "hello"}, "from": "anna", "chatroom_msg_level": "low"},
    ),
    (
        lambda chat: chat.messages.get_history(datetime(2018, 11, 27, 17, tzinfo=UTC)),
        "GET",
        "/chatmessages/2018112717",
        None,
    ),
    (
        lambda chat: chat.messages.modify("1", Custom("e", {"k": "v"}), user="anna", ext={"k": 1}, combine_ext=False),
        "PUT",
        "/messages/rewrite/1",
        {
            "new_msg": {"type": "custom", "customEvent": "e", "customExts": {"k": "v"}},
            "user": "anna",
            "new_ext": {"k": 1},
            "is_combine_ext": False,
        },
    ),
    (
        lambda chat: chat.messages.recall("1", "anna", "chat", sender="bob", sync_device=False, force=True),
        "POST",
        "/messages/msg_recall",
        {"msg_id": "1", "to": "anna", "chat_type": "chat", "from": "bob", "sync_device": False, "force": True},
    ),
    (
        lambda chat: chat.messages.delete_conversation("anna", "bob", "chat", delete_roam=True),
        "DELETE",
        "/users/anna/user_channel",
        {"channel": "bob", "type": "chat", "delete_roam": True},
    ),
    (
        lambda chat: chat.messages.import_to_user("anna", "bob", HELLO, is_ack_read=True, msg_timestamp=5),
        "POST",
        "/messages/users/import",
        {"from": "anna", "target": "bob", **SAYS, "is_ack_read": True, "msg_timestamp": 5},
    ),
    (
        lambda chat: chat.messages.import_to_chatgroup("anna", "1", HELLO, need_download=False, ext={"k": 1}),
        "POST",
        "/messages/chatgroups/import",
        {"from": "anna", "target": "1", **SAYS, "need_download": False, "ext": {"k": 1}},
    ),
]
CONTENTS: list[tuple[Any, dict[str, Any]]] = [
    (
        Image("u", filename="f", secret="s", size=ImageSize(3, 4)),
        {"type": "img", "body": {"url": "u", "filename": "f", "secret": "s", "size": {"width": 3, "height": 4}}},
    ),
    (Voice("u", length=3), {"type": "audio", "body": {"url": "u", "length": 3}}),
    (Video("u", thumb="t", length=0), {"type": "video", "body": {"url": "u", "thumb": "t", "length": 0}}),
    (File("u", "f"), {"type": "file", "body": {"url": "u", "filename": "f"}}),
    (Location("1", "2", "a"), {"type": "loc", "body": {"lat": "1", "lng": "2", "addr": "a"}}),
    (Command("do", {"k": 1}), {"type": "cmd", "body": {"action": "do", "param": {"k": 1}}}),
    (Custom("e", {"k": "v"}), {"type": "custom", "body": {"customEvent": "e", "customExts": {"k": "v"}}}),
]
ANSWERED = {
    "entities": [{"uuid": "u", "username": "anna"}],
    "cursor": None,
}


@pytest.mark.parametrize(("call", "method", "target", "body"), [*USERS, *MESSAGES])
async def test_on_the_wire(wire, call, method, target, body):
    """Method, target and body of each call; what the answer is decoded to, other tests tell."""
    data: Any = {"1": "1"}
    if target.endswith(("/disconnect", "/import")) or "broadcast" in target or "recall" in target:
        data = {"result": True, "msg_id": "1", "id": 1, "recalled": "yes"}
    elif "rewrite" in target:
        data = "success"
    elif "chatmessages" in target or "batch" in target or isinstance(body, list):
        data = []
    elif target.endswith("count"):
        data = {"anna": 1}
    wire.answers(data, entities=[{"uuid": "u", "username": "anna"}])
    await call(wire.chat)
    assert wire.sent == (method, target, body)


@pytest.mark.parametrize(("content", "sent"), CONTENTS)
async def test_contents_on_the_wire_and_at_the_emulator(wire, chat, content, sent):
    wire.answers({"anna": "1"})
    await wire.chat.messages.send_to_users(["anna"], content)
    assert wire.sent == ("POST", "/messages/users", {"to": ["anna"], **sent})
    assert list(await chat.messages.send_to_users(["anna"], content)) == ["anna"]


async def test_a_user_from_beginning_to_end(chat):
    """Registered, listed, banned, asked about, and deleted; afterwards nobody is there."""
    zoe = await chat.users.create("zoe", nickname="Z")
    assert (zoe.username, zoe.nickname, zoe.activated) == ("zoe", "Z", True)
    registration = await chat.users.create_many([NewUser("zoe"), NewUser("yan")])
    assert ([user.username for user in registration.created], registration.failed[0].username) == (["yan"], "zoe")
    assert [user.username async for user in chat.users.list(limit=2)][-2:] == ["zoe", "yan"]
    await chat.users.set_password("zoe", "secret")
    assert not (await chat.users.ban("zoe")).activated
    assert not (await chat.users.get("zoe")).activated
    await chat.users.unban("zoe")
    assert await chat.users.disconnect("zoe")
    assert await chat.users.get_online_status("zoe") == "offline"
    assert await chat.users.get_online_status_many(["zoe", "nobody"]) == {"zoe": "offline", "nobody": "offline"}
    sent = await chat.messages.send_to_users(["zoe"], HELLO)
    assert await chat.users.count_offline_messages("zoe") == 1
    assert await chat.users.get_offline_message_status("zoe", sent["zoe"]) == "undelivered"
    assert (await chat.users.delete("zoe")).nickname == "Z"
    for call in (
        lambda: chat.users.get("zoe"),
        lambda: chat.users.delete("zoe"),
        lambda: chat.users.set_password("zoe", "x"),
        lambda: chat.users.ban("zoe"),
        lambda: chat.users.unban("zoe"),
        lambda: chat.users.disconnect("zoe"),
        lambda: chat.users.get_online_status("zoe"),
        lambda: chat.users.count_offline_messages("zoe"),
        lambda: chat.users.get_offline_message_status("zoe", "1"),
        lambda: chat.messages.delete_conversation("zoe", "anna", "chat", delete_roam=True),
    ):
        with pytest.raises(errors.NotFound):
            await call()
    with pytest.raises(errors.AlreadyExists):
        await chat.users.create("yan")
    assert len((await chat.users.delete_many(limit=100)).items) == 5


async def test_a_message_from_beginning_to_end(chat, clock):
    """Sent, edited, found in the history, and recalled within two minutes only."""
    ids = await chat.messages.send_to_users(["anna", "bob"], HELLO, sender="carl")
    assert await chat.messages.modify(ids["anna"], Text("hi"), ext={"k": 1}) == "success"
    assert (await chat.messages.recall(ids["bob"], "bob", "chat")).ok
    again = await chat.messages.recall(ids["bob"], "bob", "chat")
    assert (again.ok, again.recalled) == (False, "not_found msg")
    clock.advance(121)
    late = await chat.messages.recall(ids["anna"], "anna", "chat")
    assert (late.ok, late.recalled) == (False, "exceed call time limit")
    with pytest.raises(errors.Expired):
        await chat.messages.modify(ids["bob"], Text("hi"))
    sent_at = datetime.fromtimestamp(clock(), UTC) - timedelta(seconds=121)
    with pytest.raises(errors.IllegalArgument):
        await chat.messages.get_history(sent_at)
    clock.advance(2 * 3600)
    assert (await chat.messages.get_history(sent_at)).url.startswith("http://127.0.0.1:")
    with pytest.raises(errors.NotFound):
        await chat.messages.get_history(sent_at - timedelta(hours=2))
    assert (await chat.messages.import_to_user("anna", "bob", HELLO, msg_timestamp=1_700_000_000_000)).isdigit()
    assert (await chat.messages.import_to_chatgroup("anna", "1", HELLO)).isdigit()
    await chat.messages.delete_conversation("anna", "bob", "chat", delete_roam=True)
    assert (await chat.messages.broadcast_to_chatrooms(HELLO)).isdigit()
