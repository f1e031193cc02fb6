"""Group `messages` on the wire."""

from __future__ import annotations

import gzip
import json
import re

import pytest

from agora_chat_async.emulator import Emulator
from agora_chat_async.emulator._state.messages import Draft

URI = "http://emulator/demo-org/demo-app"
TIMES = {"timestamp": 1_700_000_000_000, "duration": 0}
TEXT = {"type": "txt", "body": {"msg": "hello"}}
HOUR = "2023111422"  # the hour in which the test clock stands


def envelope(answer: dict, path: str, action: str = "post") -> dict:
    return {
        "action": action,
        "application": answer["application"],
        "organization": "demo-org",
        "applicationName": "demo-app",
        "path": f"/{path.split('/')[1]}",
        "uri": f"{URI}{path}",
        "entities": [],
        **TIMES,
    }


async def send(client, to="anna", kind="users", **more) -> str:
    response = await client.post(f"/messages/{kind}", json={"to": [to], **TEXT, **more})
    assert response.status_code == 200, response.text
    return response.json()["data"][to]


async def records(client, hour: str = HOUR) -> list[dict]:
    url = (await client.get(f"/chatmessages/{hour}")).json()["data"][0]["url"]
    file = await client.get(url, headers={"Authorization": ""})
    assert file.headers["content-type"] == "application/gzip"
    return [json.loads(line) for line in gzip.decompress(file.content).splitlines()]


@pytest.mark.parametrize(
    ("path", "targets"),
    [
        ("/messages/users", ["anna", "bert", "nobody"]),
        ("/messages/chatgroups", ["1", "2", "3"]),
        ("/messages/chatrooms", [str(number) for number in range(10)]),
    ],
)
async def test_send(client, path, targets):
    response = await client.post(path, json={"from": "carl", "to": targets, **TEXT})
    answer = response.json()
    assert response.status_code == 200
    assert answer == envelope(answer, path) | {"data": answer["data"]}
    assert list(answer["data"]) == targets
    ids = list(answer["data"].values())
    assert len(set(ids)) == len(targets)
    assert all(re.fullmatch(r"[1-9][0-9]{18}", number) for number in ids)


@pytest.mark.parametrize(
    ("path", "most"), [("/messages/users", 600), ("/messages/chatgroups", 3), ("/messages/chatrooms", 10)]
)
async def test_receivers_in_one_call(client, refused, path, most):
    names = [str(number) for number in range(most + 1)]
    assert refused(await client.post(path, json={"to": names, **TEXT})) == (400, "illegal_argument")
    assert refused(await client.post(path, json={"to": [], **TEXT})) == (400, "illegal_argument")
    # Room messages count by receiver, and what was refused for its body was counted all the same.
    answer = await client.post(path, json={"to": names[:most], **TEXT})
    assert len(answer.json()["data"]) == most


CONTENTS = {
    "txt": {"msg": "hello"},
    "img": {"url": "https://host/x", "filename": "a.png", "secret": "s", "size": {"width": 1.5, "height": 2}},
    "audio": {"url": "https://host/x", "length": 10, "file_length": 100},
    "video": {"url": "https://host/x", "thumb": "https://host/t", "length": 0, "thumb_secret": "t"},
    "file": {"url": "https://host/x", "filename": "a.txt"},
    "loc": {"lat": "39.9", "lng": 116.4, "addr": "somewhere"},
    "cmd": {"action": "reload", "param": {"deep": True}},
    "custom": {"customEvent": "a-Z0_9/.", "customExts": {"k": "v"}},
}


@pytest.mark.parametrize("kind", CONTENTS)
async def test_the_eight_types(client, kind):
    await send(client, type=kind, body=CONTENTS[kind] | {"further": [1]}, ext={"em_ignore_notification": True})
    answer = await client.post("/messages/chatrooms/broadcast", json={"msg": {"type": kind, **CONTENTS[kind]}})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"from": ""},
        {"from": "x" * 65},
        {"from": 1},
        {"to": "anna"},
        {"to": [""]},
        {"to": [1]},
        {"type": "text"},
        {"type": None},
        {"type": ["txt"]},
        {"body": None},
        {"body": "hello"},
        {"body": {}},
        {"body": {"msg": 1}},
        {"type": "img", "body": {"filename": "a"}},
        {"type": "img", "body": {"url": "u", "size": {"width": "1", "height": 1}}},
        {"type": "audio", "body": {"url": "u", "length": 1.5}},
        {"type": "file", "body": {"url": "u"}},
        {"type": "loc", "body": {"lat": True, "lng": 1, "addr": "x"}},
        {"type": "cmd", "body": {}},
        {"type": "custom", "body": {"customEvent": "x" * 33}},
        {"type": "custom", "body": {"customEvent": "with space"}},
        {"type": "custom", "body": {"customExts": {str(number): "v" for number in range(17)}}},
        {"type": "custom", "body": {"customExts": {"k": 1}}},
        {"ext": None},
        {"ext": []},
        {"roam_ignore_users": ["x"] * 21},
        {"roam_ignore_users": None},
        {"sync_device": "true"},
        {"routetype": "ROUTE_TYPE"},
        {"msg_timestamp": -1},
        {"msg_timestamp": 1 << 62},
        {"route_type": "ROUTE_ONLINE"},
    ],
)
async def test_illegal_messages(client, refused, change):
    message = {"to": ["anna"], **TEXT} | change
    for path in ("/messages/users", "/messages/chatgroups", "/messages/chatrooms"):
        assert refused(await client.post(path, json=message)) == (400, "illegal_argument")
    tables = (await client.get("http://emulator/_emulator/tables")).json()["tables"]
    assert tables["messages"] == 0


