"""Members of chat rooms, admins and super admins, through a session against the emulator."""

from __future__ import annotations

import pytest

from agora_chat_async import NewUser, errors
from agora_chat_async._endpoint import endpoint_of
from agora_chat_async.api.room_members import RoomMembers
from agora_chat_async.models.members import Member
from agora_chat_async.models.room_members import RoomMemberChange


@pytest.fixture
async def room(chat) -> str:
    """A room of anna's, with bob in it."""
    return await chat.rooms.create("room", description="for all", owner="anna", members=["bob"])


async def members(chat, room: str) -> list[str]:
    return [member.username async for member in chat.room_members.list(room)]


async def test_add(chat, room):
    """One user comes in, who must be registered and not be in yet."""
    change = await chat.room_members.add(room, "carl")
    assert change == RoomMemberChange(user="carl", result=True, action="add_member", chatroom_id=room)
    assert await members(chat, room) == ["anna", "bob", "carl"]
    with pytest.raises(errors.ForbiddenOperation, match="400 forbidden_op"):
        await chat.room_members.add(room, "carl")
    with pytest.raises(errors.IllegalArgument, match="400 illegal_argument"):
        await chat.room_members.add(room, "eve")
    with pytest.raises(errors.NotFound, match="404 service_resource_not_found"):
        await chat.room_members.add("1", "carl")


async def test_add_many(chat, room):
    """All come in or none; who is in already counts as let in."""
    assert await chat.room_members.add_many(room, ["carl", "bob", "carl"]) == ("carl", "bob")
    assert await members(chat, room) == ["anna", "bob", "carl"]
    with pytest.raises(errors.IllegalArgument, match="400 illegal_argument"):
        await chat.room_members.add_many(room, ["dora", "eve"])
    assert await members(chat, room) == ["anna", "bob", "carl"]
    with pytest.raises(errors.NotFound, match="404 service_resource_not_found"):
        await chat.room_members.add_many("1", ["dora"])
    with pytest.raises(errors.IllegalArgument, match="400 invalid_parameter"):
        await chat.request("POST", f"/chatrooms/{room}/users", json={"usernames": [f"u{n}" for n in range(61)]})


async def test_who_may_not_come_in(chat, room):
    """A blocked user, and nobody where the room is full."""
    await chat.room_blocks.add(room, "bob")
    for call in (chat.room_members.add(room, "bob"), chat.room_members.add_many(room, ["carl", "bob"])):
        with pytest.raises(errors.ForbiddenOperation, match="403 forbidden_op"):
            await call
    assert await members(chat, room) == ["anna"]
    await chat.rooms.update(room, max_users=2)
    with pytest.raises(errors.ForbiddenOperation, match="is full"):
        await chat.room_members.add_many(room, ["carl", "dora"])
    await chat.room_members.add(room, "carl")
    with pytest.raises(errors.ForbiddenOperation, match="is full"):
        await chat.room_members.add(room, "dora")
    assert await chat.room_members.add_many(room, ["carl"]) == ("carl",), "nobody new needs no place"


async def test_list(chat, room):
    """The owner first, then the others in the order of joining, page after page."""
    names = [f"user{number:02}" for number in range(20)]
    await chat.users.create_many([NewUser(name) for name in names])
    await chat.room_members.add_many(room, names)
    listed = [member async for member in chat.room_members.list(room, page_size=5)]
    assert [member.username for member in listed] == ["anna", "bob", *names]
    assert listed[:2] == [Member(username="anna", role="owner"), Member(username="bob", role="member")]
    page = await chat.room_members.list(room, page=2, page_size=5)
    assert (page.cursor, page.extra["count"]) == ("3", 5)
    assert page.extra["params"] == {"pagenum": ["2"], "pagesize": ["5"]}
    assert (await chat.request("GET", f"/chatrooms/{room}/users", query={"pagesize": 5000})).json()["count"] == 22
    with pytest.raises(errors.NotFound, match="404 service_resource_not_found"):
        await chat.room_members.list("1")


async def test_remove(chat, room):
    """A member is out, and may come in again; the owner stays."""
    await chat.room_members.add_admin(room, "bob")
    change = await chat.room_members.remove(room, "bob")
    assert change == RoomMemberChange(user="bob", result=True, action="remove_member", chatroom_id=room)
    assert await members(chat, room) == ["anna"]
    for name in ("bob", "anna"):
        with pytest.raises(errors.ForbiddenOperation, match="403 forbidden_op"):
            await chat.room_members.remove(room, name)
    with pytest.raises(errors.NotFound, match="404 resource_not_found"):
        await chat.room_members.remove(room, "eve")
    with pytest.raises(errors.NotFound, match="404 service_resource_not_found"):
        await chat.room_members.remove("1", "bob")
    await chat.room_members.add(room, "bob")
    assert await chat.room_members.list_admins(room) == ()


