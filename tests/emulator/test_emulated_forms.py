"""Routes that the service's pages name in two ways: both are answered, and counted as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from agora_chat_async.emulator._routes import OTHER_FORMS

FORMS: Mapping[str, tuple[str, list[str], Any]] = {
    "POST /users/{}/disconnect": ("users.disconnect", ["anna"], None),
    "GET /users/{}/rosters": ("contacts.list_page", ["anna"], None),
    "POST /messages/recall": ("messages.recall", [], {"msg_id": "message", "to": "group", "chat_type": "groupchat"}),
    "POST /chatfiles/{}": ("files.download", ["file"], None),
    "PUT /chatrooms/{}/announcement": ("rooms.set_announcement", ["room"], {"announcement": "Welcome"}),
    "DELETE /chatrooms/{}/mute": ("room_mutes.list", ["room"], None),
    "PUT /chatrooms/{}/ban": ("room_mutes.unmute_all", ["room"], None),
    "POST /metadata/chatroom/{}/user/{}": ("room_attributes.remove", ["room", "anna"], {"keys": ["k"]}),
    "DELETE /threads/{}/users": ("thread_members.remove", ["thread"], {"usernames": ["anna"]}),
    "POST /callback/storage/retry": ("callbacks.resend_stored", [], {"date": "callbacks"}),
}
"""What each other form is for, and what fills its path and its body; names of `made` stand for what these are."""


async def made(client: httpx.AsyncClient) -> dict[str, str]:
    """Make what the calls are about, and name it."""

    async def call(method: str, path: str, **body: Any) -> Any:
        response = await client.request(method, path, **body)
        assert response.status_code == 200, response.text
        return response.json()

    await call("POST", "/users", json=[{"username": "anna"}, {"username": "bob"}])
    await call("POST", "/users/anna/contacts/users/bob")
    file = await call("POST", "/chatfiles", files={"file": ("a.txt", b"content")})
    room = await call("POST", "/chatrooms", json={"name": "r", "description": "d", "owner": "anna", "members": ["bob"]})
    room_id = room["data"]["id"]
    await call("POST", f"/chatrooms/{room_id}/mute", json={"usernames": ["bob"], "mute_duration": -1})
    await call("POST", f"/chatrooms/{room_id}/ban")
    await call("PUT", f"/metadata/chatroom/{room_id}/user/anna", json={"metaData": {"k": "v"}})
    group = await call("POST", "/chatgroups", json={"groupname": "g", "owner": "anna", "public": True})
    group_id = group["data"]["groupid"]
    message = {"from": "anna", "to": [group_id], "type": "txt", "body": {"msg": "hello"}}
    sent = await call("POST", "/messages/chatgroups", json=message)
    thread = {"group_id": group_id, "name": "t", "msg_id": sent["data"][group_id], "owner": "anna"}
    return {
        "file": file["entities"][0]["uuid"],
        "room": room_id,
        "group": group_id,
        "message": sent["data"][group_id],
        "thread": (await call("POST", "/thread", json=thread))["data"]["thread_id"],
        "callbacks": (await call("POST", "http://emulator/_emulator/callbacks", json={"size": 2}))["date"],
    }


def named(value: Any, names: Mapping[str, str]) -> Any:
    return names.get(value, value) if isinstance(value, str) else value


async def answered(client: httpx.AsyncClient, names: Mapping[str, str], route: str, fill: list[str], body: Any) -> Any:
    """Call a route and return its answer, without what tells how it was called."""
    method, _, path = route.partition(" ")
    for value in fill:
        path = path.replace("{}", names.get(value, value), 1)
    response = await client.request(method, path, json=body and {key: named(body[key], names) for key in body})
    if response.headers["content-type"] != "application/json":
        return response.status_code, response.content
    return response.status_code, {
        name: value for name, value in response.json().items() if name not in {"path", "uri", "duration"}
    }


def test_every_other_form_is_tried():
    assert FORMS.keys() == OTHER_FORMS.keys()


@pytest.mark.parametrize("other", FORMS)
async def test_another_form(connect, other):
    operation, fill, body = FORMS[other]
    declared = OTHER_FORMS[other]
    outcomes = []
    for route in (declared, other):
        client = connect(quotas={operation: "1/second"})
        names = await made(client)
        outcomes.append(await answered(client, names, route, fill, body))
        entry = (await client.get("http://emulator/_emulator/requests")).json()["requests"][-1]
        assert (entry["route"], entry["method"]) == (declared, route.partition(" ")[0])
        assert operation in entry["operations"]
        refused, _ = await answered(client, names, declared, fill, body)
        assert refused == 429, "both forms draw on one quota"
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][0] == 200


@pytest.mark.parametrize(("path", "new"), [("/chatgroups", "dcba"), ("/chatrooms", "abcd")])
async def test_members_as_the_java_sdk_lists_them(connect, refused, path, new):
    """By cursor come bare names without the owner; by page number both, in the order that is asked for."""
    client = connect()
    await client.post("http://emulator/_emulator/seed", json={"users": list("abcdo")})
    body = {"owner": "o", "members": list("abcd")}
    body |= {"public": True} if path == "/chatgroups" else {"name": "r", "description": "d"}
    made = (await client.post(path, json=body)).json()["data"]
    users = f"{path}/{made.get('groupid', made.get('id'))}/users"
    for sort, expected in ((None, new), ("asc", "abcd"), ("desc", "dcba")):
        found, cursor = list[str](), None
        while cursor != "":
            query = {"version": "v3", "limit": "3", "sort": sort, "cursor": cursor}
            given = {name: value for name, value in query.items() if value}
            answer = (await client.get(users, params=given)).json()
            assert answer["params"] == {name: [value] for name, value in given.items()}
            found += answer["data"]
            cursor = answer.get("cursor", "")
        assert "".join(found) == expected
    by_number = (await client.get(users, params={"pagesize": "2", "sort": "asc"})).json()["data"]
    assert by_number == [{"owner": "o"}, {"member": "a"}]
    newest = (await client.get(users, params={"sort": "desc"})).json()["data"]
    assert newest == [*({"member": name} for name in "dcba"), {"owner": "o"}]
    for query in ({"version": "v3", "pagenum": "1"}, {"limit": "3"}, {"version": "v2"}, {"sort": "up"}):
        assert refused(await client.get(users, params=query)) == (400, "illegal_argument")


async def test_room_attributes_without_a_body(client):
    """The vendor's Java SDK reads all of them by a request that has neither body nor content type."""
    names = await made(client)
    path = f"/metadata/chatroom/{names['room']}"
    assert (await client.post(path)).json()["data"] == {"k": "v"}
    assert (await client.post(path, content=b"{}")).status_code == 415


async def test_names_of_the_java_sdk_for_settings_of_a_group(connect, refused):
    """They are taken where the emulator is loose, and are unknown members where it is strict."""
    body = {"owner": "anna", "public": True, "desc": "about tea", "members_only": True}
    strict, loose = connect(), connect(strict=False)
    for client in (strict, loose):
        await client.post("/users", json={"username": "anna"})
    assert refused(await strict.post("/chatgroups", json=body)) == (400, "invalid_parameter")
    group = (await loose.post("/chatgroups", json=body)).json()["data"]["groupid"]
    assert (await loose.put(f"/chatgroups/{group}", json={"name": "tea"})).json()["data"] == {"groupname": True}
    (found,) = (await loose.get(f"/chatgroups/{group}")).json()["data"]
    assert (found["name"], found["description"], found["membersonly"]) == ("tea", "about tea", True)
