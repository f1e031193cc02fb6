"""Forms that the vendor's older clients and its Java SDK use."""

from __future__ import annotations

import httpx
import pytest

ROOT = "http://emulator/_emulator"
HELLO = {"type": "txt", "msg": "hello"}


@pytest.fixture
async def group(client: httpx.AsyncClient) -> str:
    await client.post(f"{ROOT}/seed", json={"users": ["anna", "bob", "carl"]})
    body = {"groupname": "g", "description": "d", "public": True, "owner": "anna", "members": ["bob", "carl"]}
    return str((await client.post("/chatgroups", json=body)).json()["data"]["groupid"])


async def waiting(client: httpx.AsyncClient, name: str) -> int:
    return int((await client.get(f"/users/{name}/offline_msg_count")).json()["data"][name])


async def test_send(client, refused, group):
    """One route for users, groups and rooms; ids are told where they are asked for."""
    body = {"from": "anna", "target_type": "users", "target": ["bob"], "msg": HELLO, "ext": {"k": 1}}
    answer = (await client.post("/messages", json=body)).json()
    assert (answer["data"], answer["path"]) == ({"bob": "success"}, "/messages")
    answer = (await client.post("/messages?useMsgId=true", json=body)).json()
    assert await waiting(client, "bob") == 2
    status = await client.get(f"/users/bob/offline_msg_status/{answer['data']['bob']}")
    assert list(status.json()["data"].values()) == ["undelivered"]
    to_group = body | {"target_type": "chatgroups", "target": [group]}
    assert (await client.post("/messages", json=to_group)).json()["data"] == {group: "success"}
    assert (await waiting(client, "bob"), await waiting(client, "carl")) == (3, 1)
    response = await client.post("/messages", json=body | {"target_type": "chat"})
    assert refused(response) == (400, "illegal_argument")
    assert response.json()["error_description"].startswith("target_type can only be")
    for change in ({"from": ""}, {"msg": {"msg": "hello"}}, {"msg": {"type": "loc"}}, {"target": []}, {"ext": None}):
        assert refused(await client.post("/messages", json=body | change)) == (400, "illegal_argument")
    await client.post("/mutes", json={"username": "anna", "chat": -1})
    assert refused(await client.post("/messages", json=body)) == (403, "forbidden_op")


async def test_recall_several(client, refused, group):
    ids = [
        (await client.post("/messages/users", json={"to": ["bob"], "type": "txt", "body": {"msg": "x"}})).json()
        for _ in range(2)
    ]
    msgs = [{"msg_id": one["data"]["bob"], "to": "bob", "chat_type": "chat"} for one in ids]
    answer = (await client.post("/messages/recall", json={"msgs": [*msgs, msgs[0] | {"msg_id": "1"}]})).json()
    assert [one["recalled"] for one in answer["msgs"]] == ["yes", "yes", "not_found msg"]
    assert await waiting(client, "bob") == 0
    assert refused(await client.post("/messages/msg_recall", json={"msgs": msgs})) == (400, "illegal_argument")
    assert refused(await client.post("/messages/recall", json={"msgs": {}})) == (400, "illegal_argument")


async def test_send_to_some_members(client, refused, group):
    """The others neither wait for it nor can pull it."""
    message = {"from": "anna", "to": [group], "type": "txt", "body": {"msg": "psst"}}
    answer = await client.post("/messages/chatgroups/users", json=message | {"users": ["bob"]})
    assert answer.json()["data"].keys() == {group}
    assert (await waiting(client, "bob"), await waiting(client, "carl")) == (1, 0)
    for name, count in (("anna", 1), ("bob", 1), ("carl", 0)):
        seen = (await client.get(f"{ROOT}/users/{name}/messages")).json()["messages"]
        assert len(seen) == count
    for wrong in ({"users": []}, {"users": ["x"] * 21}, {"users": ["bob"], "to": [group, group]}, {}):
        response = await client.post("/messages/chatgroups/users", json=message | wrong)
        assert refused(response) == (400, "illegal_argument")
    in_room = message | {"to": ["42"], "users": ["bob"], "chatroom_msg_level": "high"}
    assert (await client.post("/messages/chatrooms/users", json=in_room)).json()["data"].keys() == {"42"}


async def test_disconnect_one_device(client, refused, group):
    await client.post(f"{ROOT}/users/anna/online")
    assert (await client.get("/users/anna/disconnect/android_1")).json()["data"] == {"result": True}
    assert (await client.get("/users/anna/status")).json()["data"] == {"anna": "offline"}
    assert refused(await client.get("/users/zoe/disconnect/x")) == (404, "service_resource_not_found")


async def test_remarks(client, refused, group):
    """They are seen in the paged list, where they are asked for."""
    for name in ("bob", "carl"):
        await client.post(f"/users/anna/contacts/users/{name}")
    response = await client.put("/user/anna/contacts/users/bob", json={"remark": "my friend"})
    assert response.json()["status"] == "ok"
    listed = (await client.get("/user/anna/contacts?needReturnRemark=true")).json()["data"]["contacts"]
    assert listed == [{"username": "carl", "remark": None}, {"username": "bob", "remark": "my friend"}]
    assert (await client.get("/user/bob/contacts?needReturnRemark=true")).json()["data"]["contacts"] == [
        {"username": "anna", "remark": None}
    ]
    wrong = await client.put("/user/anna/contacts/users/bob", json={"remark": "x" * 101})
    assert refused(wrong) == (400, "illegal_argument")
    stranger = await client.put("/user/bob/contacts/users/carl", json={"remark": "x"})
    assert refused(stranger) == (404, "resource_not_found")


async def test_nicknames_of_several(client, refused, group):
    given = [{"push_nickname": "A", "username": "anna"}, {"push_nickname": "B", "username": "bob"}]
    assert (await client.put("/push/nickname", json=given)).json()["entities"] == given
    assert (await client.get("/users/bob")).json()["entities"][0]["nickname"] == "B"
    for wrong in ([], given * 26, [given[0] | {"push_nickname": "x" * 101}], {"username": "anna"}):
        assert refused(await client.put("/push/nickname", json=wrong)) == (400, "illegal_argument")
    missing = await client.put("/push/nickname", json=[given[0] | {"username": "zoe"}])
    assert refused(missing) == (400, "required_property_not_found")


async def test_a_template_is_changed(client, clock, refused):
    template = {"title_pattern": "{0}", "content_pattern": "{$msg}"}
    await client.post("/notification/template", json={"name": "t", **template})
    clock.advance(10)
    changed = (await client.put("/notification/template/t", json=template | {"title_pattern": "{1}"})).json()["data"]
    assert changed["updateAt"] - changed["createAt"] == 10_000
    assert (await client.get("/notification/template/t")).json()["data"] == changed
    missing = await client.put("/notification/template/x", json=template)
    assert refused(missing) == (400, "EntityNotFoundException")


async def test_push_settings_stand_among_the_details(client, group):
    body = {
        "notification_display_style": "1",
        "notification_no_disturbing": True,
        "notification_no_disturbing_start": "8",
        "notification_no_disturbing_end": 10,
    }
    (set_,) = (await client.put("/users/anna", json=body)).json()["entities"]
    (got,) = (await client.get("/users/anna")).json()["entities"]
    hours = {"notification_no_disturbing_start": "8", "notification_no_disturbing_end": "10"}
    assert got == set_ | hours
