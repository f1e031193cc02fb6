"""Members of groups, through a session against the emulator, and as they stand on the wire."""

from __future__ import annotations

from typing import Any

import pytest

from agora_chat_async import NewUser, Session, errors
from agora_chat_async.models.group_members import MemberChange
from agora_chat_async.models.members import Member, MemberRole

UNKNOWN = "123456789012345"
TOO_MANY = [f"u{number}" for number in range(61)]


@pytest.fixture
async def group(chat: Session) -> str:
    """A group of anna with bob and carl in it; dora is outside."""
    return await chat.groups.create("anna", public=True, members=["bob", "carl"])


async def names(chat: Session, group: str) -> list[str]:
    return [member.username async for member in chat.group_members.list(group)]


async def test_list(chat, group):
    """Every member once, the owner too, the one who joined last first; pages end with one that is not full."""
    await chat.group_members.add(group, "dora")
    await chat.group_members.add_admin(group, "bob")
    listing = chat.group_members.list(group, page_size=3)
    first = await listing
    assert first.items == tuple(Member(username=name, role=MemberRole.MEMBER) for name in ("dora", "carl", "bob"))
    assert first.extra["params"] == {"pagenum": ["1"], "pagesize": ["3"]}
    assert [member async for member in listing] == [Member(username="anna", role=MemberRole.OWNER)]
    assert [len(page) async for page in chat.group_members.list(group, page_size=2).pages()] == [2, 2, 0]
    assert [member.username for member in await chat.group_members.list(group, page=2, page_size=1)] == ["carl"]
    with pytest.raises(errors.NotFound) as caught:
        await chat.group_members.list(UNKNOWN)
    assert caught.value.error == "service_resource_not_found"


async def test_list_beyond_the_bounds(chat, group):
    """Ten members a page by default, a hundred at most."""
    await chat.users.create_many([NewUser(name) for name in TOO_MANY[:57]])
    await chat.users.create_many([NewUser(f"v{number}") for number in range(60)])
    await chat.group_members.add_many(group, TOO_MANY[:57])
    await chat.group_members.add_many(group, [f"v{number}" for number in range(60)])
    for query, count in (({}, 10), ({"pagesize": 1000}, 100), ({"pagesize": 0}, 1), ({"pagenum": 12}, 10)):
        answer = (await chat.request("GET", f"/chatgroups/{group}/users", query=query)).json()
        assert (answer["count"], len(answer["data"])) == (count, count)
    with pytest.raises(errors.IllegalArgument, match="pagesize"):
        await chat.request("GET", f"/chatgroups/{group}/users", query={"pagesize": "ten"})
    assert len(await names(chat, group)) == 120


async def test_add(chat, group):
    """A user is in at once, as a plain member."""
    added = await chat.group_members.add(group, "dora")
    assert added == MemberChange(user="dora", result=True, action="add_member", group_id=group)
    assert await names(chat, group) == ["dora", "carl", "bob", "anna"]


async def test_add_refused(chat, group):
    """Members, unknown users, unknown groups and full groups are refused."""
    with pytest.raises(errors.ForbiddenOperation, match=f"user: bob already in group: {group}"):
        await chat.group_members.add(group, "bob")
    with pytest.raises(errors.NotFound) as caught:
        await chat.group_members.add(group, "nobody")
    assert caught.value.error == "resource_not_found"
    with pytest.raises(errors.NotFound) as caught:
        await chat.group_members.add(UNKNOWN, "bob")
    assert caught.value.error == "service_resource_not_found"
    await chat.groups.update(group, max_users=3)
    for add in (chat.group_members.add(group, "dora"), chat.group_members.add_many(group, ["bob", "dora"])):
        with pytest.raises(errors.LimitReached, match="members size is greater than max user size"):
            await add