async def test_missing_members(client, refused):
    for gone in ("to", "type", "body"):
        message = {"to": ["anna"], **TEXT}
        del message[gone]
        assert refused(await client.post("/messages/users", json=message)) == (400, "illegal_argument")


@pytest.mark.parametrize(("setting", "error"), [(413, "Request Entity Too Large"), (400, "illegal_argument")])
async def test_too_large(connect, refused, setting, error):
    client = connect(too_large=setting)
    room = 5 * 1024 - len('{"msg":""}')
    await send(client, body={"msg": "x" * room})
    assert refused(
        await client.post("/messages/users", json={"to": ["anna"], "type": "txt", "body": {"msg": "x" * (room + 1)}})
    ) == (setting, error)
    split = {"to": ["anna"], "type": "txt", "body": {"msg": "x" * 3000}, "ext": {"k": "x" * 3000}}
    response = await client.post("/messages/users", json=split)
    assert refused(response) == (setting, error)
    if setting == 400:
        assert "message is too large" in response.json()["error_description"]
    many = {"to": [f"user-{number}" for number in range(600)], **TEXT}
    assert (await client.post("/messages/users", json=many)).status_code == 200


async def test_online_only_drops_for_the_others(client):
    await client.post("/users", json={"username": "anna"})
    await send(client, routetype="ROUTE_ONLINE")
    assert (await client.get("/users/anna/offline_msg_count")).json()["data"] == {"anna": 0}


async def test_broadcast(client, refused, clock):
    """It goes to the rooms that are there and had a message before."""
    await client.post("/users", json={"username": "anna"})
    body = {"name": "r", "description": "d", "owner": "anna"}
    active, deleted, _ = [(await client.post("/chatrooms", json=body)).json()["data"]["id"] for _ in range(3)]
    for room in ("42", active, deleted):
        await send(client, room, kind="chatrooms")
    await client.delete(f"/chatrooms/{deleted}")
    response = await client.post("/messages/chatrooms/broadcast", json={"msg": {"type": "txt", "msg": "hello"}})
    answer = response.json()
    assert answer == envelope(answer, "/messages/chatrooms/broadcast") | {"data": {"id": answer["data"]["id"]}}
    assert answer["data"]["id"] > 2**53
    for change in (
        {"from": ""},
        {"ext": None},
        {"msg": "hello"},
        {"msg": {"type": "txt"}},
        {"chatroom_msg_level": "x"},
        {"to": ["1"]},
        {"msg": {"msg": "hello"}},
    ):
        body = {"msg": {"type": "txt", "msg": "hello"}} | change
        assert refused(await client.post("/messages/chatrooms/broadcast", json=body)) == (400, "illegal_argument")
    clock.advance(3 * 3600)
    texts = [(record["chat_type"], record["to"]) for record in await records(client)]
    assert texts == [("chatroom", room) for room in ("42", active, deleted, active)]


async def test_broadcasts_are_for_larger_plans(connect, refused):
    for plan, status in (("free", 403), ("starter", 403), ("pro", 200), ("enterprise", 200)):
        client = connect(plan=plan)
        response = await client.post("/messages/chatrooms/broadcast", json={"msg": {"type": "txt", "msg": "hello"}})
        assert response.status_code == status


