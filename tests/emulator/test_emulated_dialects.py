"""Answers on which the vendors' pages disagree: Agora's by default, Easemob's by a switch."""

from __future__ import annotations

import fnmatch
from typing import Any

import httpx
import pytest

from agora_chat_async.emulator._dialect import _RENAMED
from agora_chat_async.emulator._handlers import HANDLERS

USERS = ("anna", "bob", "carl")
ROOM = {"name": "r", "description": "d", "owner": "anna", "members": ["bob"]}
GROUP = {"groupname": "g", "owner": "anna", "public": True, "members": ["bob"]}


@pytest.fixture(params=["agora", "easemob"])
async def spoken(request, connect) -> tuple[str, httpx.AsyncClient]:
    """A dialect, and a client of an emulator that speaks it."""
    client = connect(dialect=request.param, plan="free", enforce_quotas=False)
    await client.post("http://emulator/_emulator/seed", json={"users": list(USERS)})
    return request.param, client


async def data(client: httpx.AsyncClient, method: str, path: str, **options: Any) -> Any:
    response = await client.request(method, path, **options)
    assert response.status_code == 200, response.text
    return response.json()["data"]


RENAMED = {
    ("GET", "/chatgroups/1/share_files"): [
        (404, "service_resource_not_found", "no group 1"),
        (404, "RestGroupFeignException", "grpID 1 does not exist!"),
    ],
    ("GET", "/chatgroups/1/users"): [
        (404, "service_resource_not_found", "no group 1"),
        (404, "service_resource_not_found", "do not find this group:1"),
    ],
    ("GET", "/chatgroups/1"): [
        (404, "service_resource_not_found", "no group 1"),
        (404, "resource_not_found", "grpID 1 does not exist!"),
    ],
    ("DELETE", "/chatgroups/1/users/anna"): [
        (404, "service_resource_not_found", "no group 1"),
        (404, "resource_not_found", "grpID 1 does not exist!"),
    ],
    ("GET", "/chatrooms/1/mute"): [
        (404, "service_resource_not_found", "no chatroom 1"),
        (404, "resource_not_found", "no chatroom 1"),
    ],
    ("GET", "/chatrooms/1"): [
        (404, "service_resource_not_found", "no chatroom 1"),
        (404, "service_resource_not_found", "no chatroom 1"),
    ],
    ("POST", "/chatrooms/{room}/users/zoe"): [
        (400, "illegal_argument", "zoe doesn't exist"),
        (404, "resource_not_found", "zoe doesn't exist"),
    ],
    ("DELETE", "/chatrooms/{room}/users/carl"): [
        (403, "forbidden_op", "carl doesn't exist in group"),
        (400, "forbidden_op", "carl doesn't exist in group"),
    ],
    ("DELETE", "/chatrooms/{room}/users/carl,zoe"): [
        (403, "forbidden_op", "are not members"),
        (400, "forbidden_op", "are not members"),
    ],
}


async def test_the_same_error_by_another_name(spoken):
    dialect, client = spoken
    room = (await data(client, "POST", "/chatrooms", json=ROOM))["id"]
    for (method, path), expected in RENAMED.items():
        response = await client.request(method, path.replace("{room}", room))
        status, error, words = expected[dialect == "easemob"]
        assert (response.status_code, response.json()["error"]) == (status, error), path
        assert words in response.json()["error_description"]


async def test_limits_of_the_plan(spoken):
    dialect, client = spoken
    for path, body in (("/chatrooms", ROOM), ("/chatgroups", GROUP)):
        for _ in range(100):
            await data(client, "POST", path, json=body)
        response = await client.post(path, json=body)
        name = "exceed_limit" if dialect == "easemob" else "forbidden_op"
        assert (response.status_code, response.json()["error"]) == (403, name)
        assert "too many groups/chatrooms" in response.json()["error_description"]


@pytest.mark.parametrize(("status", "name"), [(400, "illegal_argument"), (404, "resource_not_found")])
async def test_unknown_users_who_are_to_come_in(connect, refused, status, name):
    """The sources name both for groups and for rooms."""
    client = connect(unknown_user=status)
    await client.post("http://emulator/_emulator/seed", json={"users": list(USERS)})
    group = (await data(client, "POST", "/chatgroups", json=GROUP))["groupid"]
    room = (await data(client, "POST", "/chatrooms", json=ROOM))["id"]
    for users in (f"/chatgroups/{group}/users", f"/chatrooms/{room}/users"):
        assert refused(await client.post(f"{users}/zoe")) == (status, name)
        assert refused(await client.post(users, json={"usernames": ["carl", "zoe"]})) == (status, name)
    assert refused(await client.post("/chatgroups", json={**GROUP, "owner": "zoe"})) == (404, "resource_not_found")


