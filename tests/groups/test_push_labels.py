"""Group `push_labels`, against the emulator and on the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from agora_chat_async import Session, errors
from agora_chat_async.emulator import Emulator
from agora_chat_async.emulator._state.users import Applicant
from agora_chat_async.models.push_labels import PushLabelUser


async def test_create_and_get(chat: Session) -> None:
    """A new label has no users, and is found in whatever case."""
    made = await chat.push_labels.create("vip", description="They buy more")
    assert (made.name, made.description, made.count, made.extra) == ("vip", "They buy more", None, {})
    assert made.created_at is not None
    assert abs((datetime.now(UTC) - made.created_at).total_seconds()) < 60
    found = await chat.push_labels.get("VIP")
    assert (found.name, found.description, found.count, found.created) == ("vip", "They buy more", 0, made.created)
    assert (await chat.push_labels.create("plain")).description is None


async def test_a_taken_name(chat: Session) -> None:
    """Names are told apart without regard to case."""
    await chat.push_labels.create("vip")
    with pytest.raises(errors.AlreadyExists):
        await chat.push_labels.create("Vip")


async def test_a_hundred_labels(chat: Session) -> None:
    """One more is refused; until one goes."""
    for number in range(100):
        await chat.push_labels.create(f"label-{number}")
    with pytest.raises(errors.LimitReached, match="LimitException"):
        await chat.push_labels.create("one-more")
    await chat.push_labels.delete("label-7")
    await chat.push_labels.create("one-more")


async def test_list(chat: Session) -> None:
    """The newest come first, page by page to the last one."""
    names = [f"label-{number}" for number in range(5)]
    for name in names:
        await chat.push_labels.create(name)
    assert [label.name async for label in chat.push_labels.list(limit=2)] == names[::-1]
    page = await chat.push_labels.list(limit=5)
    assert (len(page), page.cursor) == (5, None)
    first = await chat.push_labels.list(limit=3)
    assert [label.name for label in await chat.push_labels.list(cursor=first.cursor)] == ["label-1", "label-0"]
    with pytest.raises(errors.IllegalArgument):
        await chat.push_labels.list(cursor="nonsense")


async def test_users_of_a_label(chat: Session) -> None:
    """They are put there, counted, listed in that order, looked up and taken out."""
    await chat.push_labels.create("vip")
    change = await chat.push_labels.add_users("vip", ["bob", "anna", "nobody"])
    assert (change.success, change.fail, change.extra) == (("bob", "anna"), {"nobody": "appUser not exists"}, {})
    assert (await chat.push_labels.add_users("vip", ["bob", "carl"])).success == ("bob", "carl")
    assert (await chat.push_labels.get("vip")).count == 3
    assert [user.username async for user in chat.push_labels.list_users("vip", limit=1)] == ["bob", "anna", "carl"]
    entry = await chat.push_labels.get_user("vip", "anna")
    assert entry is not None
    assert (entry.username, entry.created_at is not None) == ("anna", True)
    assert await chat.push_labels.get_user("vip", "dora") is None
    change = await chat.push_labels.remove_users("vip", ["anna", "dora", "nobody"])
    assert (change.success, change.fail) == (("anna", "dora"), {"nobody": "appUser not exists"})
    assert [user.username async for user in chat.push_labels.list_users("vip")] == ["bob", "carl"]


async def test_deleted_users_and_labels(chat: Session) -> None:
    """A user who goes leaves every label, a label that goes leaves every user."""
    for name in ("vip", "new"):
        await chat.push_labels.create(name)
        await chat.push_labels.add_users(name, ["anna", "bob"])
    await chat.users.delete("anna")
    assert [(await chat.push_labels.get(name)).count for name in ("vip", "new")] == [1, 1]
    await chat.push_labels.delete("vip")
    await chat.push_labels.create("vip")
    assert (await chat.push_labels.get("vip")).count == 0
    assert await chat.push_labels.get_user("new", "bob") is not None


async def test_a_full_label(chat: Session, emulator: Emulator) -> None:
    """20000 users fit under a label; a call that goes beyond puts nobody there."""
    state = emulator.state
    await chat.push_labels.create("vip")

    def fill() -> None:
        state.users.seed(Applicant(f"user-{number}") for number in range(20_000))
        state.database.connection.execute(
            "INSERT INTO push_label_users (label, user, created) "
            "SELECT 1, seq, 0 FROM users WHERE username LIKE 'user-%' LIMIT 19999"
        )

    await state.database.run(fill)
    with pytest.raises(errors.LimitReached, match="LimitException"):
        await chat.push_labels.add_users("vip", ["anna", "bob"])
    assert (await chat.push_labels.get("vip")).count == 19_999
    await chat.push_labels.add_users("vip", ["anna"])


async def test_no_such_label(chat: Session) -> None:
    """Whatever is done to a label that is not there, the error is the same, although its status is 400."""
    calls: list[Any] = [
        chat.push_labels.get("gone"),
        chat.push_labels.delete("gone"),
        chat.push_labels.add_users("gone", ["anna"]),
        chat.push_labels.get_user("gone", "anna"),
        chat.push_labels.list_users("gone"),
        chat.push_labels.remove_users("gone", ["anna"]),
    ]
    for call in calls:
        with pytest.raises(errors.NotFound, match="ResourceNotFoundException") as caught:
            await call
        assert caught.value.status == 400


async def test_on_the_wire(wire: Any) -> None:
    """Method, path, query and body of every operation."""
    labels = wire.chat.push_labels
    wire.answers({"name": "vip", "createdAt": 1})
    await labels.create("vip", description="d")
    assert wire.sent == ("POST", "/push/label", {"name": "vip", "description": "d"})
    await labels.get("v/p")
    assert wire.sent == ("GET", "/push/label/v%2Fp", None)
    wire.answers([], cursor="")
    assert [label async for label in labels.list(limit=7, cursor="c")] == []
    assert wire.sent == ("GET", "/push/label?limit=7&cursor=c", None)
    await labels.list_users("vip")
    assert wire.sent == ("GET", "/push/label/vip/user?limit=100", None)
    wire.answers("success")
    await labels.delete("vip")
    assert wire.sent == ("DELETE", "/push/label/vip", None)
    wire.answers({"success": ["anna"], "fail": {}})
    await labels.add_users("vip", ["anna"])
    assert wire.sent == ("POST", "/push/label/vip/user", {"usernames": ["anna"]})
    await labels.remove_users("vip", ["anna"])
    assert wire.sent == ("DELETE", "/push/label/vip/user", {"usernames": ["anna"]})
    assert wire.server.requests[-1].header("content-type") == "application/json"
    wire.answers({"username": "anna", "created": 1, "more": 2})
    assert await labels.get_user("vip", "anna") == PushLabelUser(username="anna", created=1, extra={"more": 2})
    assert wire.sent == ("GET", "/push/label/vip/user/anna", None)


@pytest.mark.parametrize("envelope", [{"data": None}, {"data": {}}, {"data": {"username": None}}, {}])
async def test_a_user_who_is_not_there(wire: Any, envelope: dict[str, Any]) -> None:
    """The service tells it in one of several ways."""
    wire.answers(**envelope)
    assert await wire.chat.push_labels.get_user("vip", "anna") is None


async def test_bad_arguments(wire: Any) -> None:
    """What breaks a documented limit is refused before it is sent."""
    labels = wire.chat.push_labels
    for name in ("", "x" * 65, "a b", "ä", "a/b"):
        with pytest.raises(errors.InvalidArgument, match="name="):
            await labels.create(name)
    with pytest.raises(errors.InvalidArgument, match="description"):
        await labels.create("vip", description="x" * 256)
    for limit in (0, 101):
        with pytest.raises(errors.InvalidArgument, match="limit"):
            labels.list(limit=limit)
        with pytest.raises(errors.InvalidArgument, match="limit"):
            labels.list_users("vip", limit=limit)
    for usernames in ([], ["anna"] * 101, "anna", [""], ["x" * 65]):
        for change in (labels.add_users, labels.remove_users):
            with pytest.raises(errors.InvalidArgument, match="usernames"):
                await change("vip", usernames)
    for name in ("", "x" * 65, ".."):
        with pytest.raises(errors.InvalidArgument, match="label_name"):
            await labels.get(name)
    assert wire.server.requests == []


async def test_what_the_emulator_refuses(chat: Session) -> None:
    """It judges by itself what comes from other clients."""
    bodies = ({}, {"name": "a b"}, {"name": "x" * 65}, {"name": "v", "description": "x" * 256}, {"name": "v", "k": 1})
    await chat.push_labels.create("vip")
    users = ({}, {"usernames": []}, {"usernames": ["anna"] * 101}, {"usernames": "anna"})
    requests = [("POST", "/push/label", body) for body in bodies]
    requests += [(method, "/push/label/vip/user", body) for method in ("POST", "DELETE") for body in users]
    for method, path, body in requests:
        with pytest.raises(errors.IllegalArgument, match="IllegalArgumentException"):
            await chat.request(method, path, json=body)
    assert (await chat.request("GET", "/push/label", query={"limit": 0})).json()["data"][0]["name"] == "vip"
