"""Global mutes, through a session against the emulator."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agora_chat_async import Text, errors
from agora_chat_async.models.mutes import MuteEntry


async def left(chat, name: str) -> tuple[int | None, ...]:
    status = await chat.mutes.get(name)
    return status.chat, status.groupchat, status.chatroom


async def test_set_and_get(chat, clock):
    """Each kind of chat is muted apart, counts down, ends, is lifted, or lasts for ever."""
    assert await left(chat, "anna") == (0, 0, 0)
    await chat.mutes.set("anna", chat=100, groupchat=-1)
    status = await chat.mutes.get("anna")
    assert status.userid == "demo-org#demo-app_anna"
    assert status.chat in {99, 100}
    assert (status.groupchat, status.chatroom) == (-1, 0)
    assert abs((status.unixtime_at - datetime.now(UTC)).total_seconds()) < 60
    clock.advance(60)
    await chat.mutes.set("anna", chatroom=2_147_483_647)
    assert (await left(chat, "anna"))[0] in {39, 40}
    clock.advance(60)
    await chat.mutes.set("anna", groupchat=0)
    assert (await left(chat, "anna"))[:2] == (0, 0)
    await chat.mutes.set("anna", chat=5)
    await chat.mutes.set("anna")
    assert (await left(chat, "anna"))[0] in {4, 5}, "a kind that is left out keeps its state"


async def test_other_negative_numbers_are_ignored(chat):
    """The service takes them and does nothing."""
    await chat.mutes.set("anna", chat=-1)
    await chat.request("POST", "/mutes", json={"username": "anna", "chat": -7})
    assert await left(chat, "anna") == (-1, 0, 0)


async def test_list(chat, clock):
    """One entry for each user and kind, page after page, those that are over too."""
    for name in ("anna", "bob", "carl"):
        await chat.mutes.set(name, chat=50, chatroom=-1)
    await chat.mutes.set("bob", chat=0)
    await chat.mutes.set("dora", groupchat=0)
    clock.advance(51)
    entries = [entry async for entry in chat.mutes.list(page_size=4)]
    assert entries == [
        entry
        for name in ("anna", "bob", "carl")
        for entry in (MuteEntry(username=name, chat=0), MuteEntry(username=name, chatroom=-1))
    ]
    first = await chat.mutes.list(page_size=4)
    assert (len(first), first.cursor) == (4, "2")
    assert first.extra["data"]["unixtime"] > 1_700_000_000
    assert [entry.username for entry in await chat.mutes.list(page=2, page_size=5)] == ["carl"]
    assert (await chat.mutes.list(page=3)).items == ()
    assert len((await chat.request("GET", "/mutes")).json()["data"]["data"]) == 6


async def test_muted_users_cannot_send(chat, clock):
    """A mute stops REST messages of its kind with that sender, until it is over."""
    await chat.mutes.set("anna", chat=30)
    with pytest.raises(errors.ForbiddenOperation) as caught:
        await chat.messages.send_to_users(["bob"], Text("hi"), sender="anna")
    assert caught.value.status == 403
    await chat.messages.send_to_users(["bob"], Text("hi"), sender="carl")
    await chat.messages.send_to_users(["bob"], Text("hi"))
    await chat.messages.send_to_chatgroups(["1"], Text("hi"), sender="anna")
    await chat.mutes.set("anna", groupchat=-1, chatroom=-1)
    for call in (
        lambda: chat.messages.send_to_chatgroups(["1"], Text("hi"), sender="anna"),
        lambda: chat.messages.send_to_chatrooms(["1"], Text("hi"), sender="anna"),
        lambda: chat.messages.broadcast_to_chatrooms(Text("hi"), sender="anna"),
    ):
        with pytest.raises(errors.ForbiddenOperation):
            await call()
    clock.advance(31)
    await chat.messages.send_to_users(["bob"], Text("hi"), sender="anna")
    assert await chat.users.count_offline_messages("bob") == 3


async def test_unknown_users(chat):
    """The service answers 400, with a name of its own."""
    for call in (lambda: chat.mutes.set("nobody", chat=1), lambda: chat.mutes.get("nobody")):
        with pytest.raises(errors.NotFound) as caught:
            await call()
        assert (caught.value.status, caught.value.error) == (400, "required_property_not_found")


async def test_mutes_go_with_their_user(chat):
    """A user of the same name begins without any."""
    await chat.mutes.set("anna", chat=-1)
    await chat.users.delete("anna")
    assert [entry async for entry in chat.mutes.list()] == []
    await chat.users.create("anna")
    assert await left(chat, "anna") == (0, 0, 0)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"username": ""},
        {"username": "x" * 65},
        {"username": "anna", "chat": "100"},
        {"username": "anna", "chat": 1 << 31},
        {"username": "anna", "group": 1},
    ],
)
async def test_the_service_judges_bodies(chat, body):
    """Whoever sent it."""
    with pytest.raises(errors.IllegalArgument):
        await chat.request("POST", "/mutes", json=body)


async def test_wire_of_set(wire):
    """Kinds that are left out are not sent, 0 and -1 are."""
    wire.answers({"result": "ok"})
    assert await wire.chat.mutes.set("anna", chat=0, chatroom=-1) is None
    assert wire.sent == ("POST", "/mutes", {"username": "anna", "chat": 0, "chatroom": -1})


async def test_wire_of_get(wire):
    """Kinds may be missing, and what has no field is kept."""
    wire.answers({"userid": "anna", "chat": 96, "unixtime": 1_700_000_000, "reason": "x"})
    status = await wire.chat.mutes.get("an/na")
    assert wire.sent == ("GET", "/mutes/an%2Fna", None)
    assert (status.userid, status.chat, status.groupchat, status.extra) == ("anna", 96, None, {"reason": "x"})
    assert status.unixtime_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


async def test_wire_of_list(wire):
    """The list lies one level deeper than elsewhere, and an entry may have several kinds."""
    wire.answers({"data": [{"username": "anna", "chat": 1, "groupchat": 2}], "unixtime": 7})
    page = await wire.chat.mutes.list(page=3, page_size=1)
    assert wire.sent == ("GET", "/mutes?pageNum=3&pageSize=1", None)
    assert (page.items, page.cursor) == ((MuteEntry(username="anna", chat=1, groupchat=2),), "4")
    await wire.chat.mutes.list()
    assert wire.sent[1] == "/mutes?pageNum=1&pageSize=50"


@pytest.mark.parametrize(
    "call",
    [
        lambda m: m.set("x" * 65, chat=1),
        lambda m: m.set("anna", chat=-2),
        lambda m: m.set("anna", groupchat=1 << 31),
        lambda m: m.set("anna", chatroom=1.5),
        lambda m: m.set("anna", chat=True),
        lambda m: m.get(""),
        lambda m: m.list(page=0),
        lambda m: m.list(page_size=51),
    ],
)
async def test_bad_arguments_are_not_sent(wire, call):
    """What breaks a documented limit is refused before it is sent."""
    with pytest.raises(errors.InvalidArgument):
        await call(wire.chat.mutes)
    assert wire.server.requests == []
