"""What becomes of messages: who may send them, for whom they wait, who can pull them, and their attachments."""

from __future__ import annotations

import httpx
from raw_server import answer, raw_server

ROOT = "http://emulator/_emulator"


async def make_group(client: httpx.AsyncClient, owner: str, members: list[str]) -> str:
    body = {"groupname": "g", "description": "d", "public": True, "owner": owner, "members": members}
    return str((await client.post("/chatgroups", json=body)).json()["data"]["groupid"])


async def send(client: httpx.AsyncClient, **more: object) -> str:
    body = {"to": ["anna"], "type": "txt", "body": {"msg": "hello"}, **more}
    return str((await client.post("/messages/users", json=body)).json()["data"]["anna"])


async def test_messages_of_groups_wait_for_their_members(client):
    """For those who are offline, not for the sender, and the newest 200 of them."""
    await client.post("/users", json=[{"username": name} for name in ("anna", "bob", "carl")])
    await client.post(f"{ROOT}/users/carl/online")
    group = await make_group(client, "anna", ["bob", "carl"])

    async def counts() -> dict[str, int]:
        waiting = dict[str, int]()
        for name in ("anna", "bob", "carl"):
            waiting |= (await client.get(f"/users/{name}/offline_msg_count")).json()["data"]
        return waiting

    message = {"from": "anna", "to": [group], "type": "txt", "body": {"msg": "hello"}}
    number = (await client.post("/messages/chatgroups", json=message)).json()["data"][group]
    await client.post("/messages/chatgroups", json=message | {"routetype": "ROUTE_ONLINE"})
    assert await counts() == {"anna": 0, "bob": 1, "carl": 0}
    status = await client.get(f"/users/bob/offline_msg_status/{number}")
    assert status.json()["data"] == {number: "undelivered"}
    await client.post("/messages/msg_recall", json={"msg_id": number, "to": group, "chat_type": "groupchat"})
    assert await counts() == {"anna": 0, "bob": 0, "carl": 0}
    await client.post("/messages/chatgroups", json=message)
    await client.post("/messages/users", json=message | {"to": ["bob"]})
    assert await counts() == {"anna": 0, "bob": 2, "carl": 0}
    delivered = await client.post(f"{ROOT}/users/bob/online")
    assert delivered.json()["delivered"] == 2
    assert await counts() == {"anna": 0, "bob": 0, "carl": 0}


async def test_no_more_than_200_messages_of_groups_wait(connect):
    client = connect(enforce_quotas=False)
    await client.post("/users", json=[{"username": "anna"}, {"username": "bob"}])
    group = await make_group(client, "anna", ["bob"])
    message = {"from": "anna", "to": [group], "type": "txt", "body": {"msg": "hello"}}
    numbers = [(await client.post("/messages/chatgroups", json=message)).json()["data"][group] for _ in range(201)]
    assert (await client.get("/users/bob/offline_msg_count")).json()["data"] == {"bob": 200}
    for number, status in ((numbers[0], "delivered"), (numbers[1], "undelivered")):
        answer = await client.get(f"/users/bob/offline_msg_status/{number}")
        assert answer.json()["data"] == {number: status}


async def test_what_users_see(client):
    """Not what is to be left out for them, what was dropped on its way, and what they deleted."""
    await client.post("/users", json=[{"username": name} for name in ("anna", "bob", "carl")])
    group = await make_group(client, "anna", ["bob"])

    async def seen(name: str) -> list[str]:
        answer = await client.get(f"{ROOT}/users/{name}/messages")
        return [record["payload"]["bodies"][0]["msg"] for record in answer.json()["messages"]]

    async def text(text: str, to: str, **more: object) -> None:
        where = "chatgroups" if to == group else "users"
        body = {"from": "anna", "to": [to], "type": "txt", "body": {"msg": text}, **more}
        assert (await client.post(f"/messages/{where}", json=body)).status_code == 200

    await text("one", "bob")
    await text("two", group)
    await text("ignored", "bob", roam_ignore_users=["bob"])
    await text("ignored in the group", group, roam_ignore_users=["bob", "carl"])
    await text("only online", "bob", routetype="ROUTE_ONLINE")
    await client.post("/users/bob/blocks/users", json={"usernames": ["anna"]})
    await text("blocked", "bob")
    everything = ["blocked", "only online", "ignored in the group", "ignored", "two", "one"]
    assert await seen("anna") == everything
    assert await seen("bob") == ["two", "one"]
    assert await seen("carl") == []

    async def delete(name: str, channel: str, kind: str, *, delete_roam: bool) -> None:
        body = {"channel": channel, "type": kind, "delete_roam": delete_roam}
        assert (await client.request("DELETE", f"/users/{name}/user_channel", json=body)).status_code == 200

    await delete("bob", "anna", "chat", delete_roam=False)
    assert await seen("bob") == ["two", "one"]
    await delete("bob", "anna", "chat", delete_roam=True)
    assert await seen("bob") == ["two"]
    await delete("bob", "anna", "chat", delete_roam=False)
    await delete("bob", group, "groupchat", delete_roam=True)
    assert await seen("bob") == []
    assert await seen("anna") == everything
    await client.delete("/users/bob/blocks/users/anna")
    await text("new", "bob")
    assert await seen("bob") == ["new"]


