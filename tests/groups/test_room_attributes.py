"""Attributes of chat rooms, through a session against the emulator."""

from __future__ import annotations

import pytest

from agora_chat_async import errors
from agora_chat_async.models.room_attributes import RoomAttributesChange


@pytest.fixture
async def room(chat) -> str:
    """A room of anna's, with bob in it."""
    return await chat.rooms.create("room", description="for all", owner="anna", members=["bob"])


async def test_set_and_get(chat, room):
    """Attributes are added and overwritten; all of them are read, or some."""
    change = await chat.room_attributes.set(room, "bob", {"b.1": "blue", "a-2": "", "c_3": "x" * 4096})
    assert change == RoomAttributesChange(done=("b.1", "a-2", "c_3"))
    assert change.ok
    await chat.room_attributes.set(room, "bob", {"b.1": "Grün"})
    assert await chat.room_attributes.get(room) == {"b.1": "Grün", "a-2": "", "c_3": "x" * 4096}
    assert await chat.room_attributes.get(room, keys=["a-2", "none", "b.1"]) == {"a-2": "", "b.1": "Grün"}
    assert await chat.room_attributes.get(room, keys=["none"]) == {}
    assert len(await chat.room_attributes.get(room, keys=[])) == 3


async def test_attributes_of_others(chat, room):
    """Each belongs to who set it: others neither set nor remove it, except by force."""
    await chat.room_attributes.set(room, "anna", {"k": "anna's"})
    change = await chat.room_attributes.set(room, "bob", {"k": "bob's", "own": "bob's"})
    assert (change.done, change.failed.keys(), change.ok) == (("own",), {"k"}, False)
    change = await chat.room_attributes.remove(room, "bob", ["k", "own", "none"])
    assert (change.done, change.failed.keys()) == (("own",), {"k", "none"})
    assert await chat.room_attributes.get(room) == {"k": "anna's"}
    assert (await chat.room_attributes.force_set(room, "bob", {"k": "bob's"})).ok
    assert not (await chat.room_attributes.set(room, "anna", {"k": "anna's"})).ok, "it is bob's now"
    change = await chat.room_attributes.force_remove(room, "admin", ["none", "k"])
    assert (change.done, change.failed.keys()) == (("k",), {"none"})
    assert await chat.room_attributes.get(room) == {}


@pytest.mark.parametrize("forced", ["", "/forced"])
async def test_limits_of_single_attributes(chat, room, forced):
    """What breaks a limit fails alone, and all together still answer 200."""
    path = f"/metadata/chatroom/{room}/user/bob{forced}"
    wrong = {"": "x", "ä": "x", "k" * 129: "x", "long": "x" * 4097, "number": 1}
    data = (await chat.request("PUT", path, json={"metaData": {**wrong, "fine": "x"}})).json()["data"]
    assert data["successKeys"] == ["fine"]
    assert data["errorKeys"].keys() == wrong.keys()
    data = (await chat.request("PUT", path, json={"metaData": wrong})).json()["data"]
    assert data["successKeys"] == []
    assert await chat.room_attributes.get(room) == {"fine": "x"}


async def test_no_more_than_100(chat, room):
    """New keys fail in a full room, old ones do not."""
    for ten in range(0, 100, 10):
        change = await chat.room_attributes.set(room, "bob", {f"k{ten + number}": "x" for number in range(10)})
        assert change.ok
    change = await chat.room_attributes.set(room, "bob", {"k100": "x", "k99": "y"})
    assert (change.done, change.failed.keys()) == (("k99",), {"k100"})
    assert len(await chat.room_attributes.get(room, keys=[f"k{number}" for number in range(100)])) == 100


@pytest.mark.parametrize("leave", ["remove", "remove_many", "block", "delete"])
async def test_auto_delete(chat, room, leave):
    """Attributes go with their owner, unless they are to stay; the last setting counts."""
    await chat.room_attributes.set(room, "anna", {"anna": "x"})
    await chat.room_attributes.set(room, "bob", {"goes": "x"})
    await chat.room_attributes.set(room, "bob", {"stays": "x"}, auto_delete=False)
    await chat.room_attributes.set(room, "bob", {"changed": "x"}, auto_delete=False)
    await chat.room_attributes.set(room, "bob", {"changed": "x"}, auto_delete=True)
    await chat.room_attributes.force_set(room, "bob", {"forced": "x"}, auto_delete=False)
    if leave == "remove":
        await chat.room_members.remove(room, "bob")
    elif leave == "remove_many":
        await chat.room_members.remove_many(room, ["carl", "bob"])
    elif leave == "block":
        await chat.room_blocks.add(room, "bob")
    else:
        await chat.users.delete("bob")
    assert (await chat.room_attributes.get(room)).keys() == {"anna", "stays", "forced"}


async def test_outsiders(chat, room):
    """Who is not in the room changes nothing; the answer's 401 is no fault of the token."""
    attributes = chat.room_attributes
    for call in (
        attributes.set(room, "carl", {"k": "v"}),
        attributes.force_set(room, "carl", {"k": "v"}),
        attributes.remove(room, "carl", ["k"]),
    ):
        with pytest.raises(errors.ForbiddenOperation, match="401 MetadataException"):
            await call
    assert (await attributes.force_remove(room, "carl", ["k"])).failed.keys() == {"k"}


