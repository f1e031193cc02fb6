"""Who may send in groups, in their threads and in rooms, as mute, block and allow lists have it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from attrs import frozen

USERS = ("anna", "bob", "carl", "dora", "eve")


@frozen
class Place:
    """A group or room of anna with bob, carl and dora in it, of whom dora is an admin; and a client."""

    client: httpx.AsyncClient
    path: str
    id: str
    targets: tuple[str, ...]
    """Where one can send: the place itself, and for a group one of its threads."""
    send_path: str

    async def call(self, method: str, path: str = "", body: Any = None) -> Any:
        response = await self.client.request(method, f"{self.path}/{self.id}{path}", json=body)
        assert response.status_code == 200, response.text
        return response.json()["data"]

    async def send(self, sender: str | None, target: str) -> httpx.Response:
        body = {"to": [target], "type": "txt", "body": {"msg": "hello"}} | ({"from": sender} if sender else {})
        return await self.client.post(self.send_path, json=body)

    async def speakers(self) -> list[str]:
        """Who may send; in a thread the same as in its group."""
        may = dict[str, list[str]]()
        for target in self.targets:
            answers = {name: await self.send(name, target) for name in USERS}
            may[target] = [name for name, answer in answers.items() if answer.status_code == 200]
            refused = [answer for answer in answers.values() if answer.status_code != 200]
            assert {(answer.status_code, answer.json()["error"]) for answer in refused} <= {(403, "forbidden_op")}
        (speakers, *others) = may.values()
        assert all(speakers == other for other in others)
        return speakers


async def some_users(connect: Any) -> httpx.AsyncClient:
    client = connect(enforce_quotas=False)
    await client.post("http://emulator/_emulator/seed", json={"users": list(USERS)})
    return client


async def make_group(client: httpx.AsyncClient) -> Place:
    body = {"groupname": "g", "owner": "anna", "public": True, "members": ["bob", "carl", "dora"]}
    group = (await client.post("/chatgroups", json=body)).json()["data"]["groupid"]
    place = Place(client, "/chatgroups", group, (group,), "/messages/chatgroups")
    message = (await place.send("anna", group)).json()["data"][group]
    body = {"group_id": group, "name": "t", "msg_id": message, "owner": "anna"}
    thread = (await client.post("/thread", json=body)).json()["data"]["thread_id"]
    return Place(client, "/chatgroups", group, (group, thread), "/messages/chatgroups")


async def make_room(client: httpx.AsyncClient) -> Place:
    body = {"name": "r", "description": "d", "owner": "anna", "members": ["bob", "carl", "dora"]}
    room = (await client.post("/chatrooms", json=body)).json()["data"]["id"]
    return Place(client, "/chatrooms", room, (room,), "/messages/chatrooms")


@pytest.fixture(params=[make_group, make_room], ids=["group", "room"])
async def place(request, connect) -> Place:
    place = await request.param(await some_users(connect))
    await place.call("POST", "/admin", {"newadmin": "dora"})
    return place


async def test_everybody_may_speak(place):
    """Also who is no member, as nothing says that the server API asks for that, and the app itself."""
    assert await place.speakers() == list(USERS)
    assert (await place.send(None, place.id)).status_code == 200


async def test_a_muted_member(place, clock):
    await place.call("POST", "/mute", {"usernames": ["bob"], "mute_duration": 60_000})
    assert await place.speakers() == ["anna", "carl", "dora", "eve"]
    await place.call("DELETE", "/users/bob")
    await place.call("POST", "/users/bob")
    assert "bob" not in await place.speakers()
    clock.advance(60)
    assert await place.speakers() == list(USERS)
    await place.call("POST", "/mute", {"usernames": ["bob", "carl"], "mute_duration": -1})
    clock.advance(40_000)
    assert await place.speakers() == ["anna", "dora", "eve"]
    await place.call("DELETE", "/mute/bob")
    assert await place.speakers() == ["anna", "bob", "dora", "eve"]


async def test_all_are_muted(place):
    """But for the owner, admins and the allow list, on which a muted member stays muted."""
    await place.call("POST", "/ban")
    await place.call("POST", "/white/users", {"usernames": ["bob", "carl"]})
    assert await place.speakers() == ["anna", "bob", "carl", "dora", "eve"]
    await place.call("DELETE", "/white/users/carl")
    assert await place.speakers() == ["anna", "bob", "dora", "eve"]
    await place.call("POST", "/mute", {"usernames": ["bob"], "mute_duration": -1})
    await place.call("DELETE", "/admin/dora")
    assert await place.speakers() == ["anna", "eve"]
    await place.call("DELETE", "/ban")
    assert await place.speakers() == ["anna", "carl", "dora", "eve"]


async def test_a_blocked_user(place):
    await place.call("POST", "/blocks/users/bob")
    assert await place.speakers() == ["anna", "carl", "dora", "eve"]
    await place.call("DELETE", "/blocks/users/bob")
    assert await place.speakers() == list(USERS)


async def test_a_message_to_several_places_is_sent_to_all_or_none(place):
    await place.call("POST", "/mute", {"usernames": ["bob"], "mute_duration": -1})
    body = {"to": ["other", place.id], "from": "bob", "type": "txt", "body": {"msg": "hello"}}
    assert (await place.client.post(place.send_path, json=body)).status_code == 403
    tables = (await place.client.get("http://emulator/_emulator/tables")).json()["tables"]
    assert tables["messages"] == len(place.targets) - 1


async def test_a_disabled_group(connect):
    place = await make_group(await some_users(connect))
    await place.call("POST", "/disable")
    assert await place.speakers() == []
    assert (await place.send(None, place.id)).status_code == 403
    await place.call("POST", "/enable")
    assert await place.speakers() == list(USERS)