async def test_add_many(chat, group):
    """Those who are in already are left out of the answer; where all are, it is an error."""
    await chat.users.create(username="eve")
    assert await chat.group_members.add_many(group, ["bob", "dora", "eve", "dora"]) == ("dora", "eve")
    with pytest.raises(errors.ForbiddenOperation, match="already in group"):
        await chat.group_members.add_many(group, ["bob", "dora"])
    await chat.group_members.remove_many(group, ["dora", "eve"])
    with pytest.raises(errors.NotFound, match="username nobody doesn't exist"):
        await chat.group_members.add_many(group, ["dora", "nobody"])
    with pytest.raises(errors.NotFound):
        await chat.group_members.add_many(UNKNOWN, ["dora"])
    path = f"/chatgroups/{group}/users"
    with pytest.raises(errors.LimitReached):
        await chat.request("POST", path, json={"usernames": TOO_MANY})
    for body in ({}, {"usernames": []}, {"usernames": "dora"}, {"usernames": ["dora"], "reason": "x"}):
        with pytest.raises(errors.IllegalArgument):
            await chat.request("POST", path, json=body)
    assert await names(chat, group) == ["carl", "bob", "anna"]


async def test_blocked_users_stay_out(chat, group):
    """Whoever is on the block list has to be taken off it first."""
    await chat.group_blocks.add(group, "bob")
    for add in (chat.group_members.add(group, "bob"), chat.group_members.add_many(group, ["bob", "dora"])):
        with pytest.raises(errors.ForbiddenOperation):
            await add
    await chat.group_blocks.remove(group, "bob")
    assert await chat.group_members.add_many(group, ["bob"]) == ("bob",)


async def test_remove(chat, group):
    """With the membership end admin rights and attributes."""
    await chat.group_members.add_admin(group, "bob")
    await chat.group_members.set_attributes(group, "bob", {"k": "v"})
    removed = await chat.group_members.remove(group, "bob")
    assert removed == MemberChange(user="bob", result=True, action="remove_member", group_id=group)
    await chat.group_members.add(group, "bob")
    assert await chat.group_members.list_admins(group) == ()
    assert await chat.group_members.get_attributes(group, "bob") == {}


async def test_remove_refused(chat, group):
    """The owner, users outside and unknown groups are refused."""
    with pytest.raises(errors.ForbiddenOperation, match="forbidden operation on group owner!"):
        await chat.group_members.remove(group, "anna")
    for name in ("dora", "nobody"):
        with pytest.raises(errors.ForbiddenOperation, match=rf"users \[{name}\] are not members of this group!"):
            await chat.group_members.remove(group, name)
    for call in (chat.group_members.remove(UNKNOWN, "bob"), chat.group_members.remove_many(UNKNOWN, ["bob", "carl"])):
        with pytest.raises(errors.NotFound):
            await call
    assert len(await names(chat, group)) == 3


async def test_remove_many(chat, group):
    """Some may fail, each with the reason; one name alone is answered with an object, which makes no difference."""
    removed = await chat.group_members.remove_many(group, ["bob", "dora"])
    assert removed == (
        MemberChange(user="bob", result=True, action="remove_member", group_id=group),
        MemberChange(
            user="dora",
            result=False,
            action="remove_member",
            reason=f"user: dora doesn't exist in group: {group}",
            group_id=group,
        ),
    )
    (alone,) = await chat.group_members.remove_many(group, ["carl"])
    assert (alone.user, alone.result) == ("carl", True)
    with pytest.raises(errors.ForbiddenOperation, match=r"users \[bob, carl\] are not members"):
        await chat.group_members.remove_many(group, ["bob", "carl"])
    await chat.group_members.add(group, "bob")
    with pytest.raises(errors.ForbiddenOperation, match="owner"):
        await chat.group_members.remove_many(group, ["bob", "anna"])
    with pytest.raises(errors.IllegalArgument, match="a username in the path is empty"):
        await chat.request("DELETE", f"/chatgroups/{group}/users/bob,")
    with pytest.raises(errors.IllegalArgument, match="more than maxSize : 60") as caught:
        await chat.request("DELETE", f"/chatgroups/{group}/users/{','.join(TOO_MANY)}")
    assert caught.value.error == "invalid_parameter"
    assert await names(chat, group) == ["bob", "anna"]


