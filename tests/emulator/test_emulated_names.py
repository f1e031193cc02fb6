"""Usernames in capitals are those of the users in small letters, wherever they stand."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

TEXT = {"type": "txt", "body": {"msg": "hi"}}


@pytest.fixture
async def group(client: httpx.AsyncClient) -> str:
    """A group of anna and bob."""
    await client.post("/users", json=[{"username": "anna"}, {"username": "bob"}])
    body = {"groupname": "g", "public": True, "owner": "anna", "members": ["bob"]}
    return (await client.post("/chatgroups", json=body)).json()["data"]["groupid"]


async def data(client: httpx.AsyncClient, method: str, path: str, body: Any = None) -> Any:
    """The data of an answer that is no refusal."""
    response = await client.request(method, path, json=body)
    assert response.status_code == 200, response.text
    return response.json()["data"]


async def test_a_message_reaches_who_is_meant(client, group):
    """A message to `BOB` waits for bob, and the answer has the name as it was sent."""
    sent = await data(client, "POST", "/messages/users", {"from": "Anna", "to": ["BOB"], **TEXT})
    assert list(sent) == ["BOB"]
    assert await data(client, "GET", "/users/Bob/offline_msg_count") == {"bob": 1}
    assert await data(client, "GET", f"/users/bob/offline_msg_status/{sent['BOB']}") == {sent["BOB"]: "undelivered"}


async def test_capitals_get_around_no_rule(client, group, refused):
    """Who is muted, in the app or in a group, or blocked by a user, gets no further as `BOB`."""
    await data(client, "POST", "/users/anna/blocks/users", {"usernames": ["bob"]})
    await data(client, "POST", "/messages/users", {"from": "BOB", "to": ["anna"], **TEXT})
    assert await data(client, "GET", "/users/anna/offline_msg_count") == {"anna": 0}
    await data(client, "POST", f"/chatgroups/{group}/mute", {"usernames": ["bob"], "mute_duration": -1})
    await data(client, "POST", "/mutes", {"username": "bob", "chat": -1})
    for kind, to in (("chatgroups", group), ("users", "anna")):
        response = await client.post(f"/messages/{kind}", json={"from": "BOB", "to": [to], **TEXT})
        assert refused(response) == (403, "forbidden_op")


async def test_paths(client, group, refused):
    """The path of an operation on a member or on attributes may have capitals too."""
    assert await data(client, "GET", f"/chatgroups/{group}/user/BOB/is_joined") is True
    await client.put("/metadata/user/Bob", data={"mail": "b@example.com"})
    assert await data(client, "GET", "/metadata/user/bob") == {"mail": "b@example.com"}
    assert (await data(client, "DELETE", f"/chatgroups/{group}/users/BOB"))["user"] == "bob"
    response = await client.put("/users/BOB/notification/user/Bob", json={"type": "DEFAULT"})
    assert refused(response) == (400, "illegal_argument")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/users/batch/status", {"usernames": ["BOB"]}),
        ("POST", "/users/anna/blocks/users", {"usernames": ["BOB"]}),
        ("POST", "/metadata/chatgroup/{}/get", {"targets": ["BOB"], "properties": []}),
        ("POST", "/chatgroups/{}/mute", {"usernames": ["BOB"], "mute_duration": 1000}),
        ("POST", "/chatgroups/{}/white/users", {"usernames": ["BOB"]}),
        ("POST", "/chatgroups/{}/blocks/users", {"usernames": ["BOB"]}),
        ("POST", "/chatgroups/{}/admin", {"newadmin": "BOB"}),
        ("PUT", "/chatgroups/{}", {"newowner": "BOB"}),
    ],
)
async def test_bodies(client, group, method, path, body):
    """So may the body, and answers name the user as he was registered."""
    assert "BOB" not in str(await data(client, method, path.format(group), body))
