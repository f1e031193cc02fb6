"""What is left of a user who was deleted: nothing but what others received."""

from __future__ import annotations

from typing import Any

import pytest

from agora_chat_async.emulator import Emulator

ROOT = "http://emulator/_emulator"


async def leftovers(emulator: Emulator, *values: Any) -> set[str]:
    """Name the columns in which one of some values stands."""

    def search() -> set[str]:
        connection = emulator.state.database.connection
        found = set[str]()
        for table in emulator.state.counts():
            for column in connection.execute(f"PRAGMA table_info({table})").fetchall():
                query = f"SELECT count(*) FROM {table} WHERE CAST({column['name']} AS TEXT) IN (?, ?, ?)"  # noqa: S608 - names of its own
                if connection.execute(query, tuple(map(str, values))).fetchone()[0]:
                    found.add(f"{table}.{column['name']}")
        return found

    return await emulator.state.database.run(search)


@pytest.mark.parametrize("method", ["DELETE /users/zed", "DELETE /users?limit=1"])
async def test_nothing_is_left_of_a_deleted_user(clock, connect, method):
    """In lists of others, in groups, rooms and threads, under labels and attributes; own groups and rooms go too."""
    settings = {"now": lambda: clock.wall, "monotonic": lambda: clock.ticks}
    async with Emulator(enforce_quotas=False, **settings) as emulator:
        client = connect(emulator)

        async def call(method: str, path: str, body: Any = None, **more: Any) -> Any:
            response = await client.request(method, path, json=body, **more)
            assert response.status_code == 200, (method, path, response.text)
            return response.json()

        await call("POST", f"{ROOT}/seed", {"users": ["zed", "anna", "bob"]})
        user = (await call("GET", "/users/zed"))["entities"][0]
        number = await emulator.state.database.run(lambda: emulator.state.users.get("zed")["seq"])
        group, own = [
            (await call("POST", "/chatgroups", {"groupname": "g", "public": True, "owner": owner, "members": [other]}))[
                "data"
            ]["groupid"]
            for owner, other in (("anna", "zed"), ("zed", "anna"))
        ]
        room, own_room = [
            (await call("POST", "/chatrooms", {"name": "r", "description": "d", "owner": owner, "members": [other]}))[
                "data"
            ]["id"]
            for owner, other in (("anna", "zed"), ("zed", "anna"))
        ]
        text = {"from": "anna", "type": "txt", "body": {"msg": "hello"}}
        message = (await call("POST", "/messages/chatgroups", {**text, "to": [group]}))["data"][group]
        thread = (await call("POST", "/thread", {"group_id": group, "name": "t", "msg_id": message, "owner": "anna"}))[
            "data"
        ]["thread_id"]
        await call("POST", f"/thread/{thread}/users", {"usernames": ["zed"]})
        for method_, path, body in [
            ("POST", "/messages/users", {**text, "to": ["zed"]}),
            ("POST", "/users/anna/contacts/users/zed", None),
            ("POST", "/users/anna/blocks/users", {"usernames": ["zed"]}),
            ("POST", "/users/zed/blocks/users", {"usernames": ["bob"]}),
            ("POST", "/mutes", {"username": "zed", "chat": -1}),
            ("POST", "/users/zed/presence/android/1", {"ext": "x"}),
            ("POST", "/users/zed/presence/60", {"usernames": ["anna"]}),
            ("POST", "/users/anna/presence/60", {"usernames": ["zed"]}),
            ("PUT", "/users/zed", {"notification_display_style": 1}),
            ("PUT", "/users/zed/notification/user/zed", {"type": "ALL"}),
            ("POST", "/push/label", {"name": "l"}),
            ("POST", "/push/label/l/user", {"usernames": ["zed"]}),
            ("DELETE", "/users/zed/user_channel", {"channel": "anna", "type": "chat", "delete_roam": True}),
            ("POST", f"/chatgroups/{group}/admin", {"newadmin": "zed"}),
            ("POST", f"/chatgroups/{group}/mute", {"usernames": ["zed"], "mute_duration": -1}),
            ("POST", f"/chatgroups/{group}/white/users/zed", None),
            ("PUT", f"/metadata/chatgroup/{group}/user/zed", {"metaData": {"k": "v"}}),
            ("POST", f"/chatrooms/{room}/mute", {"usernames": ["zed"], "mute_duration": -1}),
            ("POST", f"/chatrooms/{room}/white/users/zed", None),
            ("POST", "/chatrooms/super_admin", {"superadmin": "zed"}),
            ("POST", "/reaction/user/zed", {"msgId": message, "message": "smile"}),
        ]:
            await call(method_, path, body)
        await client.put("/metadata/user/zed", data={"nickname": "Zed"})
        assert len(await leftovers(emulator, "zed", user["uuid"], "-")) > 12
        await call(*method.split())
        assert await leftovers(emulator, "zed", user["uuid"], "-") == set()
        columns = {"push_users.user", "push_notifications.user", "push_label_users.user"}
        assert not columns & await leftovers(emulator, number, "-", "-")
        for path in (f"/chatgroups/{own}", f"/chatrooms/{own_room}"):
            assert (await client.get(path)).status_code == 404
        assert (await call("GET", "/metadata/user/capacity"))["data"] == 0
        assert (await call("POST", "/users", {"username": "zed"}))["entities"][0]["uuid"] != user["uuid"]
