"""What mute, block and allow lists of groups and rooms have in common, against the emulator."""

from __future__ import annotations

import httpx
import pytest

from agora_chat_async import Session, errors
from agora_chat_async._access_token import make_token
from agora_chat_async.emulator import DEMO_APP, DEMO_APP_ID, DEMO_CERTIFICATE, DEMO_ORG

TOO_MANY = [f"user-{number}" for number in range(61)]


async def test_an_unknown_place(place):
    """Every operation answers 404."""
    calls = (
        place.mutes.mute("7", ["bob"], mute_duration=1),
        place.mutes.unmute("7", ["bob"]),
        place.mutes.list("7"),
        place.mutes.mute_all("7"),
        place.mutes.unmute_all("7"),
        place.blocks.list("7"),
        place.blocks.add("7", "bob"),
        place.blocks.add_many("7", ["bob"]),
        place.blocks.remove("7", "bob"),
        place.blocks.remove_many("7", ["bob", "carl"]),
        place.allowlist.list("7"),
        place.allowlist.add("7", "bob"),
        place.allowlist.add_many("7", ["bob"]),
        place.allowlist.remove("7", ["bob"]),
    )
    for call in calls:
        with pytest.raises(errors.NotFound) as refused:
            await call
        assert refused.value.error == "service_resource_not_found"


async def test_what_the_emulator_refuses_of_others(chat, place):
    """It counts names itself, knows the members of each body, and reads a comma that is percent-encoded."""
    root = f"/chatgroups/{place.id}" if place.is_group else f"/chatrooms/{place.id}"
    requests = (
        ("POST", f"{root}/mute", {"usernames": TOO_MANY, "mute_duration": 1}, "invalid_parameter"),
        ("DELETE", f"{root}/mute/{','.join(TOO_MANY)}", None, "invalid_parameter"),
        ("POST", f"{root}/blocks/users", {"usernames": TOO_MANY}, "invalid_parameter"),
        ("DELETE", f"{root}/blocks/users/{','.join(TOO_MANY)}", None, "invalid_parameter"),
        ("POST", f"{root}/white/users", {"usernames": TOO_MANY}, "invalid_parameter"),
        ("DELETE", f"{root}/white/users/{','.join(TOO_MANY)}", None, "invalid_parameter"),
        ("POST", f"{root}/mute", {"usernames": ["bob"]}, "illegal_argument"),
        ("POST", f"{root}/mute", {"usernames": ["bob"], "mute_duration": -2}, "illegal_argument"),
        ("POST", f"{root}/mute", {"usernames": ["bob"], "mute_duration": 1, "a": 1}, "illegal_argument"),
        ("POST", f"{root}/white/users", {"usernames": ["bob"], "a": 1}, "illegal_argument"),
        ("DELETE", f"{root}/mute/bob,,carl", None, "illegal_argument"),
    )
    for method, path, body, error in requests:
        with pytest.raises(errors.IllegalArgument) as refused:
            await chat.request(method, path, json=body)
        assert refused.value.error == error
    await place.blocks.add_many(place.id, ["bob", "carl"])
    answer = await chat.request("DELETE", f"{root}/blocks/users/bob%2Ccarl")
    assert [change["user"] for change in answer.json()["data"]] == ["bob", "carl"]


async def test_deleted_users_and_places(chat, emulator, place):
    """Lists end with their place, and nobody stays on one who is no user any longer."""
    await place.mutes.mute(place.id, ["bob", "carl"], mute_duration=-1)
    await place.allowlist.add_many(place.id, ["bob", "carl"])
    await place.members.remove(place.id, "carl")
    await place.blocks.add(place.id, "bob")
    await chat.users.delete("bob")
    await chat.users.delete("carl")
    rows = await emulator.state.database.run(emulator.state.counts)
    assert rows["member_lists"] == 0
    await place.members.add(place.id, "dora")
    await place.mutes.mute(place.id, ["dora"], mute_duration=-1)
    await place.details.delete(place.id)
    rows = await emulator.state.database.run(emulator.state.counts)
    assert rows["member_lists"] == 0


async def test_tokens_of_users(emulator, clock, place):
    """Who a token names in the path of a group or room has no say there."""
    token = make_token(DEMO_APP_ID, DEMO_CERTIFICATE, issued_at=int(clock()) - 5, expire=600, user_id="bob")
    transport = httpx.ASGITransport(emulator)
    async with Session(DEMO_ORG, DEMO_APP, host="http://localhost", token=token, transport=transport) as bob:
        allowlist = bob.group_allowlist if place.is_group else bob.room_allowlist
        with pytest.raises(errors.Unauthorized, match="one user's"):
            await allowlist.add(place.id, "bob")
    assert await place.allowlist.list(place.id) == ()
