"""Groups, through a session against the emulator, and as they stand on the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from agora_chat_async import AppToken, NewUser, Session, errors, from_dict, to_dict
from agora_chat_async.emulator import Emulator, serve
from agora_chat_async.models.groups import GroupDetails, GroupSummary, JoinedGroup
from agora_chat_async.models.members import Member, MemberRole

UNKNOWN = "123456789012345"


async def details(chat: Session, group_id: str) -> GroupDetails:
    (group,) = await chat.groups.get([group_id])
    return group


async def test_a_group_with_everything(chat, clock):
    """Every setting comes back as it was given, and the members are in at once, also where they had to accept."""
    group_id = await chat.groups.create(
        "anna",
        public=False,
        name="tea",
        description="about tea",
        avatar="https://example.org/t.png",
        max_users=10,
        members_only=True,
        allow_invites=True,
        invite_need_confirm=True,
        members=["bob", "carl"],
        custom='{"colour": "green"}',
    )
    assert group_id.isdecimal()
    group = await details(chat, group_id)
    assert group == GroupDetails(
        id=group_id,
        name="tea",
        description="about tea",
        avatar="https://example.org/t.png",
        public=False,
        members_only=True,
        allow_invites=True,
        max_users=10,
        owner="anna",
        created=group.created,
        custom='{"colour": "green"}',
        mute=False,
        disabled=False,
        members_count=3,
        members=(
            Member(username="carl", role=MemberRole.MEMBER),
            Member(username="bob", role=MemberRole.MEMBER),
            Member(username="anna", role=MemberRole.OWNER),
        ),
    )
    assert group.extra == {}
    assert abs((group.created_at - datetime.fromtimestamp(clock(), UTC)).total_seconds()) < 60
    assert from_dict(to_dict(group), GroupDetails) == group


async def test_a_group_with_little(chat):
    """What is not said has the documented defaults, and a public group is made without invitations by members."""
    group = await details(chat, await chat.groups.create("anna", public=True, allow_invites=True))
    assert (group.name, group.description, group.avatar, group.custom) == ("", "", None, "")
    assert (group.public, group.members_only, group.allow_invites) == (True, False, False)
    assert (group.max_users, group.members_count) == (200, 1)


async def test_create_refused(chat, emulator):
    """Unknown users and full groups are refused, and then there is no group."""
    for owner, members in (("nobody", []), ("anna", ["bob", "nobody"])):
        with pytest.raises(errors.NotFound, match="username nobody doesn't exist") as caught:
            await chat.groups.create(owner, public=True, members=members)
        assert caught.value.error == "resource_not_found"
    with pytest.raises(errors.IllegalArgument, match="maxusers is 1 to 5000") as caught:
        await chat.groups.create("anna", public=True, max_users=5001)
    body = {"owner": "anna", "public": True, "maxusers": 2, "members": ["bob", "carl"]}
    with pytest.raises(errors.LimitReached, match="greater than max user size"):
        await chat.request("POST", "/chatgroups", json=body)
    assert [group async for group in chat.groups.list()] == []


ILLEGAL = [
    ({"public": True}, "owner must be provided"),
    ({"owner": "anna"}, "group must contain public field!"),
    ({"owner": "anna", "public": "true"}, "public has to be true or false"),
    ({"owner": "anna", "public": True, "groupname": "x" * 129}, "groupname has to be at most 128"),
    ({"owner": "anna", "public": True, "groupname": ""}, "groupname has to be not empty"),
    ({"owner": "anna", "public": True, "description": "x" * 513}, "description has to be at most 512"),
    ({"owner": "anna", "public": True, "avatar": "x" * 1025}, "avatar length is too big"),
    ({"owner": "anna", "public": True, "custom": "ä" * 4097}, "custom has more than 8192 bytes"),
    ({"owner": "anna", "public": True, "maxusers": 0}, "maxusers is 1 to"),
    ({"owner": "anna", "public": True, "maxusers": "300"}, "maxusers has to be a whole number"),
    ({"owner": "anna", "public": True, "members": "bob"}, "members has to be an array"),
    ({"owner": "anna", "public": True, "colour": "red"}, "the operation has no colour"),
    ([], "has to be a JSON object"),
]


async def test_create_illegal(chat):
    """The service names a setting that it does not take."""
    for body, words in ILLEGAL:
        with pytest.raises(errors.IllegalArgument, match=words) as caught:
            await chat.request("POST", "/chatgroups", json=body)
        assert (caught.value.status, caught.value.error) == (400, "invalid_parameter")


async def test_plan_limits(clock):
    """The plan says how many groups there are, and how large they become."""
    async with (
        Emulator(enforce_quotas=False, plan="free", now=clock) as emulator,
        serve(emulator) as info,
        Session(info.org, info.app, host=info.url, token=AppToken(info.app_id, info.certificate)) as chat,
    ):
        await chat.users.create_many([NewUser(name) for name in ("anna", "bob", "carl")])
        groups = [await chat.groups.create(("anna", "bob")[number % 2], public=True) for number in range(100)]
        assert (await details(chat, groups[0])).max_users == 100
        with pytest.raises(errors.LimitReached, match="created too many groups"):
            await chat.groups.create("carl", public=True)
        await chat.groups.delete(groups[0])
        assert await chat.groups.create("carl", public=True, max_users=100)
        with pytest.raises(errors.IllegalArgument, match="maxusers is 1 to 100"):
            await chat.groups.update(groups[1], max_users=101)


@pytest.mark.parametrize("emulator_settings", [{"limits": {"groups_per_user": 2}}])
async def test_a_user_in_too_many_groups(chat):
    """Whoever is in as many groups as the plan allows comes into no other one."""
    group_id = await chat.groups.create("anna", public=True)
    for _ in range(2):
        await chat.groups.create("bob", public=True)
    with pytest.raises(errors.LimitReached, match="user bob has joined too many groups"):
        await chat.group_members.add(group_id, "bob")
    with pytest.raises(errors.LimitReached, match="user bob has joined too many groups"):
        await chat.groups.create("anna", public=True, members=["bob"])


async def test_get_many(chat):
    """Groups come in the order asked for, without those that do not exist."""
    first, second = [await chat.groups.create("anna", public=True, name=name) for name in ("one", "two")]
    groups = await chat.groups.get([second, UNKNOWN, first])
    assert [(group.id, group.name) for group in groups] == [(second, "two"), (first, "one")]
    with pytest.raises(errors.NotFound) as caught:
        await chat.groups.get([UNKNOWN, "1"])
    assert (caught.value.status, caught.value.error) == (404, "service_resource_not_found")
    with pytest.raises(errors.IllegalArgument, match="at most 100"):
        await chat.request("GET", f"/chatgroups/{','.join([first] * 101)}")


async def test_update(chat, clock):
    """Only what is given changes, and the answer tells of each setting that it did."""
    group_id = await chat.groups.create("anna", public=True, name="old", description="stays", members=["bob"])
    clock.advance(10)
    changed = await chat.groups.update(
        group_id,
        name="new name",
        avatar="https://example.org/b.png",
        public=True,
        max_users=2,
        members_only=True,
        allow_invites=True,
        invite_need_confirm=False,
        custom="x",
    )
    names = "name avatar public max_users members_only allow_invites invite_need_confirm custom"
    assert changed == dict.fromkeys(names.split(), True)
    group = await details(chat, group_id)
    assert (group.name, group.description, group.avatar, group.custom) == (
        "new name",
        "stays",
        "https://example.org/b.png",
        "x",
    )
    assert (group.max_users, group.members_only, group.allow_invites) == (2, True, True)
    assert await chat.groups.update(group_id, description="") == {"description": True}
    assert (await details(chat, group_id)).description == ""
    (summary,) = await chat.groups.list()
    assert summary.last_modified - group.created >= 10_000


async def test_update_refused(chat):
    """A member that cannot be changed, a size too small or an unknown group is refused, and nothing changes."""
    group_id = await chat.groups.create("anna", public=True, name="old", members=["bob"])
    with pytest.raises(errors.IllegalArgument, match=r"some of \[groupid\] are not valid fields"):
        await chat.request("PUT", f"/chatgroups/{group_id}", json={"groupname": "new", "groupid": "1"})
    for size in (1, 5001):
        with pytest.raises(errors.IllegalArgument, match="maxusers"):
            await chat.groups.update(group_id, name="new", max_users=size)
    with pytest.raises(errors.NotFound):
        await chat.groups.update(UNKNOWN, name="new")
    assert (await details(chat, group_id)).name == "old"


async def test_transfer_ownership(chat):
    """The new owner is no admin any more, the old one a plain member."""
    group_id = await chat.groups.create("anna", public=True, members=["bob", "carl"])
    await chat.group_members.add_admin(group_id, "bob")
    assert await chat.groups.transfer_ownership(group_id, "bob") is True
    group = await details(chat, group_id)
    assert (group.owner, group.members_count) == ("bob", 3)
    assert {member.username: member.role for member in group.members} == {
        "anna": "member",
        "bob": "owner",
        "carl": "member",
    }
    assert await chat.group_members.list_admins(group_id) == ()
    with pytest.raises(errors.ForbiddenOperation, match="new owner and old owner are the same"):
        await chat.groups.transfer_ownership(group_id, "bob")
    for outsider in ("dora", "nobody"):
        with pytest.raises(errors.ForbiddenOperation, match=f"user: {outsider} doesn't exist in group"):
            await chat.groups.transfer_ownership(group_id, outsider)
    with pytest.raises(errors.NotFound):
        await chat.groups.transfer_ownership(UNKNOWN, "bob")
    with pytest.raises(errors.IllegalArgument, match="no groupname"):
        await chat.request("PUT", f"/chatgroups/{group_id}", json={"newowner": "anna", "groupname": "x"})


async def test_ban(chat):
    """A banned group can be read and unbanned, as often as one likes."""
    group_id = await chat.groups.create("anna", public=True)
    for _ in range(2):
        assert await chat.groups.ban(group_id) is True
        assert (await details(chat, group_id)).disabled is True
    for _ in range(2):
        assert await chat.groups.unban(group_id) is False
        assert (await details(chat, group_id)).disabled is False
    for call in (chat.groups.ban, chat.groups.unban):
        with pytest.raises(errors.NotFound):
            await call(UNKNOWN)


async def test_is_joined(chat):
    """True for owner, admin and member; False for everybody else."""
    group_id = await chat.groups.create("anna", public=True, members=["bob", "carl"])
    await chat.group_members.add_admin(group_id, "carl")
    joined = [await chat.groups.is_joined(group_id, name) for name in ("anna", "bob", "carl", "dora", "nobody")]
    assert joined == [True, True, True, False, False]
    with pytest.raises(errors.NotFound):
        await chat.groups.is_joined(UNKNOWN, "anna")


async def test_delete(chat):
    """A deleted group is gone from everywhere."""
    group_id = await chat.groups.create("anna", public=True, members=["bob"])
    await chat.group_members.set_attributes(group_id, "bob", {"k": "v"})
    other = await chat.groups.create("anna", public=True)
    assert await chat.groups.delete(group_id) is True
    for call in (chat.groups.delete(group_id), chat.groups.get([group_id]), chat.group_members.list_admins(group_id)):
        with pytest.raises(errors.NotFound):
            await call
    assert [group.group_id async for group in chat.groups.list()] == [other]
    assert [group async for group in chat.groups.list_joined("bob")] == []


async def test_deleted_users(chat, emulator):
    """The groups of a deleted user go too; from the others the user is taken out."""
    own = await chat.groups.create("bob", public=True, members=["anna"])
    other = await chat.groups.create("anna", public=True, members=["bob", "carl"])
    await chat.group_members.add_admin(other, "bob")
    await chat.group_members.set_attributes(other, "bob", {"k": "v"})
    await chat.users.delete("bob")
    assert [group.group_id async for group in chat.groups.list()] == [other]
    assert (await details(chat, other)).members_count == 2
    assert await chat.group_members.list_admins(other) == ()
    with pytest.raises(errors.NotFound):
        await chat.groups.get([own])
    counts = await emulator.state.database.run(emulator.state.counts)
    assert (counts["chatgroups"], counts["group_members"], counts["group_attributes"]) == (1, 2, 0)


async def test_list(chat, emulator):
    """Every group once, newest first, page after page."""
    ids = [await chat.groups.create("anna", public=True, name=f"g{number}") for number in range(7)]
    await chat.group_members.add(ids[6], "bob")
    listing = chat.groups.list(limit=3)
    assert [group.group_id async for group in listing] == ids[::-1]
    pages = [page async for page in chat.groups.list(limit=3).pages()]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert (pages[0].extra["count"], pages[0].extra["params"]) == (3, {"limit": ["3"]})
    newest = pages[0].items[0]
    assert newest == GroupSummary(
        group_id=ids[6],
        name="g6",
        owner="demo-org#demo-app_anna",
        members_count=2,
        type="group",
        last_modified=newest.last_modified,
    )
    assert newest.last_modified_at is not None
    rest = await chat.groups.list(cursor=pages[1].cursor)
    assert [group.name for group in rest] == ["g0"]
    answer = (await chat.request("GET", "/chatgroups")).json()
    assert (answer["count"], "cursor" in answer, "application" in answer) == (7, False, False)
    with pytest.raises(errors.IllegalArgument, match="cursor"):
        await chat.groups.list(cursor="nonsense")
    with pytest.raises(errors.IllegalArgument, match="no query parameter page"):
        await chat.request("GET", "/chatgroups", query={"page": 1})


async def test_list_joined(chat):
    """The group joined last comes first, and pages end with one that is not full."""
    ids = [await chat.groups.create("anna", public=True, name=f"g{number}", members=["bob"]) for number in range(5)]
    await chat.groups.create("anna", public=True)
    assert [group.group_id async for group in chat.groups.list_joined("bob", page_size=2)] == ids[::-1]
    second = await chat.groups.list_joined("bob", page=2, page_size=2)
    assert second.items == (JoinedGroup(group_id=ids[2], name="g2"), JoinedGroup(group_id=ids[1], name="g1"))
    assert [group.group_id async for group in chat.groups.list_joined("dora")] == []
    with pytest.raises(errors.NotFound) as caught:
        await chat.groups.list_joined("nobody")
    assert caught.value.error == "service_resource_not_found"


async def test_list_joined_beyond_the_bounds(chat):
    """Without a query there is one long answer; sizes are cut, and page 0 is the first one."""
    for _ in range(23):
        await chat.groups.create("bob", public=True)
    for query, count in (
        ({}, 23),
        ({"pagenum": 1}, 5),
        ({"pagesize": 100}, 20),
        ({"pagenum": 0, "pagesize": 20}, 20),
        ({"pagenum": 5}, 3),
    ):
        answer = (await chat.request("GET", "/users/bob/joined_chatgroups", query=query)).json()
        assert (len(answer["data"]), answer["count"]) == (count, count)
        assert answer["params"] == {name: [str(value)] for name, value in query.items()}


CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any], str, str, Any]] = [
    (
        "create",
        ("anna",),
        {"public": False, "name": "n", "max_users": 3, "members_only": True, "allow_invites": False, "members": ("b",)},
        "POST",
        "/chatgroups",
        {
            "owner": "anna",
            "public": False,
            "groupname": "n",
            "maxusers": 3,
            "membersonly": True,
            "allowinvites": False,
            "members": ["b"],
        },
    ),
    ("get", (["1", "2"],), {}, "GET", "/chatgroups/1,2", None),
    ("list", (), {"limit": 5, "cursor": "c"}, "GET", "/chatgroups?limit=5&cursor=c", None),
    ("list", (), {}, "GET", "/chatgroups?limit=1000", None),
    ("list_joined", ("anna",), {}, "GET", "/users/anna/joined_chatgroups?pagenum=1&pagesize=20", None),
    ("is_joined", ("1", "a/b"), {}, "GET", "/chatgroups/1/user/a%2Fb/is_joined", None),
    ("update", ("1",), {"name": "n", "max_users": 5}, "PUT", "/chatgroups/1", {"groupname": "n", "maxusers": 5}),
    ("transfer_ownership", ("1", "bob"), {}, "PUT", "/chatgroups/1", {"newowner": "bob"}),
    ("ban", ("1",), {}, "POST", "/chatgroups/1/disable", None),
    ("unban", ("1",), {}, "POST", "/chatgroups/1/enable", None),
    ("delete", ("1",), {}, "DELETE", "/chatgroups/1", None),
]
ANSWERS: dict[str, Any] = {
    "create": {"groupid": "1"},
    "get": [],
    "list": [],
    "list_joined": [],
    "is_joined": True,
    "update": {},
    "transfer_ownership": {"newowner": True},
    "ban": {"disabled": True},
    "unban": {"disabled": False},
    "delete": {"success": True},
}


async def test_on_the_wire(wire):
    """Each operation sends exactly this."""
    for name, args, kwargs, *sent in CALLS:
        wire.answers(ANSWERS[name])
        await getattr(wire.chat.groups, name)(*args, **kwargs)
        assert [*wire.sent] == sent


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "words"),
    [
        ("create", ("",), {"public": True}, "owner"),
        ("create", ("a" * 65,), {"public": True}, "owner"),
        ("create", ("anna",), {"public": True, "name": ""}, "name"),
        ("create", ("anna",), {"public": True, "name": "x" * 129}, "name"),
        ("create", ("anna",), {"public": True, "description": "x" * 513}, "description"),
        ("create", ("anna",), {"public": True, "avatar": "x" * 1025}, "avatar"),
        ("create", ("anna",), {"public": True, "custom": "ä" * 4097}, "custom"),
        ("create", ("anna",), {"public": True, "max_users": 0}, "max_users"),
        ("create", ("anna",), {"public": True, "members": "bob"}, "members"),
        ("create", ("anna",), {"public": True, "members": ["bob", ""]}, "members"),
        ("create", ("anna",), {"public": True, "members": ["b", "c"], "max_users": 2}, "at most max_users, which is 2"),
        ("create", ("anna",), {"public": True, "members": [f"u{n}" for n in range(200)]}, "which is 200"),
        ("get", ("123",), {}, "not a single one"),
        ("get", ([],), {}, "1 to 100 items"),
        ("get", (["1"] * 101,), {}, "1 to 100 items"),
        ("get", (["1,2"],), {}, "without comma"),
        ("list", (), {"limit": 0}, "1 to 1000"),
        ("list", (), {"limit": 1001}, "1 to 1000"),
        ("list_joined", ("anna",), {"page_size": 101}, "1 to 100"),
        ("list_joined", ("anna",), {"page": 0}, "page"),
        ("is_joined", ("1", ".."), {}, "username"),
        ("update", ("1",), {}, "at least one setting"),
        ("update", ("1",), {"name": ""}, "name"),
        ("update", ("..",), {"name": "x"}, "group_id"),
        ("transfer_ownership", ("1", ""), {}, "new_owner"),
        ("ban", ("",), {}, "group_id"),
        ("delete", (".",), {}, "group_id"),
    ],
)
async def test_refused_before_it_is_sent(wire, name, args, kwargs, words):
    """A bad argument never reaches the service."""
    with pytest.raises(errors.InvalidArgument, match=words):
        await getattr(wire.chat.groups, name)(*args, **kwargs)
    assert wire.server.requests == []


async def test_full_groups_of_the_longest_settings(chat):
    """What the bounds include passes on both sides."""
    settings = {"name": "x" * 128, "description": "x" * 512, "avatar": "x" * 1024, "custom": "ä" * 4096}
    group = await details(chat, await chat.groups.create("anna", public=True, max_users=5000, **settings))
    assert (group.name, group.description, group.avatar, group.custom) == tuple(settings.values())


async def test_details_as_other_versions_answer(wire):
    """What is said of unknown groups is skipped, admins may be told apart, and unknown members are kept."""
    member = {"admin": "bob", "joined_time": 1_700_000_000_000, "device": "x"}
    wire.answers([{"id": "1", "permission": "owner", "affiliations": [member]}, {"1": "group id doesn't exist"}, "no"])
    (group,) = await wire.chat.groups.get(["1", "2"])
    (bob,) = group.members
    assert (bob.username, bob.role, bob.extra) == ("bob", MemberRole.ADMIN, {"device": "x"})
    assert bob.joined_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert group.extra == {"permission": "owner"}
    wire.answers({"id": "1"})
    (group,) = await wire.chat.groups.get(["1"])
    assert (group.members, group.created_at) == (None, None)
    wire.answers("nothing")
    with pytest.raises(errors.DecodeError):
        await wire.chat.groups.get(["1"])


async def test_other_names_for_the_last_change(wire):
    """Some versions of the service write `last_modified`."""
    wire.answers([{"groupid": "1", "last_modified": "5"}, {"groupid": "2", "lastModified": "6"}])
    assert [group.last_modified async for group in wire.chat.groups.list()] == [5, 6]


async def test_no_list_of_groups(wire):
    """Null is a list without groups, as in all listings; what is no list cannot be read."""
    wire.answers(None)
    assert (await wire.chat.groups.list()).items == ()
    wire.answers("nonsense")
    with pytest.raises(errors.DecodeError, match="expected a list, got str"):
        await wire.chat.groups.list()


async def test_a_setting_that_did_not_change(wire):
    """A failure without an error is handed on."""
    wire.answers({"maxusers": False, "groupname": True, "new_thing": True})
    changed = await wire.chat.groups.update("1", max_users=7, name="x")
    assert changed == {"max_users": False, "name": True, "new_thing": True}