async def test_remove_many(chat, room):
    """Each user for itself, in the order asked; nobody at all is an error."""
    await chat.room_members.add(room, "carl")
    changes = await chat.room_members.remove_many(room, ["dora", "carl", "anna", "bob"])
    assert [(change.user, change.result) for change in changes] == [
        ("dora", False),
        ("carl", True),
        ("anna", False),
        ("bob", True),
    ]
    assert changes[0].reason == f"user: dora doesn't exist in group: {room}"
    assert changes[1] == RoomMemberChange(user="carl", result=True, action="remove_member", chatroom_id=room)
    assert await members(chat, room) == ["anna"]
    with pytest.raises(errors.ForbiddenOperation, match="403 forbidden_op"):
        await chat.room_members.remove_many(room, ["carl", "bob"])
    with pytest.raises(errors.NotFound, match="404 service_resource_not_found"):
        await chat.room_members.remove_many("1", ["carl", "bob"])
    many = ",".join(f"u{number}" for number in range(101))
    for names, error in ((many, "invalid_parameter"), ("carl,", "illegal_argument")):
        with pytest.raises(errors.IllegalArgument, match=f"400 {error}"):
            await chat.request("DELETE", f"/chatrooms/{room}/users/{names}")


async def test_remove_many_of_one(chat, room):
    """One name is answered with an object, which is read as a list of one."""
    assert [change.user for change in await chat.room_members.remove_many(room, ["bob"])] == ["bob"]


@pytest.mark.parametrize("emulator_settings", [{"limits": {"admins": 1}}])
async def test_admins(chat, room):
    """Members become admins and plain members again, as often as one likes, up to the most."""
    assert await chat.room_members.list_admins(room) == ()
    assert await chat.room_members.add_admin(room, "bob") is True
    assert await chat.room_members.add_admin(room, "bob") is True
    assert await chat.room_members.list_admins(room) == ("bob",)
    assert [member.role async for member in chat.room_members.list(room)] == ["owner", "member"]
    for name in ("carl", "anna"):
        with pytest.raises(errors.ForbiddenOperation, match="403 forbidden_op"):
            await chat.room_members.add_admin(room, name)
    await chat.room_members.add(room, "carl")
    with pytest.raises(errors.ForbiddenOperation, match="403 forbidden_op"):
        await chat.room_members.add_admin(room, "carl")
    assert await chat.room_members.remove_admin(room, "bob") is True
    assert await chat.room_members.list_admins(room) == ()
    assert await members(chat, room) == ["anna", "bob", "carl"]
    with pytest.raises(errors.ForbiddenOperation, match="403 forbidden_op"):
        await chat.room_members.remove_admin(room, "bob")


async def test_admins_of_nowhere(chat, room):
    """Rooms and users that are not there."""
    for call in (chat.room_members.add_admin(room, "eve"), chat.room_members.remove_admin(room, "eve")):
        with pytest.raises(errors.NotFound, match="404 resource_not_found"):
            await call
    for call in (
        chat.room_members.list_admins("1"),
        chat.room_members.add_admin("1", "bob"),
        chat.room_members.remove_admin("1", "bob"),
    ):
        with pytest.raises(errors.NotFound, match="404 service_resource_not_found"):
            await call


async def test_super_admins(chat):
    """Users of the app, in no room in particular, page after page, until they are deleted."""
    for name in ("anna", "bob", "carl", "bob"):
        assert await chat.room_members.add_super_admin(name) is True
    assert [name async for name in chat.room_members.list_super_admins(page_size=2)] == ["carl", "bob", "anna"]
    assert (await chat.room_members.list_super_admins(page=2, page_size=2)).items == ("anna",)
    await chat.room_members.remove_super_admin("anna")
    await chat.room_members.remove_super_admin("anna")
    await chat.users.delete("carl")
    assert [name async for name in chat.room_members.list_super_admins()] == ["bob"]
    for call in (chat.room_members.add_super_admin("eve"), chat.room_members.remove_super_admin("eve")):
        with pytest.raises(errors.NotFound, match="404 resource_not_found"):
            await call


async def test_unknown_members_are_refused(chat, room):
    """The emulator takes no member and no query parameter that an operation does not have."""
    for method, path, body in (
        ("POST", f"/chatrooms/{room}/users", {"usernames": ["carl"], "colour": "red"}),
        ("POST", f"/chatrooms/{room}/admin", {"newadmin": "bob", "colour": "red"}),
        ("POST", f"/chatrooms/{room}/admin", {}),
        ("POST", "/chatrooms/super_admin", {"superadmin": "bob", "colour": "red"}),
    ):
        with pytest.raises(errors.IllegalArgument, match="400 illegal_argument"):
            await chat.request(method, path, json=body)
    for path, query in ((f"/chatrooms/{room}/users", {"colour": "red"}), ("/chatrooms/super_admin", {"pagesize": "x"})):
        with pytest.raises(errors.IllegalArgument, match="400 illegal_argument"):
            await chat.request("GET", path, query=query)


