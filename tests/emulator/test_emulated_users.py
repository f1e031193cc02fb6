"""Group `users` on the wire."""

from __future__ import annotations

import re

import httpx
import pytest

URI = "http://emulator/demo-org/demo-app"
APP = {"organization": "demo-org", "applicationName": "demo-app"}
TIMES = {"timestamp": 1_700_000_000_000, "duration": 0}


def of_app(answer: dict) -> dict:
    """The members that name the app, whose id is only checked by form."""
    assert re.fullmatch(r"[0-9a-f-]{36}", answer["application"])
    return {**APP, "application": answer["application"]}


def user(answer: dict, name: str, **more: object) -> dict:
    """A new user as the service describes one, with the uuid that it got."""
    uuid = next(entity["uuid"] for entity in answer["entities"] if entity["username"] == name)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", uuid)
    moment = 1_700_000_000_000
    return {
        "uuid": uuid,
        "type": "user",
        "created": moment,
        "modified": moment,
        "username": name,
        "activated": True,
        **more,
    }


async def register(client: httpx.AsyncClient, *names: str) -> None:
    answer = await client.post("/users", json=[{"username": name} for name in names])
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["entities"]) == len(names)


async def set_online(client: httpx.AsyncClient, name: str, *, online: bool = True) -> dict:
    answer = await client.post(f"http://emulator/_emulator/users/{name}/online", json={"online": online})
    assert answer.status_code == 200
    return answer.json()


async def test_create(client):
    response = await client.post("/users", json={"username": "anna", "password": "secret", "nickname": "Anna"})
    answer = response.json()
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert answer == {
        "action": "post",
        **of_app(answer),
        "path": "/users",
        "uri": f"{URI}/users",
        "entities": [user(answer, "anna", nickname="Anna")],
        **TIMES,
    }


async def test_create_taken(client, refused):
    await register(client, "anna")
    response = await client.post("/users", json={"username": "anna"})
    assert refused(response) == (400, "duplicate_unique_property_exists")
    assert response.json()["error_description"].endswith("anna")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"username": ""},
        {"username": 7},
        {"username": None},
        {"username": "Anna"},
        {"username": "an na"},
        {"username": "a/b"},
        {"username": "ä"},
        {"username": "a" * 65},
        {"username": "anna", "password": ""},
        {"username": "anna", "password": "x" * 65},
        {"username": "anna", "password": "ä" * 33},
        {"username": "anna", "password": None},
        {"username": "anna", "nickname": "x" * 101},
        {"username": "anna", "nickname": 1},
        {"username": "anna", "colour": "red"},
        "anna",
        7,
        [],
        [{"username": f"u{n}"} for n in range(61)],
        [{"username": "anna"}, {}],
        [{"username": "anna"}, {"username": "Bert"}],
        [{"username": "anna"}, "bert"],
    ],
)
async def test_create_illegal(client, refused, body):
    assert refused(await client.post("/users", json=body)) == (400, "illegal_argument")
    assert (await client.get("/users")).json()["entities"] == []


async def test_create_bounds(client):
    longest = {"username": "a" * 64, "password": "x" * 64, "nickname": "x" * 100}
    for body in (longest, {"username": "."}, {"username": "a_b-c.9"}, [{"username": f"u{n}"} for n in range(60)]):
        assert (await client.post("/users", json=body)).status_code == 200


async def test_loose_takes_unknown_members(connect):
    assert (await connect(strict=False).post("/users", json={"username": "anna", "colour": "red"})).status_code == 200


async def test_create_many(client):
    await register(client, "bert")
    names = ["anna", "bert", "carl", "anna"]
    response = await client.post("/users", json=[{"username": name} for name in names])
    answer = response.json()
    assert response.status_code == 200
    assert answer == {
        "action": "post",
        **of_app(answer),
        "path": "/users",
        "uri": f"{URI}/users",
        "entities": [user(answer, "anna"), user(answer, "carl")],
        "data": [
            {"username": "bert", "registerUserFailReason": "the bert already exists"},
            {"username": "anna", "registerUserFailReason": "the anna already exists"},
        ],
        **TIMES,
    }
    again = (await client.post("/users", json=[{"username": name} for name in names])).json()
    assert again["entities"] == []
    assert [failure["username"] for failure in again["data"]] == names
    assert (await client.post("/users", json=[{"username": "dora"}])).json()["data"] == []


async def test_create_many_refusing_conflicts(connect, refused):
    client = connect(batch_conflict="refuse")
    await register(client, "bert")
    response = await client.post("/users", json=[{"username": "anna"}, {"username": "bert"}])
    assert refused(response) == (400, "duplicate_unique_property_exists")
    assert response.json()["error_description"].endswith("bert")
    assert (await client.get("/users/anna")).status_code == 404