async def test_admins(chat, group):
    """A plain member becomes admin and plain member again."""
    assert await chat.group_members.list_admins(group) == ()
    assert await chat.group_members.add_admin(group, "carl") is True
    assert await chat.group_members.add_admin(group, "bob") is True
    assert set(await chat.group_members.list_admins(group)) == {"bob", "carl"}
    assert await chat.group_members.remove_admin(group, "carl") is True
    assert await chat.group_members.list_admins(group) == ("bob",)
    assert "carl" in await names(chat, group)


async def test_admins_refused(chat, group):
    """Users outside, the owner, and who is admin already, or none, are refused."""
    await chat.group_members.add_admin(group, "bob")
    for name in ("dora", "nobody"):
        with pytest.raises(errors.NotFound, match=f"user: {name} doesn't exist in group") as caught:
            await chat.group_members.add_admin(group, name)
        assert caught.value.error == "resource_not_found"
    for name in ("anna", "bob"):
        with pytest.raises(errors.ForbiddenOperation, match=f"user: {name} is owner or admin"):
            await chat.group_members.add_admin(group, name)
    for name in ("anna", "carl", "dora"):
        with pytest.raises(errors.ForbiddenOperation, match=f"user:{name} is not admin of group"):
            await chat.group_members.remove_admin(group, name)
    for call in (
        chat.group_members.list_admins(UNKNOWN),
        chat.group_members.add_admin(UNKNOWN, "bob"),
        chat.group_members.remove_admin(UNKNOWN, "bob"),
    ):
        with pytest.raises(errors.NotFound):
            await call
    with pytest.raises(errors.IllegalArgument, match="newadmin is required"):
        await chat.request("POST", f"/chatgroups/{group}/admin", json={})


@pytest.mark.parametrize("emulator_settings", [{"limits": {"admins": 1}}])
async def test_too_many_admins(chat, group):
    """There is a most of them, which is 99 by default."""
    assert await chat.group_members.add_admin(group, "bob") is True
    with pytest.raises(errors.LimitReached, match="1 admins"):
        await chat.group_members.add_admin(group, "carl")


async def test_attributes(chat, group):
    """What is set is added to what is there, and an empty text takes a key away."""
    members = chat.group_members
    assert await members.get_attributes(group, "bob") == {}
    assert await members.set_attributes(group, "bob", {"team": "red", "rank": "1"}) == {"team": "red", "rank": "1"}
    assert await members.set_attributes(group, "bob", {"rank": "", "colour": "ä"}) == {"rank": "", "colour": "ä"}
    assert await members.get_attributes(group, "bob") == {"team": "red", "colour": "ä"}
    await members.set_attributes(group, "anna", {"team": "blue"})
    several = await members.get_attributes_of_many(group, ["anna", "bob", "carl", "dora"], keys=["team", "other"])
    assert several == {"anna": {"team": "blue"}, "bob": {"team": "red"}, "carl": {}}
    everything = await members.get_attributes_of_many(group, ["bob"])
    assert everything == {"bob": {"team": "red", "colour": "ä"}}
    body = {"targets": ["bob"]}
    assert (await chat.request("POST", f"/metadata/chatgroup/{group}/get", json=body)).json()["data"] == everything
    other = await chat.groups.create("anna", public=True)
    assert await members.get_attributes(other, "anna") == {}


async def test_attributes_refused(chat, group):
    """Whoever is not in the group has no attributes."""
    with pytest.raises(errors.BadRequest, match="Some users are not in the group: dora") as caught:
        await chat.group_members.set_attributes(group, "dora", {"k": "v"})
    assert caught.value.error == "metadata_error"
    with pytest.raises(errors.NotFound, match="user not in group") as caught:
        await chat.group_members.get_attributes(group, "dora")
    assert caught.value.error == "MetadataException"
    for call in (
        chat.group_members.set_attributes(UNKNOWN, "bob", {"k": "v"}),
        chat.group_members.get_attributes(UNKNOWN, "bob"),
        chat.group_members.get_attributes_of_many(UNKNOWN, ["bob"]),
    ):
        with pytest.raises(errors.NotFound) as caught:
            await call
        assert caught.value.error == "service_resource_not_found"