async def test_who_is_in_a_room_already(spoken):
    dialect, client = spoken
    room = (await data(client, "POST", "/chatrooms", json=ROOM))["id"]
    response = await client.post(f"/chatrooms/{room}/users/bob")
    if dialect == "easemob":
        assert response.json()["data"] == {"result": True, "action": "add_member", "id": room, "user": "bob"}
    else:
        assert (response.status_code, response.json()["error"]) == (400, "forbidden_op")


async def test_a_new_owner_of_a_room(spoken, refused):
    dialect, client = spoken
    room = (await data(client, "POST", "/chatrooms", json=ROOM))["id"]
    path = f"/chatrooms/{room}"
    if dialect == "agora":
        assert refused(await client.put(path, json={"newowner": "bob"})) == (400, "invalid_parameter")
        return
    await data(client, "POST", f"{path}/admin", json={"newadmin": "bob"})
    assert await data(client, "PUT", path, json={"newowner": "bob"}) == {"newowner": True}
    (details,) = await data(client, "GET", path)
    assert details["owner"] == "bob"
    assert details["affiliations"] == [{"member": "anna"}, {"owner": "bob"}]
    assert await data(client, "GET", f"{path}/admin") == []
    assert refused(await client.put(path, json={"newowner": "bob"})) == (403, "forbidden_op")
    assert refused(await client.put(path, json={"newowner": "zoe"})) == (404, "resource_not_found")
    assert refused(await client.put("/chatrooms/1", json={"newowner": "anna"})) == (404, "resource_not_found")


async def test_adding_a_blocked_user_to_a_group(spoken, refused):
    dialect, client = spoken
    group = (await data(client, "POST", "/chatgroups", json=GROUP))["groupid"]
    await data(client, "POST", f"/chatgroups/{group}/blocks/users/bob")
    for path, body in (
        (f"/chatgroups/{group}/users/bob", None),
        (f"/chatgroups/{group}/users", {"usernames": ["bob"]}),
    ):
        response = await client.post(path, json=body)
        if dialect == "agora":
            assert refused(response) == (403, "forbidden_op")
            continue
        assert response.status_code == 200
        assert await data(client, "GET", f"/chatgroups/{group}/blocks/users") == []
        await data(client, "POST", f"/chatgroups/{group}/blocks/users/bob")


async def test_admins_among_the_members_of_a_group(spoken):
    dialect, client = spoken
    group = (await data(client, "POST", "/chatgroups", json={**GROUP, "members": ["bob", "carl"]}))["groupid"]
    await data(client, "POST", f"/chatgroups/{group}/admin", json={"newadmin": "bob"})
    key = "admin" if dialect == "easemob" else "member"
    assert await data(client, "GET", f"/chatgroups/{group}/users") == [
        {"member": "carl"},
        {key: "bob"},
        {"owner": "anna"},
    ]


def test_the_table_names_operations_that_are_there():
    for row in _RENAMED:
        for pattern in row.operations.split():
            assert fnmatch.filter(HANDLERS, pattern), pattern


async def test_moderated_words(connect, refused):
    """Names and announcements in which moderation finds a word are refused, each by its own name."""
    client = connect(moderated=["poker"])
    await client.post("http://emulator/_emulator/seed", json={"users": list(USERS)})
    response = await client.post("/chatgroups", json={**GROUP, "groupname": "a poker round"})
    assert refused(response) == (403, "group_name_violation")
    assert response.json()["error_description"] == "a poker round is violation, please change it."
    group = (await data(client, "POST", "/chatgroups", json=GROUP))["groupid"]
    assert refused(await client.put(f"/chatgroups/{group}", json={"groupname": "poker"})) == (
        403,
        "group_name_violation",
    )
    path = f"/chatgroups/{group}/announcement"
    assert refused(await client.post(path, json={"announcement": "poker!"})) == (403, "group_announce_violation")
    assert (await data(client, "GET", f"/chatgroups/{group}"))[0]["name"] == "g"