async def test_history(client, refused, clock):
    number = await send(client, ext={"k": [1]}, **{"from": "carl"})
    assert refused(await client.get(f"/chatmessages/{HOUR}")) == (400, "illegal_argument")
    clock.advance(2 * 3600)
    answer = (await client.get(f"/chatmessages/{HOUR}")).json()
    url = answer["data"][0]["url"]
    assert url.startswith("http://emulator/")
    assert f"Expires={int(clock.wall) + 1800}&" in url
    assert "Signature=" in url
    assert await records(client) == [
        {
            "msg_id": number,
            "timestamp": 1_700_000_000_000,
            "direction": "outgoing",
            "from": "carl",
            "to": "anna",
            "chat_type": "chat",
            "payload": {
                "bodies": [{"type": "txt", "msg": "hello"}],
                "from": "carl",
                "to": "anna",
                "ext": {"k": [1]},
            },
        }
    ]
    for wrong in (url.replace("Signature=", "Signature=0"), url.replace(HOUR, "2023111421"), url.partition("?")[0]):
        assert (await client.get(wrong)).status_code == 403
    clock.advance(1801)
    assert (await client.get(url)).status_code == 403
    assert refused(await client.get("/chatmessages/2023111421")) == (404, "storage_object_not_found")
    clock.advance(60)
    for wrong in ("20231114", "2023111425", "2023133101", "20231114xx", "\uff12023111422"):
        response = await client.get(f"/chatmessages/{wrong}")
        assert refused(response) == (400, "illegal_argument")
        assert "not supported" in response.json()["error_description"]


@pytest.mark.parametrize(("plan", "days"), [("free", 7), ("starter", 90), (None, 180)])
async def test_history_expires_with_the_plan(connect, refused, clock, plan, days):
    client = connect(plan=plan)
    await send(client)
    clock.advance(days * 86_400 - 2 * 3600)
    client.headers["Authorization"] = f"Bearer {clock.token()}"
    assert len(await records(client)) == 1
    clock.advance(3 * 3600)
    client.headers["Authorization"] = f"Bearer {clock.token()}"
    assert refused(await client.get(f"/chatmessages/{HOUR}")) == (400, "illegal_argument")


async def test_modify(client, clock):
    number = await send(client, ext={"a": 1, "b": 2})
    path = f"/messages/rewrite/{number}"
    body = {"user": "admin", "new_msg": {"type": "txt", "msg": "new"}, "new_ext": {"b": 3, "c": 4}}
    answer = (await client.put(path, json=body)).json()
    assert answer == envelope(answer, path, "put") | {"data": "success"}
    clock.advance(3 * 3600)
    payload = (await records(client))[0]["payload"]
    assert payload["bodies"] == [{"type": "txt", "msg": "new"}]
    assert payload["ext"] == {"a": 1, "b": 3, "c": 4}
    assert (await client.put(path, json=body | {"is_combine_ext": False})).json()["data"] == "success"
    assert (await records(client))[0]["payload"]["ext"] == {"b": 3, "c": 4}


async def test_modify_refusals(client, refused):
    edit = {"new_msg": {"type": "txt", "msg": "new"}}
    custom = {"new_msg": {"type": "custom", "customEvent": "e", "customExts": {"k": "v"}}}
    text, event = await send(client), await send(client, type="custom", body={})
    picture = await send(client, type="img", body={"url": "u"})
    room = await send(client, "1", kind="chatrooms")
    for target, body, expected in (
        ("5I02W-XX", edit, (400, "InvalidMessageIdException")),
        ("1234567890123456789", edit, (404, "MessageUnavailableException")),
        ("9" * 40, edit, (404, "MessageUnavailableException")),
        (picture, edit, (400, "UnsupportedMessageTypeException")),
        (room, edit, (400, "UnsupportedMessageTypeException")),
        (text, custom, (400, "illegal_argument")),
        (event, edit, (400, "illegal_argument")),
        (text, {"new_msg": {"type": "img", "url": "u"}}, (400, "illegal_argument")),
        (text, {"new_msg": {"type": "txt"}}, (400, "illegal_argument")),
        (text, {}, (400, "illegal_argument")),
        (text, edit | {"new_ext": None}, (400, "illegal_argument")),
        (text, edit | {"is_combine_ext": "true"}, (400, "illegal_argument")),
        (text, {"new_msg": {"type": "txt", "msg": "x" * 6000}}, (413, "Request Entity Too Large")),
    ):
        assert refused(await client.put(f"/messages/rewrite/{target}", json=body)) == expected
    assert (await client.put(f"/messages/rewrite/{event}", json=custom)).status_code == 200
    for _ in range(10):
        assert (await client.put(f"/messages/rewrite/{text}", json=edit)).status_code == 200
    response = await client.put(f"/messages/rewrite/{text}", json=edit)
    assert refused(response) == (403, "EditLimitExceededException")


