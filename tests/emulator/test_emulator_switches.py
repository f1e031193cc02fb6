"""Switches for what the sources leave open, and features that an app does not have."""

from __future__ import annotations

import pytest

from agora_chat_async.api import all_endpoints
from agora_chat_async.emulator import Emulator
from agora_chat_async.emulator._features import FEATURES


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"wrong_method": 404}, "wrong_method is 500 or 405, got 404"),
        ({"unknown_user": 500}, "unknown_user is None or 400 or 404, got 500"),
        ({"presence_too_fast": 503}, "presence_too_fast is 400 or 429, got 503"),
        ({"upper_case": "keep"}, "upper_case is 'refuse' or 'fold', got 'keep'"),
        ({"disabled": ["push", "pull"]}, "disabled names 'pull', which is none of user_attributes, "),
        ({"limits": {"file_gb": 1}}, "limits names 'file_gb', which is none of "),
    ],
)
def test_wrong_switches(settings, message):
    with pytest.raises(ValueError, match=message):
        Emulator(**settings)


@pytest.mark.parametrize("feature", FEATURES)
def test_every_feature_has_operations(feature):
    operations = [endpoint.id for endpoint in all_endpoints()]
    for beginning in FEATURES[feature][0]:
        assert any(operation.startswith(beginning) for operation in operations), beginning


async def test_a_method_that_a_path_does_not_have(connect, refused):
    for status, name in ((500, "unsupported_service_operation"), (405, "Method Not Allowed")):
        assert refused(await connect(wrong_method=status).put("/users")) == (status, name)


async def test_a_path_that_nobody_has(connect, refused):
    for status, name in ((501, "not_emulated"), (500, "web_application")):
        assert refused(await connect(unknown_path=status).get("/nothing/here")) == (status, name)


async def test_capitals(connect, refused):
    """They are refused or folded in new names, and do not matter in others."""
    client = connect(upper_case="fold")
    made = [
        (await client.post("/users", json=body)).json()["entities"][0]["username"]
        for body in ({"username": "Anna"}, [{"username": "BOB"}])
    ]
    assert made == ["anna", "bob"]
    assert refused(await client.post("/users", json={"username": "ANNA"})) == (400, "duplicate_unique_property_exists")
    assert (await client.get("/users/Anna")).json()["entities"][0]["username"] == "anna"


async def test_a_feature_that_is_off_leaves_the_others(connect, refused):
    """Its refusal comes after the quota and the form of the body, and before the rules."""
    client = connect(disabled=["mutes", "recall"], quotas={"mutes.set": "1/day"})
    await client.post("/users", json={"username": "anna"})
    assert (await client.get("/mutes/anna")).status_code == 200
    assert (await client.put("/metadata/user/anna", data={"ext": "x"})).status_code == 200
    assert refused(await client.post("/mutes", json={"username": "nobody"})) == (403, "forbidden_op")
    assert refused(await client.post("/mutes", json={"username": "nobody"})) == (429, "reach_limit")
    recall = await client.post("/messages/msg_recall", content=b"{", headers={"Content-Type": "application/json"})
    assert refused(recall) == (400, "json_parse")


async def test_the_cap_on_users(connect, refused):
    """It refuses a batch that goes beyond it whole, and users who are deleted make room."""
    client = connect(limits={"users": 2})
    batch = [{"username": name} for name in ("anna", "bob", "carl")]
    response = await client.post("/users", json=batch)
    assert refused(response) == (429, "resource_limited")
    assert "limit of the enterprise edition" in response.json()["error_description"]
    assert (await client.get("/users")).json()["count"] == 0
    assert (await client.post("/users", json=batch[:2])).status_code == 200
    assert refused(await client.post("/users", json={"username": "carl"})) == (429, "resource_limited")
    assert (await client.post("/users", json=batch[:1])).json()["data"][0]["username"] == "anna"
    await client.delete("/users/bob")
    assert (await client.post("/users", json={"username": "carl"})).status_code == 200


async def test_the_recall_window(connect, clock):
    client = connect(limits={"recall_seconds": 3600})
    body = {"to": ["anna"], "type": "txt", "body": {"msg": "hello"}}
    for late, outcome in ((3600, "yes"), (3601, "exceed call time limit")):
        number = (await client.post("/messages/users", json=body)).json()["data"]["anna"]
        clock.advance(late)
        recall = {"msg_id": number, "to": "anna", "chat_type": "chat"}
        answer = (await client.post("/messages/msg_recall", json=recall)).json()
        assert answer["data"]["recalled"] == outcome


async def test_rooms_are_no_larger_than_the_plan_has_them(connect, refused):
    """On the free plan a room has 100 places unless it asks for fewer, and cannot be given more."""
    client = connect(plan="free", enforce_quotas=False)
    await client.post("/users", json={"username": "anna"})
    body = {"name": "r", "description": "d", "owner": "anna"}
    room = (await client.post("/chatrooms", json=body)).json()["data"]["id"]
    assert (await client.get(f"/chatrooms/{room}")).json()["data"][0]["maxusers"] == 100
    assert refused(await client.post("/chatrooms", json={**body, "maxusers": 101})) == (400, "invalid_parameter")
    assert refused(await client.put(f"/chatrooms/{room}", json={"maxusers": 101})) == (403, "exceed_limit")