async def test_on_the_wire(wire):
    """Each operation as it is sent."""
    members = wire.chat.room_members
    wire.answers({"result": True, "action": "add_member", "id": "1", "user": "bob", "colour": "red"})
    change = await members.add("1", "b b")
    assert change == RoomMemberChange(
        user="bob", result=True, action="add_member", chatroom_id="1", extra={"colour": "red"}
    )
    assert wire.sent == ("POST", "/chatrooms/1/users/b%20b", None)
    wire.answers({"newmembers": ["bob"]})
    assert await members.add_many("1", ["bob", "carl"]) == ("bob",)
    assert wire.sent == ("POST", "/chatrooms/1/users", {"usernames": ["bob", "carl"]})
    wire.answers([{"owner": "anna"}, {"member": "bob", "colour": "red"}])
    page = await members.list("1", page=2, page_size=9)
    assert page.items == (
        Member(username="anna", role="owner"),
        Member(username="bob", role="member", extra={"colour": "red"}),
    )
    assert wire.sent == ("GET", "/chatrooms/1/users?pagenum=2&pagesize=9", None)
    for data in ({"user": "bob", "result": False, "reason": "r"}, [{"user": "bob", "result": False, "reason": "r"}]):
        wire.answers(data)
        assert await members.remove("1", "bob") == RoomMemberChange(user="bob", result=False, reason="r")
        assert wire.sent == ("DELETE", "/chatrooms/1/users/bob", None)
        assert await members.remove_many("1", ["bob", "carl"]) == (
            RoomMemberChange(user="bob", result=False, reason="r"),
        )
        assert wire.sent == ("DELETE", "/chatrooms/1/users/bob,carl", None)
    wire.answers(["bob"])
    assert await members.list_admins("1") == ("bob",)
    assert wire.sent == ("GET", "/chatrooms/1/admin", None)
    wire.answers({"result": "success", "newadmin": "bob"})
    assert await members.add_admin("1", "bob") is True
    assert wire.sent == ("POST", "/chatrooms/1/admin", {"newadmin": "bob"})
    assert await members.remove_admin("1", "bob") is True
    assert wire.sent == ("DELETE", "/chatrooms/1/admin/bob", None)
    assert await members.add_super_admin("bob") is True
    assert wire.sent == ("POST", "/chatrooms/super_admin", {"superadmin": "bob"})
    wire.answers({"newSuperAdmin": "bob", "resource": ""})
    await members.remove_super_admin("bob")
    assert wire.sent == ("DELETE", "/chatrooms/super_admin/bob", None)
    wire.answers(["bob"])
    assert (await members.list_super_admins()).items == ("bob",)
    assert wire.sent == ("GET", "/chatrooms/super_admin?pagenum=1&pagesize=10", None)


@pytest.mark.parametrize(("result", "expected"), [("success", True), (True, True), ("failed", False), (False, False)])
async def test_results_in_words(wire, result, expected):
    """Changes of admins are confirmed in a word, or as true."""
    wire.answers({"result": result})
    assert await wire.chat.room_members.add_admin("1", "bob") is expected


async def test_bad_arguments(wire):
    """They are refused before anything is sent."""
    members = wire.chat.room_members
    for call in (
        lambda: members.add("1", ""),
        lambda: members.add("", "bob"),
        lambda: members.add_many("1", []),
        lambda: members.add_many("1", ["bob"] * 61),
        lambda: members.add_many("1", "bob"),
        lambda: members.list("1", page_size=1001),
        lambda: members.list("1", page=0),
        lambda: members.remove("1", "bob,carl"),
        lambda: members.remove_many("1", ["bob,carl"]),
        lambda: members.remove_many("1", ["bob"] * 101),
        lambda: members.remove_many("1", []),
        lambda: members.add_admin("1", "x" * 65),
        lambda: members.remove_admin("1", ".."),
        lambda: members.add_super_admin(""),
        lambda: members.remove_super_admin("."),
        lambda: members.list_super_admins(page_size=0),
    ):
        with pytest.raises(errors.InvalidArgument):
            await call()
    assert wire.server.requests == []


async def test_a_request_of_ones_own_shares_the_quota(wire):
    """The list of super admins is not taken for a room of that name."""
    wire.answers([])
    await wire.chat.request("GET", "/chatrooms/super_admin")
    used = {name: bucket.used for name, bucket in wire.chat.quotas.snapshot().items() if bucket.used}
    assert used == {endpoint_of(RoomMembers.list_super_admins).route: 1}
