"""Calls with more items than the service takes at once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from agora_chat_async import AppToken, NewUser, Session, Text, errors
from agora_chat_async._split import divisible
from agora_chat_async.api import all_endpoints
from agora_chat_async.api.messages import Messages
from agora_chat_async.api.room_attributes import RoomAttributes
from agora_chat_async.api.users import Users
from agora_chat_async.emulator import Emulator, serve


@pytest.fixture
async def chat() -> AsyncIterator[Session]:
    async with (
        Emulator(enforce_quotas=False) as emulator,
        serve(emulator) as info,
        Session(info.org, info.app, host=info.url, token=AppToken(info.app_id, info.certificate)) as session,
    ):
        yield session


async def test_nobody_counts_to_sixty(chat: Session) -> None:
    """150 users are registered by three calls, and every one of them is told of in order."""
    users = [NewUser(f"user-{number}") for number in range(150)]
    parts = await chat.split(Users.create_many, users)
    assert parts.ok
    assert [len(part.items) for part in parts] == [60, 60, 30]
    assert [user.username for result in parts.results for user in result.created] == [user.username for user in users]
    assert [one.item for one in parts.by_item()] == users
    assert sum([1 async for _ in chat.users.list()]) == 150


async def test_each_item_has_its_own_entry(chat: Session) -> None:
    """Where the service answers a mapping, an item comes with what is said of it."""
    names = [f"user-{number}" for number in range(250)]
    parts = await chat.split(Users.get_online_status_many, names)
    assert len(parts) == 3
    assert [(one.item, one.result) for one in parts.by_item()] == [(name, "offline") for name in names]
    ids = await chat.split(Messages.send_to_users, names[:3], Text("hi"), sender="admin")
    assert all(len(one.result) == 19 for one in ids.by_item())


async def test_a_mapping_is_divided_too(chat: Session) -> None:
    """Room attributes go ten at a time."""
    await chat.users.create("anna")
    room = await chat.rooms.create("r", description="d", owner="anna")
    attributes = {f"key-{number}": "x" for number in range(25)}
    parts = await chat.split(RoomAttributes.set, room, "anna", attributes)
    assert [len(part.items) for part in parts] == [10, 10, 5]
    assert await chat.room_attributes.get(room) == attributes


async def test_a_part_that_fails_does_not_undo_the_others(chat: Session) -> None:
    """The error is with the items of that part, and no other."""
    users = [NewUser(f"user-{number}") for number in range(120)]
    users[70] = users[65] = NewUser("twice", password="a")
    users[70] = NewUser("twice", password="b")
    parts = await chat.split(Users.create_many, users)
    assert not parts.ok
    assert [type(error) for error in parts.errors] == [errors.AlreadyExists]
    assert [one.error is None for one in parts.by_item()] == [True] * 60 + [False] * 60


@pytest.mark.parametrize("items", [["ok", ""], "anna", 7, None])
async def test_a_wrong_item_is_refused_before_anything_is_sent(chat: Session, items: object) -> None:
    """The error names it."""
    before = chat.stats.attempts
    with pytest.raises(errors.InvalidArgument, match="usernames"):
        await chat.split(Users.get_online_status_many, items)  # type: ignore[arg-type]
    assert chat.stats.attempts == before


async def test_other_arguments_are_checked_as_ever(chat: Session) -> None:
    """A mistake beside the list is the caller's, not a part's."""
    with pytest.raises(errors.InvalidArgument, match="sender="):
        await chat.split(Messages.send_to_users, ["anna"], Text("x"), sender="")
    with pytest.raises(errors.InvalidArgument, match="endpoint="):
        await chat.split(Users.get, "anna")
    assert len(await chat.split(Users.get_online_status_many, [])) == 0


def test_what_can_be_divided() -> None:
    """Lists whose parts mean something else than the whole are not."""
    found = {endpoint.id: divisible(endpoint) for endpoint in all_endpoints()}
    assert found["users.create_many"] == ("users", 60)
    assert found["messages.send_to_chatgroups"] == ("to", 3)
    assert found["group_members.add_many"] == ("usernames", 60)
    assert found["room_attributes.force_set"] == ("attributes", 10)
    for whole in ("groups.create", "rooms.create", "push.send_to_labels", "users.get"):
        assert found[whole] is None