async def test_attributes_beyond_the_bounds(chat, group):
    """The service has one name for keys, values and members that are too large or too many."""
    path = f"/metadata/chatgroup/{group}"
    for attributes, words in (
        ({"x" * 17: "v"}, "single key limit"),
        ({"a-b": "v"}, "single key limit"),
        ({"k": "ä" * 257}, "single value limit"),
        ({"k": 7}, "single value limit"),
        ({f"k{number}": "x" * 512 for number in range(8)}, "4096 bytes in all"),
    ):
        with pytest.raises(errors.BadRequest, match=words) as caught:
            await chat.request("PUT", f"{path}/user/bob", json={"metaData": attributes})
        assert caught.value.error == "metadata_error"
    with pytest.raises(errors.BadRequest, match="query param reaches limit") as caught:
        await chat.request("POST", f"{path}/get", json={"targets": TOO_MANY[:11], "properties": []})
    assert caught.value.error == "metadata_error"
    half = {f"k{number}": "x" * 510 for number in range(4)}
    await chat.group_members.set_attributes(group, "bob", half)
    await chat.group_members.set_attributes(group, "bob", {name.upper(): value for name, value in half.items()})
    with pytest.raises(errors.BadRequest, match="4096 bytes in all"):
        await chat.group_members.set_attributes(group, "bob", {"more": "x"})


CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any], str, str, Any]] = [
    ("list", ("1",), {}, "GET", "/chatgroups/1/users?pagenum=1&pagesize=100", None),
    ("list", ("1",), {"page": 3, "page_size": 2}, "GET", "/chatgroups/1/users?pagenum=3&pagesize=2", None),
    ("add", ("1", "a/b"), {}, "POST", "/chatgroups/1/users/a%2Fb", None),
    ("add_many", ("1", ("anna", "bob")), {}, "POST", "/chatgroups/1/users", {"usernames": ["anna", "bob"]}),
    ("remove", ("1", "anna"), {}, "DELETE", "/chatgroups/1/users/anna", None),
    ("remove_many", ("1", ["anna", "b/c"]), {}, "DELETE", "/chatgroups/1/users/anna,b%2Fc", None),
    ("list_admins", ("1",), {}, "GET", "/chatgroups/1/admin", None),
    ("add_admin", ("1", "anna"), {}, "POST", "/chatgroups/1/admin", {"newadmin": "anna"}),
    ("remove_admin", ("1", "anna"), {}, "DELETE", "/chatgroups/1/admin/anna", None),
    (
        "set_attributes",
        ("1", "a"),
        {"attributes": {"k": ""}},
        "PUT",
        "/metadata/chatgroup/1/user/a",
        {"metaData": {"k": ""}},
    ),
    ("get_attributes", ("1", "a"), {}, "GET", "/metadata/chatgroup/1/user/a", None),
    (
        "get_attributes_of_many",
        ("1", ["a"]),
        {},
        "POST",
        "/metadata/chatgroup/1/get",
        {"targets": ["a"], "properties": []},
    ),
    (
        "get_attributes_of_many",
        ("1", ["a"]),
        {"keys": ["k"]},
        "POST",
        "/metadata/chatgroup/1/get",
        {"targets": ["a"], "properties": ["k"]},
    ),
]
CHANGE = {"result": True, "action": "remove_member", "user": "anna", "groupid": "1"}
ANSWERS: dict[str, Any] = {
    "list": [],
    "add": CHANGE,
    "add_many": {"newmembers": []},
    "remove": CHANGE,
    "remove_many": [],
    "list_admins": [],
    "add_admin": {"result": "success", "newadmin": "anna"},
    "remove_admin": {"result": "success", "oldadmin": "anna"},
    "set_attributes": {},
    "get_attributes": {},
    "get_attributes_of_many": {},
}


