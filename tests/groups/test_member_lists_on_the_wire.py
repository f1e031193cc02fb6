"""What the operations on mute, block and allow lists send, refuse to send, and make of the answers."""

from __future__ import annotations

import pytest

from agora_chat_async import errors
from agora_chat_async.models.lists import GroupListChange, Mute, MuteChange, RoomListChange

NAMES = {"usernames": ["bob", "carl"]}
TOO_MANY = [f"user-{number}" for number in range(61)]

CALLS = [
    (
        "mutes",
        "mute",
        (["bob", "carl"],),
        {"mute_duration": 60_000},
        "POST",
        "/mute",
        {**NAMES, "mute_duration": 60_000},
    ),
    ("mutes", "unmute", (["bob", "c/d"],), {}, "DELETE", "/mute/bob,c%2Fd", None),
    ("mutes", "list", (), {}, "GET", "/mute", None),
    ("mutes", "mute_all", (), {}, "POST", "/ban", None),
    ("mutes", "unmute_all", (), {}, "DELETE", "/ban", None),
    ("blocks", "add", ("bob",), {}, "POST", "/blocks/users/bob", None),
    ("blocks", "add_many", (["bob", "carl"],), {}, "POST", "/blocks/users", NAMES),
    ("blocks", "remove", ("b/b",), {}, "DELETE", "/blocks/users/b%2Fb", None),
    ("blocks", "remove_many", (["bob", "carl"],), {}, "DELETE", "/blocks/users/bob,carl", None),
    ("allowlist", "list", (), {}, "GET", "/white/users", None),
    ("allowlist", "add", ("bob",), {}, "POST", "/white/users/bob", None),
    ("allowlist", "add_many", (["bob", "carl"],), {}, "POST", "/white/users", NAMES),
    ("allowlist", "remove", (["bob", "carl"],), {}, "DELETE", "/white/users/bob,carl", None),
]
LISTED = {"list", "mute", "unmute", "add_many", "remove_many"}


@pytest.mark.parametrize(("kind", "root"), [("group", "/chatgroups/1"), ("room", "/chatrooms/1")])
async def test_requests(wire, kind, root):
    """Each call becomes one request: method, path and body as the service wants them."""
    for group, name, values, options, method, path, body in CALLS:
        member_of_list = name in LISTED or (group, name) == ("allowlist", "remove")
        wire.answers({"mute": True} if name.endswith("mute_all") else [] if member_of_list else {"user": "bob"})
        await getattr(getattr(wire.chat, f"{kind}_{group}"), name)("1", *values, **options)
        assert wire.sent == (method, root + path, body)
    assert len(wire.server.requests) == len(CALLS)


async def test_requests_for_block_lists(wire):
    """Those of groups come by page, those of rooms at once."""
    wire.answers(["bob"], cursor="c")
    first = await wire.chat.group_blocks.list("1", page_size=1)
    assert wire.sent == ("GET", "/chatgroups/1/blocks/users?pageSize=1", None)
    wire.answers(["carl"])
    assert [name async for name in wire.chat.group_blocks.list("1", cursor=first.cursor)] == ["carl"]
    assert wire.sent == ("GET", "/chatgroups/1/blocks/users?pageSize=50&cursor=c", None)
    assert await wire.chat.room_blocks.list("1") == ("carl",)
    assert wire.sent == ("GET", "/chatrooms/1/blocks/users", None)


async def test_one_object_or_a_list(wire):
    """What is answered as an object for one name and as a list for several is read in both shapes."""
    told = {"result": True, "action": "remove_blocks", "user": "bob", "groupid": "1"}
    change = GroupListChange(user="bob", result=True, action="remove_blocks", group_id="1")
    for data in (told, [told]):
        wire.answers(data)
        assert await wire.chat.group_blocks.remove("1", "bob") == change
        assert await wire.chat.group_blocks.remove_many("1", ["bob"]) == (change,)
        assert await wire.chat.group_allowlist.remove("1", ["bob"]) == (change,)
    wire.answers({"result": False, "user": "bob", "chatroomid": "1", "reason": "why", "new": 1})
    (told_in_room,) = await wire.chat.room_allowlist.remove("1", ["bob"])
    assert told_in_room == RoomListChange(user="bob", result=False, reason="why", chatroom_id="1", extra={"new": 1})


async def test_ends_of_mutes(wire):
    """A moment is given where the calendar has it."""
    wire.answers([{"user": "anna", "expire": 1_600_000_000_000}, {"user": "bob", "expire": 1 << 62}, {"user": "carl"}])
    mutes = await wire.chat.group_mutes.list("1")
    assert mutes[1:] == (Mute(user="bob", expire=1 << 62), Mute(user="carl"))
    assert [mute.expire_at and mute.expire_at.isoformat() for mute in mutes] == [
        "2020-09-13T12:26:40+00:00",
        None,
        None,
    ]
    wire.answers([{"result": True, "user": "anna"}])
    assert await wire.chat.room_mutes.unmute("1", ["anna"]) == (MuteChange(user="anna", result=True),)


@pytest.mark.parametrize("kind", ["group", "room"])
async def test_bad_arguments(wire, kind):
    """They are refused before anything is sent."""
    mutes, blocks, allowed = (getattr(wire.chat, f"{kind}_{name}") for name in ("mutes", "blocks", "allowlist"))
    calls = [
        mutes.mute("1", [], mute_duration=1),
        mutes.mute("1", "bob", mute_duration=1),
        mutes.mute("1", TOO_MANY, mute_duration=1),
        mutes.mute("1", ["bob"], mute_duration=-2),
        mutes.mute("1", ["bob"], mute_duration=1.5),
        mutes.mute("", ["bob"], mute_duration=1),
        mutes.unmute("1", TOO_MANY),
        mutes.unmute("1", ["a,b"]),
        mutes.list(".."),
        blocks.add("1", ""),
        blocks.add("1", "a" * 65),
        blocks.add_many("1", TOO_MANY),
        blocks.remove("1", "a,b"),
        blocks.remove_many("1", ["a,b"]),
        blocks.remove_many("1", []),
        allowed.add("1", "."),
        allowed.add_many("1", TOO_MANY),
        allowed.remove("1", TOO_MANY),
    ]
    for call in calls:
        with pytest.raises(errors.InvalidArgument):
            await call
    for page_size in (0, 51):
        with pytest.raises(errors.InvalidArgument, match="page_size"):
            wire.chat.group_blocks.list("1", page_size=page_size)
    assert wire.server.requests == []
