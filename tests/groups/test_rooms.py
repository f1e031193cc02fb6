"""Chat rooms, through a session against the emulator."""

from __future__ import annotations

import re

import pytest

from agora_chat_async import Text, errors
from agora_chat_async.models.members import Member
from agora_chat_async.models.rooms import JoinedRoom, RoomDetails, RoomSummary


async def make(chat, name: str = "room", owner: str = "anna", **more: object) -> str:
    return await chat.rooms.create(name, description="for all", owner=owner, **more)


async def members(chat, room: str) -> list[str]:
    return [member.username async for member in chat.room_members.list(room)]


async def test_create_and_get(chat, clock):
    """A room is as it was made, with what the service adds."""
    before = int(clock() * 1000)
    room = await make(chat, max_users=5, members=["carl", "bob"], custom="blue")
    assert re.fullmatch("[0-9]{15}", room)
    (details,) = await chat.rooms.get([room])
    assert before <= details.created <= int(clock() * 1000)
    assert details.created_at.timestamp() == details.created / 1000
    assert details == RoomDetails(
        id=room,
        name="room",
        description="for all",
        owner="anna",
        max_users=5,
        created=details.created,
        custom="blue",
        mute=False,
        members_count=3,
        members=(
            Member(username="carl", role="member"),
            Member(username="bob", role="member"),
            Member(username="anna", role="owner"),
        ),
        members_only=False,
        allow_invites=False,
        public=True,
    )
    (details,) = await chat.rooms.get([await make(chat)])
    assert (details.max_users, details.custom, details.members_count) == (1000, "", 1)


async def test_create_refused(chat):
    """Unknown users and too many members make no room."""
    for people in ({"owner": "eve"}, {"members": ["eve"]}):
        with pytest.raises(errors.NotFound, match="404 resource_not_found"):
            await make(chat, **people)
    with pytest.raises(errors.LimitReached, match="403 exceed_limit"):
        await make(chat, max_users=2, members=["bob", "carl"])
    body = {"name": "r", "description": "d", "owner": "anna"}
    wrong = (
        *({name: value for name, value in body.items() if name != missing} for missing in body),
        *({**body, "maxusers": number} for number in (0, 10_001, "5")),
        {**body, "name": "x" * 129},
        {**body, "description": "x" * 513},
        {**body, "members": []},
        {**body, "colour": "red"},
    )
    for one in wrong:
        with pytest.raises(errors.IllegalArgument, match="400 invalid_parameter"):
            await chat.request("POST", "/chatrooms", json=one)
    with pytest.raises(errors.LimitReached, match="403 exceed_limit"):
        await chat.request("POST", "/chatrooms", json={**body, "maxusers": 1, "members": ["bob", "carl"]})
    assert [room async for room in chat.rooms.list()] == []


@pytest.mark.parametrize("emulator_settings", [{"limits": {"rooms": 2, "room_members": 2, "rooms_per_user": 1}}])
async def test_plan_limits(chat):
    """The plan says how many rooms there are, how many members each has, and in how many a user is."""
    with pytest.raises(errors.LimitReached):
        await make(chat, members=["bob", "carl"])
    room = await make(chat, members=["bob"])
    with pytest.raises(errors.ForbiddenOperation, match="is full"):
        await chat.room_members.add(room, "carl")
    with pytest.raises(errors.LimitReached, match="joined too many"):
        await make(chat)
    other = await make(chat, owner="carl")
    for call in (chat.room_members.add(other, "anna"), chat.room_members.add_many(other, ["anna"])):
        with pytest.raises(errors.LimitReached, match="joined too many"):
            await call
    with pytest.raises(errors.LimitReached, match="created too many"):
        await make(chat, owner="dora")


async def test_list(chat):
    """Newest first, page after page, and resumed from a cursor."""
    rooms = [await make(chat, f"room {number}") for number in range(25)]
    listed = [room async for room in chat.rooms.list(limit=10)]
    assert [room.id for room in listed] == rooms[::-1]
    assert listed[0] == RoomSummary(id=rooms[-1], name="room 24", owner="anna", members_count=1, disabled=False)
    page = await chat.rooms.list(limit=10)
    assert (len(page), page.extra["count"], page.extra["params"]) == (10, 10, {"limit": ["10"]})
    assert [room.id async for room in chat.rooms.list(limit=10, cursor=page.cursor)] == rooms[14::-1]
    assert (await chat.rooms.list(limit=25)).cursor is None
    assert (await chat.request("GET", "/chatrooms")).json()["count"] == 10
    for query in ({"limit": 0}, {"limit": 101}, {"limit": "x"}, {"cursor": "x"}, {"colour": "red"}):
        with pytest.raises(errors.IllegalArgument, match="400 illegal_argument"):
            await chat.request("GET", "/chatrooms", query=query)


