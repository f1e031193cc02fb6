"""Group `reactions`."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from raw_server import answer

from agora_chat_async import NewUser, Session, Text, errors, from_dict
from agora_chat_async.emulator import Emulator
from agora_chat_async.models.messages import ChatType
from agora_chat_async.models.reactions import MessageReactions, Reaction, ReactionDetail, ReactionSummary

ILLEGAL = "the user operation is illegal!"


async def send(chat: Session, to: str = "bob") -> str:
    """Send a message of anna to a user."""
    return (await chat.messages.send_to_users([to], Text("hi"), sender="anna"))[to]


async def send_to_group(chat: Session, group: str) -> str:
    """Send a message of anna to a group."""
    return (await chat.messages.send_to_chatgroups([group], Text("hi"), sender="anna"))[group]


async def refused(call: Awaitable[Any], description: str) -> errors.APIError:
    """Await a call that the service refuses in the words that it documents."""
    with pytest.raises(errors.APIError) as caught:
        await call
    assert (caught.value.status, caught.value.error) == (400, "Bad Request"), caught.value
    assert caught.value.description == description
    return caught.value


async def reactions_to(chat: Session, message: str, user: str = "anna") -> list[ReactionSummary]:
    """Fetch the reactions to a one-to-one message."""
    (found,) = await chat.reactions.list(user, [message], "chat")
    assert found.msg_id == message
    return [*found.reactions]


async def test_add(chat: Session, clock: Any) -> None:
    """The first use of an emoji makes a reaction, which the next user joins."""
    message = await send(chat)
    first = await chat.reactions.add("anna", message, "emoji_40 👍")
    assert int(first.id) > 1 << 53
    assert (first.msg_id, first.msg_type, first.group_id) == (message, ChatType.CHAT, None)
    assert (first.reaction, first.created, first.extra) == ("emoji_40 👍", first.updated, {})
    assert first.created_at is not None
    assert abs((datetime.now(UTC) - first.created_at).total_seconds()) < 60
    clock.advance(60)
    second = await chat.reactions.add("bob", message, "emoji_40 👍")
    assert (second.id, second.created) == (first.id, first.created)
    assert second.updated_at is not None
    assert (second.updated_at - first.created_at).total_seconds() >= 60
    (summary,) = await reactions_to(chat, message)
    assert summary == ReactionSummary(
        reaction="emoji_40 👍", reaction_id=first.id, count=2, state=True, usernames=("anna", "bob")
    )


async def test_add_to_a_group_message(chat: Session) -> None:
    """Members of the group may react, and the reaction tells its group."""
    group = await chat.groups.create("anna", public=True, members=["bob", "carl"])
    message = await send_to_group(chat, group)
    reaction = await chat.reactions.add("carl", message, "ok")
    assert (reaction.msg_type, reaction.group_id) == (ChatType.GROUPCHAT, group)
    await refused(chat.reactions.add("dora", message, "ok"), ILLEGAL)
    (found,) = await chat.reactions.list("bob", [message], ChatType.GROUPCHAT, group_id=group)
    assert [(one.reaction, one.state) for one in found.reactions] == [("ok", False)]
    for kind, where in (("chat", None), ("groupchat", "7")):
        (found,) = await chat.reactions.list("bob", [message], kind, group_id=where)
        assert found.reactions == ()


async def test_add_refused(chat: Session) -> None:
    """A second time, by strangers, to rooms and to unknown messages nothing is added."""
    message = await send(chat)
    room = (await chat.messages.send_to_chatrooms(["7"], Text("hi"), sender="anna"))["7"]
    await chat.reactions.add("anna", message, "ok")
    twice = await refused(chat.reactions.add("anna", message, "ok"), "the user is already operation this message")
    assert isinstance(twice, errors.AlreadyExists)
    for user, to in (("carl", message), ("nobody", message), ("anna", room), ("anna", "7"), ("anna", "no number")):
        await refused(chat.reactions.add(user, to, "ok"), ILLEGAL)
    (summary,) = await reactions_to(chat, message)
    assert summary.count == 1


async def test_twenty_reactions(chat: Session) -> None:
    """A message holds 20 emojis, however many users each has, and a removed one frees its place."""
    message = await send(chat)
    for number in range(20):
        await chat.reactions.add("anna", message, f"e{number}")
    await refused(chat.reactions.add("anna", message, "e20"), "The quantity has exceeded the limit!")
    await chat.reactions.add("bob", message, "e0")
    await chat.reactions.remove("anna", message, "e1")
    await chat.reactions.add("anna", message, "e20")
    assert [one.reaction for one in await reactions_to(chat, message)] == ["e0", *(f"e{n}" for n in range(2, 21))]


async def test_list(chat: Session, emulator: Emulator) -> None:
    """Each message has its item, also one without reactions, and at most three users are named."""
    await chat.users.create_many([NewUser(f"u{number}") for number in range(3)])
    group = await chat.groups.create("anna", public=True, members=["bob", "u0", "u1", "u2"])
    first, second = await send_to_group(chat, group), await send_to_group(chat, group)
    for user in ("u2", "u1", "bob", "u0", "anna"):
        await chat.reactions.add(user, first, "ok")
    found = await chat.reactions.list("u0", [first, second, "7"], "groupchat", group_id=group)
    assert found[1:] == (MessageReactions(msg_id=second), MessageReactions(msg_id="7"))
    (summary,) = found[0].reactions
    assert (summary.count, summary.state, summary.usernames) == (5, True, ("u2", "u1", "bob"))
    (entry,) = emulator.log.requests(route="GET /reaction/user/{}")
    assert entry["target"].endswith(f"/reaction/user/u0?msgIdList={first},{second},7&msgType=groupchat&groupId={group}")


async def test_list_refused(chat: Session) -> None:
    """The service itself takes 20 messages at most, and group messages with their group only."""
    path = "/reaction/user/anna"
    query = {"msgIdList": ",".join(map(str, range(21))), "msgType": "chat"}
    await refused(chat.request("GET", path, query=query), "msgIdList exceeds the maximum number limit")
    query = {"msgIdList": "1", "msgType": "groupchat"}
    await refused(chat.request("GET", path, query=query), "groupId can not be null!")
    for wrong in ({"msgType": "chat"}, {"msgIdList": "1"}, {"msgIdList": "1", "msgType": "chatroom"}):
        with pytest.raises(errors.IllegalArgument):
            await chat.request("GET", path, query=wrong)


async def test_remove(chat: Session, emulator: Emulator) -> None:
    """Only the user's own emoji goes, and a reaction without users is none."""
    message = await send(chat)
    for user in ("anna", "bob"):
        await chat.reactions.add(user, message, "😀,&")
    await chat.reactions.remove("anna", message, "😀,&")
    (summary,) = await reactions_to(chat, message)
    assert (summary.count, summary.state, summary.usernames) == (1, False, ("bob",))
    await refused(chat.reactions.remove("anna", message, "😀,&"), ILLEGAL)
    await refused(chat.reactions.remove("bob", "7", "😀,&"), ILLEGAL)
    await chat.reactions.remove("bob", message, "😀,&")
    assert await reactions_to(chat, message) == []
    (entry,) = emulator.log.requests(route="DELETE /reaction/user/{}", limit=1)
    assert entry["target"].endswith(f"/reaction/user/bob?msgId={message}&message=%F0%9F%98%80,%26")