async def test_one_name_with_two_passwords(client, refused):
    batch = [{"username": "anna", "password": "one"}, {"username": "anna", "password": "two"}]
    assert refused(await client.post("/users", json=batch)) == (400, "duplicate_unique_property_exists")
    assert (await client.get("/users/anna")).status_code == 404


async def test_get(client, refused):
    await register(client, "anna")
    answer = (await client.get("/users/anna")).json()
    assert answer == {
        "action": "get",
        "path": "/users",
        "uri": f"{URI}/users/anna",
        "entities": [user(answer, "anna")],
        "count": 1,
        **TIMES,
    }
    by_uuid = (await client.get(f"/users/{answer['entities'][0]['uuid']}")).json()
    assert by_uuid["entities"] == answer["entities"]
    assert refused(await client.get("/users/bert")) == (404, "service_resource_not_found")


async def test_list(client, refused):
    names = [f"user-{number:02}" for number in range(25)]
    await register(client, *names)
    first = (await client.get("/users", params={"limit": 10})).json()
    assert first == {
        "action": "get",
        "path": "/users",
        "uri": f"{URI}/users",
        "params": {"limit": ["10"]},
        "entities": [user(first, name) for name in names[:10]],
        "count": 10,
        "cursor": first["cursor"],
        **TIMES,
    }
    second = (await client.get("/users", params={"limit": 10, "cursor": first["cursor"]})).json()
    assert second["params"] == {"limit": ["10"], "cursor": [first["cursor"]]}
    last = (await client.get("/users", params={"limit": 5, "cursor": second["cursor"]})).json()
    assert "cursor" not in last, "a full page with nothing after it has no cursor"
    assert [entity["username"] for page in (first, second, last) for entity in page["entities"]] == names
    assert (await client.get("/users")).json()["count"] == 10
    assert (await client.get("/users?limit=0")).json()["count"] == 1
    assert (await client.get("/users?limit=1000")).json()["count"] == 25
    for query in ("limit=ten", "cursor=nonsense", "cursor=%00", "page=2"):
        assert refused(await client.get(f"/users?{query}")) == (400, "illegal_argument")


async def test_pages_do_not_slip_when_users_go(client):
    await register(client, "a", "b", "c", "d")
    first = (await client.get("/users?limit=2")).json()
    await client.delete("/users/a")
    second = (await client.get("/users", params={"limit": 2, "cursor": first["cursor"]})).json()
    assert [entity["username"] for entity in second["entities"]] == ["c", "d"]


async def test_delete(client, refused):
    await register(client, "anna")
    before = (await client.get("/users/anna")).json()["entities"]
    answer = (await client.delete("/users/anna")).json()
    assert answer == {
        "action": "delete",
        "organization": "demo-org",
        "applicationName": "demo-app",
        "path": "/users",
        "uri": f"{URI}/users",
        "entities": before,
        **TIMES,
    }
    assert refused(await client.delete("/users/anna")) == (404, "service_resource_not_found")
    await register(client, "anna")
    assert (await client.get("/users/anna")).json()["entities"][0]["uuid"] != before[0]["uuid"]


async def test_delete_many(client):
    names = [f"user-{number:02}" for number in range(13)]
    await register(client, *names)
    first = (await client.delete("/users")).json()
    assert first == {
        "action": "delete",
        **of_app(first),
        "path": "/users",
        "uri": f"{URI}/users",
        "params": {},
        "entities": [user(first, name) for name in names[:10]],
        "cursor": first["cursor"],
        **TIMES,
    }
    second = (await client.delete("/users", params={"limit": 2, "cursor": first["cursor"]})).json()
    assert [entity["username"] for entity in second["entities"]] == names[10:12]
    third = (await client.delete("/users", params={"limit": 2, "cursor": second["cursor"]})).json()
    assert [entity["username"] for entity in third["entities"]] == names[12:]
    assert "cursor" not in third
    assert (await client.delete("/users")).json()["entities"] == []


async def test_set_password(client, refused):
    await register(client, "anna")
    await set_online(client, "anna")
    answer = (await client.put("/users/anna/password", json={"newpassword": "next"})).json()
    assert answer == {"action": "set user password", **TIMES}
    assert (await client.get("/users/anna/status")).json()["data"] == {"anna": "offline"}
    wrong = client.put("/users/bert/password", json={"newpassword": "next"})
    assert refused(await wrong) == (404, "entity_not_found")
    for body in ({}, {"newpassword": ""}, {"newpassword": "x" * 65}, {"newPassword": "x"}):
        assert refused(await client.put("/users/anna/password", json=body)) == (400, "illegal_argument")