async def test_list_joined(chat):
    """What was joined last comes first, by page number or the newest ones at once."""
    rooms = [await make(chat, f"room {number}") for number in range(5)]
    for room in reversed(rooms):
        await chat.room_members.add(room, "bob")
    joined = [room async for room in chat.rooms.list_joined("bob", page_size=2)]
    assert [room.id for room in joined] == rooms
    assert joined[0] == JoinedRoom(id=rooms[0], name="room 0", disabled=False)
    assert [room.id async for room in chat.rooms.list_joined("bob", page=2, page_size=2)] == rooms[2:]
    assert [room.id for room in await chat.rooms.list_joined("anna")] == rooms[::-1]
    assert [room async for room in chat.rooms.list_joined("carl")] == []
    assert (await chat.request("GET", "/users/bob/joined_chatrooms")).json()["count"] == 5
    with pytest.raises(errors.NotFound, match="404 service_resource_not_found"):
        await chat.rooms.list_joined("eve")


async def test_get_some_of_many(chat):
    """Rooms that are not there are left out; with none at all it is an error."""
    rooms = [await make(chat) for _ in range(3)]
    found = await chat.rooms.get([rooms[2], "1", rooms[0], rooms[0]])
    assert [room.id for room in found] == [rooms[2], rooms[0]]
    with pytest.raises(errors.NotFound, match="404 service_resource_not_found"):
        await chat.rooms.get(["1", "2"])
    with pytest.raises(errors.IllegalArgument):
        await chat.request("GET", "/chatrooms/" + ",".join(map(str, range(101))))


async def test_update(chat):
    """What is given changes and is confirmed, by the names of the parameters; the rest stays."""
    room = await make(chat)
    assert await chat.rooms.update(room, name="hall", max_users=7) == {"name": True, "max_users": True}
    assert await chat.rooms.update(room, description="new") == {"description": True}
    (details,) = await chat.rooms.get([room])
    assert (details.name, details.description, details.max_users) == ("hall", "new", 7)
    with pytest.raises(errors.NotFound, match="404 service_resource_not_found"):
        await chat.rooms.update("1", name="hall")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "400 illegal_argument"),
        ({"name": ""}, "400 illegal_argument"),
        ({"maxusers": "7"}, "400 illegal_argument"),
        ({"name": "n", "newowner": "bob"}, "400 invalid_parameter"),
        ({"custom": "c"}, "400 invalid_parameter"),
        ({"name": "x" * 129}, "403 exceed_limit"),
        ({"description": "x" * 513}, "403 exceed_limit"),
        ({"maxusers": 10_001}, "403 exceed_limit"),
    ],
)
async def test_update_refused(chat, body, error):
    """No other members, and none beyond its bounds."""
    room = await make(chat)
    with pytest.raises(errors.APIError, match=error):
        await chat.request("PUT", f"/chatrooms/{room}", json=body)
    assert (await chat.rooms.get([room]))[0].name == "room"


async def test_delete(chat):
    """Everything of a room goes but its messages; a second time it is not there."""
    room, other = await make(chat, members=["bob"]), await make(chat)
    await chat.room_attributes.set(room, "bob", {"colour": "blue"})
    await chat.room_mutes.mute(room, ["bob"], mute_duration=-1)
    await chat.messages.send_to_chatrooms([room], Text("hi"))
    assert await chat.rooms.delete(room) is True
    assert [left.id async for left in chat.rooms.list()] == [other]
    assert [left.id async for left in chat.rooms.list_joined("bob")] == []
    for call in (
        chat.rooms.delete(room),
        chat.rooms.get([room]),
        chat.room_members.list_admins(room),
        chat.room_attributes.get(room),
        chat.room_mutes.list(room),
    ):
        with pytest.raises(errors.NotFound, match="404 service_resource_not_found"):
            await call


async def test_deleting_leaves_no_rows(chat, emulator):
    """Neither members nor attributes nor lists of a deleted room stay behind."""
    room = await make(chat, members=["bob"])
    await chat.room_attributes.set(room, "bob", {"colour": "blue"}, auto_delete=False)
    await chat.room_blocks.add(room, "bob")
    await chat.rooms.delete(room)
    tables = await emulator.state.database.run(emulator.state.counts)
    assert {name: tables[name] for name in ("rooms", "room_members", "room_attributes", "member_lists")} == {
        "rooms": 0,
        "room_members": 0,
        "room_attributes": 0,
        "member_lists": 0,
    }


async def test_deleting_a_user(chat):
    """The rooms that the user owned go, and the user leaves all others."""
    own, other = await make(chat, members=["bob"]), await make(chat, owner="bob", members=["anna", "carl"])
    await chat.room_members.add_admin(other, "anna")
    await chat.users.delete("anna")
    assert [room.id async for room in chat.rooms.list()] == [other]
    assert await members(chat, other) == ["bob", "carl"]
    assert await chat.room_members.list_admins(other) == ()
    with pytest.raises(errors.NotFound):
        await chat.rooms.get([own])