async def test_get_detail(chat: Session) -> None:
    """All users are listed in the order in which they reacted, and each page tells of the reaction itself."""
    group = await chat.groups.create("anna", public=True, members=["bob", "carl"])
    message = await send_to_group(chat, group)
    for user in ("carl", "anna", "bob"):
        await chat.reactions.add(user, message, "ok")
    listing = chat.reactions.get_detail("anna", message, "ok", limit=2)
    page = await listing
    assert page.items == ("carl", "anna")
    detail = from_dict(page.extra["data"], ReactionDetail)
    assert (detail.reaction, detail.count, detail.user_count, detail.users_in_all) == ("ok", 3, 3, 3)
    assert (detail.state, detail.usernames, detail.cursor) == (True, ("carl", "anna"), page.cursor)
    assert [name async for name in listing] == ["bob"]
    assert [name async for name in chat.reactions.get_detail("anna", message, "ok", cursor=page.cursor)] == ["bob"]
    assert [name async for name in chat.reactions.get_detail("dora", message, "ok")] == ["carl", "anna", "bob"]
    assert [name async for name in chat.reactions.get_detail("anna", message, "no")] == []


async def test_get_detail_refused(chat: Session) -> None:
    """The service itself gives at most 50 users a page."""
    path, query = "/reaction/user/anna/detail", {"msgId": "1", "message": "ok"}
    too_many = "Limit exceeds the maximum quantity limit"
    await refused(chat.request("GET", path, query={**query, "limit": 51}), too_many)
    for wrong in ({**query, "limit": 0}, {**query, "cursor": "x", "user": "y"}, {"msgId": "1"}):
        with pytest.raises(errors.IllegalArgument):
            await chat.request("GET", path, query=wrong)


async def test_recalled_messages_lose_their_reactions(chat: Session, emulator: Emulator) -> None:
    """Nothing is left of them, and other messages keep theirs."""
    message, other = await send(chat), await send(chat)
    for one in (message, other):
        await chat.reactions.add("bob", one, "ok")
    assert (await chat.messages.recall(message, "bob", "chat")).ok
    assert await reactions_to(chat, message) == []
    assert len(await reactions_to(chat, other)) == 1
    await refused(chat.reactions.add("anna", message, "ok"), ILLEGAL)
    rows = await emulator.state.database.run(emulator.state.counts)
    assert (rows["reactions"], rows["reaction_users"]) == (1, 1)