async def test_on_the_wire(wire):
    """Each operation sends exactly this."""
    for name, args, kwargs, *sent in CALLS:
        wire.answers(ANSWERS[name])
        await getattr(wire.chat.group_members, name)(*args, **kwargs)
        assert [*wire.sent] == sent


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "words"),
    [
        ("list", ("..",), {}, "group_id"),
        ("list", ("1",), {"page": 0}, "page"),
        ("list", ("1",), {"page_size": 101}, "1 to 100"),
        ("add", ("1", ""), {}, "username"),
        ("add", ("1", "a" * 65), {}, "username"),
        ("add_many", ("1", "anna"), {}, "not a single one"),
        ("add_many", ("1", []), {}, "1 to 60 items"),
        ("add_many", ("1", TOO_MANY), {}, "1 to 60 items"),
        ("remove", ("1", "a,b"), {}, "comma"),
        ("remove_many", ("1", ["a,b"]), {}, "comma"),
        ("remove_many", ("1", TOO_MANY), {}, "1 to 60 items"),
        ("list_admins", ("",), {}, "group_id"),
        ("add_admin", ("1", ""), {}, "username"),
        ("remove_admin", ("1", "."), {}, "username"),
        ("set_attributes", ("1", "a", {}), {}, "at least one attribute"),
        ("set_attributes", ("1", "a", "k"), {}, "a mapping"),
        ("set_attributes", ("1", "a", {"x" * 17: ""}), {}, "a key of attributes"),
        ("set_attributes", ("1", "a", {"a b": ""}), {}, "a key of attributes"),
        ("set_attributes", ("1", "a", {"k": "ä" * 257}), {}, "0 to 512 bytes"),
        ("set_attributes", ("1", "a", {"k": 7}), {}, "0 to 512 bytes"),
        ("set_attributes", ("1", "a", {f"k{n}": "x" * 512 for n in range(8)}), {}, "at most 4096 bytes"),
        ("get_attributes", ("1", ""), {}, "username"),
        ("get_attributes_of_many", ("1", TOO_MANY[:11]), {}, "1 to 10 items"),
        ("get_attributes_of_many", ("1", []), {}, "1 to 10 items"),
        ("get_attributes_of_many", ("1", ["a"]), {"keys": [""]}, "keys"),
    ],
)
async def test_refused_before_it_is_sent(wire, name, args, kwargs, words):
    """A bad argument never reaches the service."""
    with pytest.raises(errors.InvalidArgument, match=words):
        await getattr(wire.chat.group_members, name)(*args, **kwargs)
    assert wire.server.requests == []


async def test_admins_in_the_list(wire):
    """Some versions of the service tell admins apart and say since when a member is there."""
    wire.answers([{"admin": "bob", "joined_time": "5"}, {"member": "carl"}, {"owner": "anna"}])
    members = [member async for member in wire.chat.group_members.list("1")]
    assert [(member.username, member.role) for member in members] == [
        ("bob", "admin"),
        ("carl", "member"),
        ("anna", "owner"),
    ]
    assert members[0].joined_time == 5
    wire.answers([{"stranger": "x"}])
    with pytest.raises(errors.DecodeError, match="Member without"):
        await wire.chat.group_members.list("1")


async def test_words_for_a_result(wire):
    """A result is told in a word, or as true or false."""
    for result, done in (("success", True), ("failure", False), (True, True), (False, False)):
        wire.answers({"result": result})
        assert await wire.chat.group_members.add_admin("1", "a") is done
        assert await wire.chat.group_members.remove_admin("1", "a") is done


async def test_an_answer_of_the_other_shape(wire):
    """One change may come alone or in a list, whichever was asked for."""
    wire.answers([CHANGE])
    assert (await wire.chat.group_members.remove("1", "anna")).user == "anna"
    wire.answers(CHANGE)
    assert [change.user for change in await wire.chat.group_members.remove_many("1", ["anna"])] == ["anna"]