async def test_recall(client, clock):
    async def recall(**body):
        response = await client.post("/messages/msg_recall", json={"chat_type": "chat", "to": "anna", **body})
        assert response.status_code == 200, response.text
        return response.json()

    await client.post("/users", json={"username": "anna"})
    number = await send(client)
    answer = await recall(msg_id=number)
    expected = {"msg_id": number, "recalled": "yes", "from": "admin", "to": "anna", "chattype": "chat"}
    assert answer == envelope(answer, "/messages/msg_recall") | {"data": expected}
    assert (await client.get("/users/anna/offline_msg_count")).json()["data"] == {"anna": 0}
    answer = await recall(msg_id=number)
    gone = {"msg_id": number, "recalled": "not_found msg"}
    assert answer == envelope(answer, "/messages/msg_recall") | {"msgs": [gone], "data": expected | gone}
    assert (await recall(msg_id="13132131", force=True))["data"]["recalled"] == "yes"
    assert (await recall(msg_id="no-number"))["msgs"][0]["recalled"] == "not_found msg"

    late = await send(client)
    assert (await recall(msg_id=late, to="bert"))["msgs"][0]["recalled"] == "can't find message to"
    assert (await recall(msg_id=late, chat_type="groupchat"))["msgs"][0]["recalled"] == "can't find message to"
    clock.advance(120.001)
    assert (await recall(msg_id=late))["msgs"][0]["recalled"] == "exceed call time limit"
    assert (await recall(msg_id=late, force=True, sync_device=False))["data"]["recalled"] == "yes"
    assert (await recall(msg_id=late))["msgs"][0]["recalled"] == "not_found msg"


async def test_recall_refusals(client, refused):
    for change in ({"msg_id": 5}, {"to": ""}, {"chat_type": "group_chat"}, {"from": ""}, {"force": 1}, {"msgs": []}):
        body = {"msg_id": "5", "to": "anna", "chat_type": "chat"} | change
        assert refused(await client.post("/messages/msg_recall", json=body)) == (400, "illegal_argument")


async def test_delete_conversation(client, refused):
    await client.post("/users", json={"username": "anna"})
    body = {"channel": "bert", "type": "chat", "delete_roam": True}
    path = "/users/anna/user_channel"
    answer = (await client.request("DELETE", path, json=body)).json()
    assert answer == envelope(answer, path, "delete") | {"data": {"result": "ok"}}
    assert refused(await client.request("DELETE", "/users/carl/user_channel", json=body)) == (
        404,
        "service_resource_not_found",
    )
    for change in ({"channel": ""}, {"type": "chatroom"}, {"delete_roam": None}, {"delete_roam": "true"}):
        assert refused(await client.request("DELETE", path, json=body | change)) == (400, "illegal_argument")
    del body["delete_roam"]
    assert refused(await client.request("DELETE", path, json=body)) == (400, "illegal_argument")


@pytest.mark.parametrize(("kind", "chat_type"), [("users", "chat"), ("chatgroups", "groupchat")])
async def test_import(client, refused, clock, kind, chat_type):
    await client.post("/users", json={"username": "anna"})
    path = f"/messages/{kind}/import"
    old = {"from": "bert", "target": "anna", **TEXT, "msg_timestamp": 1_699_990_000_000, "is_ack_read": True}
    answer = (await client.post(path, json=old)).json()
    number = answer["data"]["msg_id"]
    assert answer == envelope(answer, path) | {"data": {"msg_id": number}}
    assert re.fullmatch(r"[0-9]{19}", number)
    assert (await client.get("/users/anna/offline_msg_count")).json()["data"] == {"anna": 0}
    (record,) = await records(client, "2023111419")
    assert (record["msg_id"], record["timestamp"], record["chat_type"]) == (number, 1_699_990_000_000, chat_type)
    for change in (
        {"from": ""},
        {"target": ""},
        {"type": "text"},
        {"ext": None},
        {"msg_timestamp": "now"},
        {"need_download": 1},
        {"to": ["anna"]},
    ):
        assert refused(await client.post(path, json=old | change)) == (400, "illegal_argument")


async def test_no_more_than_500_messages_wait(clock, connect):
    async with Emulator(now=lambda: clock.wall) as emulator:
        state, client = emulator.state, connect(emulator)
        await client.post("/users", json={"username": "anna"})

        def fill() -> list[int]:
            draft = Draft("admin", "txt", {"msg": "hello"})
            return [state.messages.send_to_users(draft, ["anna"], only_online=False)["anna"] for _ in range(501)]

        numbers = await state.database.run(fill)
        assert (await client.get("/users/anna/offline_msg_count")).json()["data"] == {"anna": 500}
        for number, status in ((numbers[0], "delivered"), (numbers[1], "undelivered"), (numbers[-1], "undelivered")):
            answer = await client.get(f"/users/anna/offline_msg_status/{number}")
            assert answer.json()["data"] == {str(number): status}