async def test_announcement(chat):
    """Empty at first, then what was set last."""
    room = await make(chat)
    assert await chat.rooms.get_announcement(room) == ""
    assert await chat.rooms.set_announcement(room, "Welcome") is True
    assert await chat.rooms.get_announcement(room) == "Welcome"
    assert await chat.rooms.set_announcement(room, "") is True
    assert await chat.rooms.get_announcement(room) == ""
    with pytest.raises(errors.ForbiddenOperation, match="403 forbidden_op"):
        await chat.request("POST", f"/chatrooms/{room}/announcement", json={"announcement": "x" * 513})
    for call in (chat.rooms.get_announcement("1"), chat.rooms.set_announcement("1", "x")):
        with pytest.raises(errors.NotFound, match="404 service_resource_not_found"):
            await call


async def test_on_the_wire(wire):
    """Each operation as it is sent."""
    rooms = wire.chat.rooms
    wire.answers({"id": "1"})
    assert await rooms.create("n", description="d", owner="anna") == "1"
    assert wire.sent == ("POST", "/chatrooms", {"name": "n", "description": "d", "owner": "anna"})
    await rooms.create("n", description="d", owner="anna", max_users=5, members=("bob",), custom="c")
    assert wire.sent[2] == {
        "name": "n",
        "description": "d",
        "owner": "anna",
        "maxusers": 5,
        "members": ["bob"],
        "custom": "c",
    }
    wire.answers([])
    await rooms.list(cursor="c")
    assert wire.sent == ("GET", "/chatrooms?limit=100&cursor=c", None)
    await rooms.list_joined("anna", page=3)
    assert wire.sent == ("GET", "/users/anna/joined_chatrooms?pagenum=3&pagesize=1000", None)
    await rooms.get(["1", "2"])
    assert wire.sent == ("GET", "/chatrooms/1,2", None)
    wire.answers({"groupname": True, "description": False})
    assert await rooms.update("1", name="n", description="d") == {"name": True, "description": False}
    assert wire.sent == ("PUT", "/chatrooms/1", {"name": "n", "description": "d"})
    wire.answers({"success": True, "id": "1"})
    assert await rooms.delete("1") is True
    assert wire.sent == ("DELETE", "/chatrooms/1", None)
    wire.answers({"announcement": "a"})
    assert await rooms.get_announcement("1") == "a"
    assert wire.sent == ("GET", "/chatrooms/1/announcement", None)
    wire.answers({"id": "1", "result": True})
    assert await rooms.set_announcement("1", "a") is True
    assert wire.sent == ("POST", "/chatrooms/1/announcement", {"announcement": "a"})


async def test_other_shapes_of_answers(wire):
    """One room instead of a list of one, an owner among the members only, unknown members, and no announcement."""
    details = {"id": "1", "affiliations": [{"member": "bob"}, {"owner": "anna", "joined_time": 5}], "colour": "red"}
    wire.answers(details)
    (room,) = await wire.chat.rooms.get(["1"])
    assert (room.id, room.owner, room.members_count, room.extra) == ("1", "anna", None, {"colour": "red"})
    assert [(member.username, member.role) for member in room.members] == [("bob", "member"), ("anna", "owner")]
    assert room.members[1].joined_time == 5
    wire.answers([{"id": "1", "owner": "bob"}])
    (room,) = await wire.chat.rooms.get(["1"])
    assert (room.owner, room.members, room.extra) == ("bob", None, {})
    wire.answers({"id": "1", "name": "n"})
    assert (await wire.chat.rooms.list_joined("anna")).items == (JoinedRoom(id="1", name="n"),)
    for nothing in ({}, {"announcement": None}):
        wire.answers(nothing)
        assert await wire.chat.rooms.get_announcement("1") == ""
    wire.answers("nonsense")
    for call in (wire.chat.rooms.get(["1"]), wire.chat.rooms.get_announcement("1")):
        with pytest.raises(errors.DecodeError):
            await call


async def test_bad_arguments(wire):
    """They are refused before anything is sent."""
    rooms = wire.chat.rooms
    good = {"description": "d", "owner": "anna"}
    for call in (
        lambda: rooms.create("", **good),
        lambda: rooms.create("x" * 129, **good),
        lambda: rooms.create("n", **{**good, "description": "x" * 513}),
        lambda: rooms.create("n", **{**good, "owner": "x" * 65}),
        lambda: rooms.create("n", **good, max_users=10_001),
        lambda: rooms.create("n", **good, members=[]),
        lambda: rooms.create("n", **good, max_users=1, members=["bob", "carl"]),
        lambda: rooms.create("n", **good, custom="x" * 1025),
        lambda: rooms.list(limit=101),
        lambda: rooms.list_joined("anna", page=0),
        lambda: rooms.list_joined("anna", page_size=1001),
        lambda: rooms.get([]),
        lambda: rooms.get("12"),
        lambda: rooms.get(["1,2"]),
        lambda: rooms.get(["1"] * 101),
        lambda: rooms.update("1"),
        lambda: rooms.update("1", max_users=0),
        lambda: rooms.delete(".."),
        lambda: rooms.set_announcement("1", "x" * 513),
    ):
        with pytest.raises(errors.InvalidArgument):
            await call()
    assert wire.server.requests == []
