"""What one operation does to things of other groups: users, groups, rooms and threads that go, and what stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import define, field

from agora_chat_async.emulator import Emulator

USERS = ("anna", "bob", "carl", "dora")
LISTS = ["users", "admin", "mute", "blocks/users", "white/users", "announcement"]


@define
class App:
    """An app with a group and a room, each with everything that it can have."""

    client: httpx.AsyncClient
    ids: dict[str, str] = field(factory=dict[str, str])

    async def call(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        response = await self.client.request(method, path.format(**self.ids), json=body, **options)
        assert response.status_code == 200, response.text
        return response.json() if response.headers["content-type"] == "application/json" else response.content

    async def data(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        return (await self.call(method, path, body, **options))["data"]

    async def tables(self) -> dict[str, int]:
        return (await self.client.get("http://emulator/_emulator/tables")).json()["tables"]

    async def everything(self) -> dict[str, Any]:
        """All that can be read, without the time it took."""
        answers = {path: await self.call("GET", path) for path in self.readable()}
        answers["attributes"] = await self.call("POST", "/metadata/chatroom/{room}", {})
        asked = {"targets": list(USERS), "properties": []}
        answers["member attributes"] = await self.call("POST", "/metadata/chatgroup/{group}/get", asked)
        return {
            path: {name: value for name, value in answer.items() if name not in {"timestamp", "duration"}}
            if isinstance(answer, dict)
            else answer
            for path, answer in answers.items()
        }

    def readable(self) -> list[str]:
        user = "/reaction/user/bob"
        return [
            "/chatgroups",
            "/chatgroups/{group}",
            *(f"/chatgroups/{{group}}/{name}" for name in (*LISTS, "share_files", "share_files/{file}")),
            "/chatgroups/{group}/user/bob/is_joined",
            "/chatrooms",
            "/chatrooms/{room}",
            "/chatrooms/super_admin",
            *(f"/chatrooms/{{room}}/{name}" for name in LISTS),
            *(f"/users/{name}/joined_{kind}" for name in USERS for kind in ("chatgroups", "chatrooms")),
            "/thread",
            *(f"/threads/user/{name}" for name in USERS),
            *(f"/threads/chatgroups/{{group}}/user/{name}" for name in USERS),
            "/thread/{thread}/users",
            f"{user}?msgIdList={{message}}&msgType=groupchat&groupId={{group}}",
            f"{user}/detail?msgId={{message}}&message=smile",
        ]


async def made(client: httpx.AsyncClient) -> App:
    """Make the app; anna owns the group and the room, bob does everything there, and dora is blocked."""
    app = App(client)
    await client.post("http://emulator/_emulator/seed", json={"users": list(USERS)})
    users = ["bob", "carl", "dora"]
    group = {"groupname": "g", "owner": "anna", "public": True, "members": users}
    app.ids["group"] = (await app.data("POST", "/chatgroups", group))["groupid"]
    room = {"name": "r", "description": "d", "owner": "anna", "members": users}
    app.ids["room"] = (await app.data("POST", "/chatrooms", room))["id"]
    for place in ("/chatgroups/{group}", "/chatrooms/{room}"):
        await app.data("POST", f"{place}/admin", {"newadmin": "bob"})
        await app.data("POST", f"{place}/mute", {"usernames": ["bob", "carl"], "mute_duration": -1})
        await app.data("POST", f"{place}/white/users", {"usernames": ["bob", "carl"]})
        await app.data("POST", f"{place}/blocks/users/dora")
        await app.data("POST", f"{place}/announcement", {"announcement": "Welcome"})
        await app.data("POST", f"{place}/ban")
    await app.data("POST", "/chatrooms/super_admin", {"superadmin": "bob"})
    for name, mode in (("bob", "DELETE"), ("carl", "NO_DELETE")):
        body = {"metaData": {name: "v"}, "autoDelete": mode}
        await app.data("PUT", f"/metadata/chatroom/{{room}}/user/{name}", body)
        await app.data("PUT", f"/metadata/chatgroup/{{group}}/user/{name}", {"metaData": {"k": name}})
    file = await client.post(f"/chatgroups/{app.ids['group']}/share_files", files={"file": ("a.txt", b"content")})
    app.ids["file"] = file.json()["data"]["file_id"]
    text = {"from": "anna", "to": [app.ids["group"]], "type": "txt", "body": {"msg": "hello"}}
    app.ids["message"] = (await app.data("POST", "/messages/chatgroups", text))[app.ids["group"]]
    thread = {"group_id": app.ids["group"], "name": "t", "msg_id": app.ids["message"], "owner": "bob"}
    app.ids["thread"] = (await app.data("POST", "/thread", thread))["thread_id"]
    await app.call("POST", "/thread/{thread}/users", {"usernames": ["anna", "carl"]})
    for name in ("bob", "carl"):
        await app.call("POST", f"/reaction/user/{name}", {"msgId": app.ids["message"], "message": "smile"})
    return app


@pytest.fixture
async def app(connect) -> App:
    return await made(connect(enforce_quotas=False))


async def test_a_deleted_user_is_nowhere(app):
    """And what he alone had set goes too; the thread that he began stays, as its other members have it."""
    await app.call("DELETE", "/users/bob")
    for place in ("/chatgroups/{group}", "/chatrooms/{room}"):
        assert {name for member in await app.data("GET", f"{place}/users") for name in member.values()} == {
            "anna",
            "carl",
        }
        assert await app.data("GET", f"{place}/admin") == []
        assert [one["user"] for one in await app.data("GET", f"{place}/mute")] == ["carl"]
        assert await app.data("GET", f"{place}/white/users") == ["carl"]
        (details,) = await app.data("GET", place)
        assert details["affiliations_count"] == 2
    assert await app.data("GET", "/chatrooms/super_admin") == []
    assert await app.data("POST", "/metadata/chatroom/{room}", {}) == {"carl": "v"}
    assert await app.data("GET", "/thread/{thread}/users") == {"affiliations": ["anna", "carl"]}
    (thread,) = (await app.call("GET", "/threads/user/carl"))["entities"]
    assert thread["owner"] == "bob"
    found = await app.data("GET", "/reaction/user/carl/detail?msgId={message}&message=smile")
    assert (found["count"], found["userList"]) == (1, ["carl"])
    await app.call("DELETE", "/users/dora")
    for place in ("/chatgroups/{group}", "/chatrooms/{room}"):
        assert await app.data("GET", f"{place}/blocks/users") == []


async def test_a_deleted_owner_takes_the_places_along(app):
    before = await app.tables()
    await app.call("DELETE", "/users/anna")
    assert await app.data("GET", "/chatgroups") == []
    assert await app.data("GET", "/chatrooms") == []
    assert (await app.call("GET", "/thread"))["entities"] == []
    assert await app.data("GET", "/users/carl/joined_chatgroups") == []
    after = await app.tables()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {
        *("users", "chatgroups", "group_members", "group_attributes", "group_announcements", "files"),
        *("rooms", "room_members", "room_attributes", "member_lists", "threads", "thread_members"),
    }
    assert {after[name] for name in changed} == {0, 3}
    assert after["users"] == 3


async def test_a_deleted_group_and_a_deleted_room(app):
    """Nothing of them is left, in whatever table, but for the messages and what hangs on these."""
    await app.call("DELETE", "/chatgroups/{group}")
    await app.call("DELETE", "/chatrooms/{room}")
    left = {name for name, rows in (await app.tables()).items() if rows}
    assert left - {"offline"} == {"users", "super_admins", "messages", "reactions", "reaction_users"}


@pytest.mark.parametrize("way", ["DELETE {place}/users/carl", "POST {place}/blocks/users/carl"])
async def test_leaving(app, way):
    """Whoever is put out or blocked loses role, allow list, threads and attributes; a mute goes on."""
    method, path = way.split()
    for place in ("/chatgroups/{group}", "/chatrooms/{room}"):
        await app.call("POST", f"{place}/admin", {"newadmin": "carl"})
        await app.call(method, path.replace("{place}", place))
        assert await app.data("GET", f"{place}/admin") == ["bob"]
        assert await app.data("GET", f"{place}/white/users") == ["bob"]
        assert [one["user"] for one in await app.data("GET", f"{place}/mute")] == ["bob", "carl"]
    assert (await app.call("GET", "/threads/user/carl"))["entities"] == []
    assert await app.data("POST", "/metadata/chatroom/{room}", {}) == {"bob": "v", "carl": "v"}
    if method == "DELETE":
        await app.call("POST", "/chatgroups/{group}/users/carl")
        assert await app.data("GET", "/metadata/chatgroup/{group}/user/carl") == {}
    await app.call(method, path.replace("{place}", "/chatrooms/{room}").replace("carl", "bob"))
    assert await app.data("POST", "/metadata/chatroom/{room}", {}) == {"carl": "v"}


async def test_a_new_owner(app):
    """He is no admin any longer, and the old owner is a plain member, who can now be put out."""
    await app.call("PUT", "/chatgroups/{group}", {"newowner": "bob"})
    assert await app.data("GET", "/chatgroups/{group}/admin") == []
    assert (await app.data("GET", "/chatgroups/{group}"))[0]["owner"] == "bob"
    assert (await app.client.delete(f"/chatgroups/{app.ids['group']}/users/bob")).status_code == 403
    await app.call("DELETE", "/chatgroups/{group}/users/anna")
    await app.call("DELETE", "/users/anna")
    assert await app.data("GET", "/chatgroups/{group}/user/carl/is_joined") is True


async def test_a_recalled_message(app):
    """Its reactions go; the thread that hangs on it stays."""
    body = {"msg_id": app.ids["message"], "to": app.ids["group"], "chat_type": "groupchat"}
    assert (await app.data("POST", "/messages/msg_recall", body))["recalled"] == "yes"
    left = await app.tables()
    assert (left["reactions"], left["reaction_users"], left["threads"]) == (0, 0, 1)


async def test_ways_of_asking_for_all_attributes_of_members(app):
    """No keys, an empty list and an empty text are one."""
    for more in ({}, {"properties": []}, {"properties": ""}):
        asked = {"targets": ["bob", "anna", "dora"], **more}
        assert await app.data("POST", "/metadata/chatgroup/{group}/get", asked) == {"bob": {"k": "bob"}, "anna": {}}


async def test_an_answer_about_removed_attributes(app):
    """Unlike others it says too that it is fine."""
    answer = await app.call("DELETE", "/metadata/chatroom/{room}/user/bob", {"keys": ["bob", "carl", "x"]})
    assert answer["status"] == "ok"
    assert answer["data"]["successKeys"] == ["bob"]
    assert answer["data"]["errorKeys"].keys() == {"carl", "x"}


async def test_messages_of_threads_wait_for_those_who_are_in_them(app):
    """Not for every member of the group."""
    await app.call("DELETE", "/thread/{thread}/users", {"usernames": ["carl"]})

    async def waiting(name: str) -> int:
        return (await app.data("GET", f"/users/{name}/offline_msg_count"))[name]

    before = {name: await waiting(name) for name in USERS}
    text = {"from": "anna", "to": [app.ids["thread"]], "type": "txt", "body": {"msg": "hello"}}
    await app.data("POST", "/messages/chatgroups", text)
    assert {name: await waiting(name) - before[name] for name in USERS} == {"anna": 0, "bob": 1, "carl": 0, "dora": 0}


async def test_reactions_in_a_thread(app, refused):
    """Members of the group may react to what is said in its threads."""
    text = {"from": "anna", "to": [app.ids["thread"]], "type": "txt", "body": {"msg": "hello"}}
    message = (await app.data("POST", "/messages/chatgroups", text))[app.ids["thread"]]
    body = {"msgId": message, "message": "smile"}
    assert (await app.data("POST", "/reaction/user/carl", body))["msgType"] == "groupchat"
    assert refused(await app.client.post("/reaction/user/dora", json=body)) == (400, "Bad Request")


async def test_everything_survives_a_restart(connect, clock, tmp_path: Path):
    """A file holds all of it: the same questions have the same answers afterwards, and new ids are new."""
    path = str(tmp_path / "emulator.db")

    def start() -> Emulator:
        return Emulator(path, enforce_quotas=False, now=lambda: clock.wall, monotonic=lambda: clock.ticks)

    async with start() as emulator:
        app = await made(connect(emulator))
        before, rows = await app.everything(), await app.tables()
    async with start() as emulator:
        again = App(connect(emulator), app.ids)
        assert await again.everything() == before
        assert await again.tables() == rows
        group = (await again.data("POST", "/chatgroups", {"owner": "anna", "public": True}))["groupid"]
        assert group not in app.ids.values()
        assert (await again.client.post(f"/chatrooms/{app.ids['room']}/users/dora")).status_code == 403
        text = {"from": "carl", "to": [app.ids["thread"]], "type": "txt", "body": {"msg": "hello"}}
        assert (await again.client.post("/messages/chatgroups", json=text)).status_code == 403