async def test_an_outsider_costs_one_request(chat, room, emulator):
    """No new token is fetched, and nothing is sent again."""
    before = len(emulator.log)
    with pytest.raises(errors.ForbiddenOperation):
        await chat.room_attributes.set(room, "carl", {"k": "v"})
    assert len(emulator.log) == before + 1


async def test_unknown_rooms(chat):
    """Each operation says that there is none."""
    attributes = chat.room_attributes
    for call in (
        attributes.get("1"),
        attributes.set("1", "bob", {"k": "v"}),
        attributes.force_set("1", "bob", {"k": "v"}),
        attributes.remove("1", "bob", ["k"]),
        attributes.force_remove("1", "bob", ["k"]),
    ):
        with pytest.raises(errors.NotFound, match="404 service_resource_not_found"):
            await call


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("PUT", {}),
        ("PUT", {"metaData": {}}),
        ("PUT", {"metaData": {f"k{number}": "v" for number in range(11)}}),
        ("PUT", {"metaData": {"k": "v"}, "autoDelete": "true"}),
        ("PUT", {"metaData": {"k": "v"}, "colour": "red"}),
        ("DELETE", {}),
        ("DELETE", {"keys": []}),
        ("DELETE", {"keys": [f"k{number}" for number in range(11)]}),
        ("DELETE", {"keys": ["k"], "colour": "red"}),
    ],
)
async def test_refused_bodies(chat, room, method, body):
    """Too few, too many, or what the operation does not have."""
    for forced in ("", "/forced"):
        with pytest.raises(errors.IllegalArgument, match="400 illegal_argument"):
            await chat.request(method, f"/metadata/chatroom/{room}/user/bob{forced}", json=body)


async def test_on_the_wire(wire):
    """Each operation as it is sent, the removals with a body too."""
    attributes = wire.chat.room_attributes
    wire.answers({"successKeys": ["a"], "errorKeys": {"b": "why"}, "colour": "red"})
    expected = RoomAttributesChange(done=("a",), failed={"b": "why"}, extra={"colour": "red"})
    assert await attributes.set("1", "bob", {"a": "x", "b": "y"}) == expected
    assert wire.sent == ("PUT", "/metadata/chatroom/1/user/bob", {"metaData": {"a": "x", "b": "y"}})
    assert await attributes.force_set("1", "bob", {"a": "x"}, auto_delete=True) == expected
    assert wire.sent == (
        "PUT",
        "/metadata/chatroom/1/user/bob/forced",
        {"metaData": {"a": "x"}, "autoDelete": "DELETE"},
    )
    await attributes.set("1", "bob", {"a": "x"}, auto_delete=False)
    assert wire.sent[2] == {"metaData": {"a": "x"}, "autoDelete": "NO_DELETE"}
    assert await attributes.remove("1", "bob", ["a"]) == expected
    assert wire.sent == ("DELETE", "/metadata/chatroom/1/user/bob", {"keys": ["a"]})
    assert wire.server.requests[-1].header("content-type") == "application/json"
    assert await attributes.force_remove("1", "admin", ("a", "b")) == expected
    assert wire.sent == ("DELETE", "/metadata/chatroom/1/user/admin/forced", {"keys": ["a", "b"]})
    wire.answers({"a": "x"})
    assert await attributes.get("1") == {"a": "x"}
    assert wire.sent == ("POST", "/metadata/chatroom/1", {})
    assert await attributes.get("1", keys=["a"]) == {"a": "x"}
    assert wire.sent == ("POST", "/metadata/chatroom/1", {"keys": ["a"]})


@pytest.mark.parametrize(
    ("data", "ok"), [({"successKeys": ["a"]}, True), ({"errorKeys": {"a": "why"}}, False), ({}, True)]
)
async def test_either_part_may_be_missing(wire, data, ok):
    """Some answers tell only what was done, or only what failed."""
    wire.answers(data)
    assert (await wire.chat.room_attributes.remove("1", "bob", ["a"])).ok is ok


async def test_bad_arguments(wire):
    """They are refused before anything is sent."""
    attributes = wire.chat.room_attributes
    for call in (
        lambda: attributes.set("1", "bob", {}),
        lambda: attributes.set("1", "bob", {f"k{number}": "v" for number in range(11)}),
        lambda: attributes.set("1", "bob", {"k" * 129: "v"}),
        lambda: attributes.set("1", "bob", {"ä": "v"}),
        lambda: attributes.set("1", "bob", {"k": "v" * 4097}),
        lambda: attributes.set("1", "bob", {"k": 1}),
        lambda: attributes.set("1", "bob", [("k", "v")]),
        lambda: attributes.set("1", "bob", {"k": "v"}, auto_delete="DELETE"),
        lambda: attributes.force_set("1", "", {"k": "v"}),
        lambda: attributes.get("1", keys="k"),
        lambda: attributes.get("1", keys=["k"] * 101),
        lambda: attributes.remove("1", "bob", []),
        lambda: attributes.remove("1", "bob", ["k"] * 11),
        lambda: attributes.force_remove("1", "..", ["k"]),
    ):
        with pytest.raises(errors.InvalidArgument):
            await call()
    assert wire.server.requests == []