async def test_deleted_users_take_their_reactions_along(chat: Session, emulator: Emulator) -> None:
    """Reactions of others stay, also to what the user wrote; messages to the user go with theirs."""
    to_bob, to_carl = await send(chat, "bob"), await send(chat, "carl")
    for user, message in (("anna", to_bob), ("anna", to_carl), ("carl", to_carl)):
        await chat.reactions.add(user, message, "ok")
    await chat.users.delete("bob")
    assert await reactions_to(chat, to_bob) == []
    await chat.users.delete("anna")
    (summary,) = await reactions_to(chat, to_carl)
    assert (summary.count, summary.usernames) == (1, ("carl",))
    rows = await emulator.state.database.run(emulator.state.counts)
    assert (rows["reactions"], rows["reaction_users"]) == (1, 1)


async def test_on_the_wire(wire: Any) -> None:
    """Method, path and body of each call, and what becomes of answers with more or less than is documented."""
    chat: Session = wire.chat
    wire.answers({"id": 946463470818405943, "createdAt": "2022-02-24T10:57:43.138934Z", "updatedAt": "?", "new": 1})
    reaction = await chat.reactions.add("a/b", "1", "ok")
    assert wire.sent == ("POST", "/reaction/user/a%2Fb", {"msgId": "1", "message": "ok"})
    assert (reaction.id, reaction.extra, reaction.updated_at) == ("946463470818405943", {"new": 1}, None)
    assert reaction.created_at == datetime(2022, 2, 24, 10, 57, 43, 138934, UTC)
    wire.answers([{"msgId": "1", "reactionList": None}])
    assert await chat.reactions.list("anna", ["1"], "chat") == (MessageReactions(msg_id="1"),)
    assert wire.sent == ("GET", "/reaction/user/anna?msgIdList=1&msgType=chat", None)
    wire.answers()
    await chat.reactions.remove("anna", "1", "ok")
    assert wire.sent == ("DELETE", "/reaction/user/anna?msgId=1&message=ok", None)
    wire.answers({"reaction": "ok", "userCount": 1, "userList": ["anna"], "cursor": 946463471296555192})
    page = await chat.reactions.get_detail("anna", "1", "ok")
    assert (page.items, page.cursor) == (("anna",), "946463471296555192")
    assert from_dict(page.extra["data"], ReactionDetail).users_in_all == 1
    assert wire.sent == ("GET", "/reaction/user/anna/detail?msgId=1&message=ok&limit=50", None)


@pytest.mark.parametrize("member", ["error_description", "error_desc", "requestStatusCode"])
async def test_the_reason_of_a_refusal(wire: Any, member: str) -> None:
    """It is found in each of the members in which the service may put it."""
    text = "the user is already operation this message"

    async def respond(_: object) -> bytes:
        return answer(400, json.dumps({member: text, "timestamp": 1}).encode())

    wire.server.respond = respond
    with pytest.raises(errors.AlreadyExists, match=text):
        await wire.chat.reactions.add("anna", "1", "ok")
    assert len(wire.server.requests) == 1


def test_times_without_zone_are_in_utc() -> None:
    """Every moment that comes out has a zone."""
    assert Reaction(id="1", created="2022-02-24T10:57:43").created_at == datetime(2022, 2, 24, 10, 57, 43, tzinfo=UTC)
    assert Reaction(id="1").created_at is None


REFUSED_HERE: dict[str, Callable[[Session], Any]] = {
    "no user": lambda chat: chat.reactions.add("", "1", "ok"),
    "long user": lambda chat: chat.reactions.add("a" * 65, "1", "ok"),
    "no message": lambda chat: chat.reactions.add("anna", "", "ok"),
    "no emoji": lambda chat: chat.reactions.add("anna", "1", ""),
    "long emoji": lambda chat: chat.reactions.remove("anna", "1", "x" * 129),
    "no messages": lambda chat: chat.reactions.list("anna", [], "chat"),
    "many messages": lambda chat: chat.reactions.list("anna", ["1"] * 21, "chat"),
    "one text": lambda chat: chat.reactions.list("anna", "1", "chat"),
    "comma": lambda chat: chat.reactions.list("anna", ["1,2"], "chat"),
    "room": lambda chat: chat.reactions.list("anna", ["1"], ChatType.CHATROOM),
    "group without id": lambda chat: chat.reactions.list("anna", ["1"], "groupchat"),
    "page too large": lambda chat: chat.reactions.get_detail("anna", "1", "ok", limit=51),
}


@pytest.mark.parametrize("call", REFUSED_HERE.values(), ids=REFUSED_HERE.keys())
async def test_refused_before_sending(wire: Any, call: Callable[[Session], Any]) -> None:
    """What breaks a documented limit is never sent."""
    with pytest.raises(errors.InvalidArgument):
        await call(wire.chat)
    assert not wire.server.requests