async def test_ban_and_unban(client, refused):
    await register(client, "anna")
    await set_online(client, "anna")
    answer = (await client.post("/users/anna/deactivate")).json()
    banned = user(answer, "anna", activated=False)
    assert answer == {"action": "Deactivate user", "entities": [banned], **TIMES}
    assert (await client.get("/users/anna")).json()["entities"] == [banned]
    assert (await client.get("/users/anna/status")).json()["data"] == {"anna": "offline"}
    login = await client.post("http://emulator/_emulator/users/anna/online", json={"online": True})
    assert refused(login) == (400, "illegal_argument")
    for _ in range(2):
        assert (await client.post("/users/anna/activate")).json() == {"action": "activate user", **TIMES}
    assert (await client.get("/users/anna/status")).json()["data"] == {"anna": "offline"}
    assert (await client.get("/users/anna")).json()["entities"][0]["activated"] is True
    for verb in ("activate", "deactivate"):
        assert refused(await client.post(f"/users/bert/{verb}")) == (404, "service_resource_not_found")


async def test_disconnect(client, refused):
    await register(client, "anna")
    await set_online(client, "anna")
    for _ in range(2):
        answer = (await client.get("/users/anna/disconnect")).json()
        assert answer == {
            "action": "get",
            **of_app(answer),
            "uri": f"{URI}/users/anna/disconnect",
            "entities": [],
            "data": {"result": True},
            **TIMES,
        }
    assert (await client.get("/users/anna/status")).json()["data"] == {"anna": "offline"}
    assert refused(await client.get("/users/bert/disconnect")) == (404, "service_resource_not_found")


async def test_online_status(client, refused):
    await register(client, "anna", "bert", "batch")
    await set_online(client, "anna")
    assert (await client.get("/users/anna/status")).json() == {
        "action": "get",
        "uri": f"{URI}/users/anna/status",
        "count": 0,
        "entities": [],
        "data": {"anna": "online"},
        **TIMES,
    }
    assert refused(await client.get("/users/carl/status")) == (404, "service_resource_not_found")
    assert (await client.get("/users/batch/status")).json()["data"] == {"batch": "offline"}
    many = await client.post("/users/batch/status", json={"usernames": ["bert", "anna", "carl"]})
    assert many.json() == {
        "action": "get batch user status",
        "data": [{"bert": "offline"}, {"anna": "online"}, {"carl": "offline"}],
        **TIMES,
    }
    for names in ([], ["x"] * 101, "anna", [1], None):
        answer = await client.post("/users/batch/status", json={"usernames": names})
        assert refused(answer) == (400, "illegal_argument")


async def test_offline_messages(client, refused):
    await register(client, "anna", "bert")
    await set_online(client, "bert")
    message = {"from": "carl", "to": ["anna", "bert"], "type": "txt", "body": {"msg": "hello"}}
    ids = (await client.post("/messages/users", json=message)).json()["data"]
    assert (await client.get("/users/anna/offline_msg_count")).json() == {
        "action": "get",
        "uri": f"{URI}/users/anna/offline_msg_count",
        "count": 0,
        "entities": [],
        "data": {"anna": 1},
        **TIMES,
    }
    assert (await client.get("/users/bert/offline_msg_count")).json()["data"] == {"bert": 0}
    path = f"/users/anna/offline_msg_status/{ids['anna']}"
    assert (await client.get(path)).json() == {
        "action": "get",
        "uri": f"{URI}{path}",
        "count": 0,
        "entities": [],
        "data": {ids["anna"]: "undelivered"},
        **TIMES,
    }
    assert (await client.get("/users/anna/offline_msg_status/77")).json()["data"] == {"77": "delivered"}
    assert (await client.get("/users/anna/offline_msg_status/5I02W")).json()["data"] == {"5I02W": "delivered"}
    assert (await set_online(client, "anna"))["delivered"] == 1
    assert (await client.get(path)).json()["data"] == {ids["anna"]: "delivered"}
    assert (await client.get("/users/anna/offline_msg_count")).json()["data"] == {"anna": 0}
    for path in ("offline_msg_count", f"offline_msg_status/{ids['anna']}"):
        assert refused(await client.get(f"/users/dora/{path}")) == (404, "service_resource_not_found")


async def test_messages_to_banned_users_wait_and_go_with_the_account(client):
    await register(client, "anna")
    await client.post("/users/anna/deactivate")
    await client.post("/messages/users", json={"to": ["anna"], "type": "txt", "body": {"msg": "hello"}})
    assert (await client.get("/users/anna/offline_msg_count")).json()["data"] == {"anna": 1}
    await client.delete("/users/anna")
    await register(client, "anna")
    assert (await client.get("/users/anna/offline_msg_count")).json()["data"] == {"anna": 0}