async def test_a_recalled_message_takes_its_file_along(client, refused):
    upload = (await client.post("/chatfiles", files={"file": ("a.txt", b"content")})).json()
    file = upload["entities"][0]["uuid"]
    body = {"url": f"{upload['uri']}/{file}", "filename": "a.txt"}
    number = await send(client, type="file", body=body)
    assert (await client.get(f"/chatfiles/{file}")).content == b"content"
    await client.post("/messages/msg_recall", json={"msg_id": number, "to": "anna", "chat_type": "chat"})
    assert refused(await client.get(f"/chatfiles/{file}")) == (404, "service_resource_not_found")


async def test_expired_messages_are_not_edited(connect, clock, refused):
    client = connect(plan="free")
    number = await send(client)
    edit = {"new_msg": {"type": "txt", "msg": "hi"}}
    assert (await client.put(f"/messages/rewrite/{number}", json=edit)).status_code == 200
    clock.advance(7 * 86_400)
    client.headers["Authorization"] = f"Bearer {clock.token()}"
    response = await client.put(f"/messages/rewrite/{number}", json=edit)
    assert refused(response) == (404, "MessageUnavailableException")


async def test_attachments_of_imported_messages_are_fetched(client, refused):
    """From a public address, or from the app's own files; an address that answers nothing is refused."""
    old = {"from": "anna", "target": "bob", "type": "file", "need_download": True}
    async with raw_server() as server:

        async def respond(_: object) -> bytes:
            return answer(body=b"public")

        server.respond = respond
        body = {"url": f"{server.url}/a.txt", "filename": "a.txt"}
        assert (await client.post("/messages/users/import", json=old | {"body": body})).status_code == 200
        assert [request.target for request in server.requests] == ["/a.txt"]
        assert (
            await client.post("/messages/users/import", json=old | {"body": body, "need_download": False})
        ).status_code == 200
        assert len(server.requests) == 1
    upload = (await client.post("/chatfiles", files={"file": ("a.txt", b"own")})).json()
    own = {"url": f"{upload['uri']}/{upload['entities'][0]['uuid']}", "filename": "a.txt"}
    assert (await client.post("/messages/users/import", json=old | {"body": own})).status_code == 200
    await client.post(f"{ROOT}/seed", json={"users": ["bob"]})
    seen = (await client.get(f"{ROOT}/users/bob/messages")).json()["messages"]
    found = [record["payload"]["bodies"][0]["url"] for record in seen]
    assert found[1] == body["url"]
    for url, content in ((found[2], b"public"), (found[0], b"own")):
        assert url.startswith(f"{upload['uri']}/")
        assert url != own["url"]
        assert (await client.get(url)).content == content
    response = await client.post("/messages/users/import", json=old | {"body": body})
    assert refused(response) == (400, "illegal_argument")


async def test_presence_tells_of_the_last_login_and_logout(client, clock):
    """Coming and going, being put offline and being banned each set `last_time`; staying does not."""
    await client.post("/users", json=[{"username": "anna"}, {"username": "bob"}])

    async def last_time() -> int:
        asked = await client.post("/users/bob/presence", json={"usernames": ["anna"]})
        return int(asked.json()["result"][0]["last_time"])

    assert await last_time() == 0
    for change in ("online", "disconnect", "online", "deactivate"):
        clock.advance(60)
        if change == "online":
            await client.post("http://emulator/_emulator/users/anna/online", json={"online": True})
        else:
            await client.request("GET" if change == "disconnect" else "POST", f"/users/anna/{change}")
        assert await last_time() == int(clock.wall)
    clock.advance(60)
    await client.get("/users/anna/disconnect")
    assert await last_time() == int(clock.wall) - 60
