"""Groups `group_blocks` and `room_blocks` against the emulator."""

from __future__ import annotations

import pytest

from agora_chat_async import errors


async def test_blocking_one(place):
    """The user is put out, cannot come back, and after unblocking can, but is not brought back."""
    assert await place.blocks.add(place.id, "bob") == place.change("bob", "add_blocks")
    assert await place.names() == {"anna", "carl"}
    assert await place.blocked() == ["bob"]
    with pytest.raises(errors.ForbiddenOperation, match="blocklist"):
        await place.members.add(place.id, "bob")
    assert await place.blocks.remove(place.id, "bob") == place.change("bob", "remove_blocks")
    assert await place.blocked() == []
    assert await place.names() == {"anna", "carl"}
    await place.members.add(place.id, "bob")


async def test_blocking_one_who_cannot_be(place):
    """Neither the owner nor an outsider can be blocked, nor can be unblocked who is not blocked."""
    with pytest.raises(errors.ForbiddenOperation, match="owner"):
        await place.blocks.add(place.id, "anna")
    with pytest.raises(errors.ForbiddenOperation, match="not members"):
        await place.blocks.add(place.id, "dora")
    with pytest.raises(errors.ForbiddenOperation, match="not members"):
        await place.blocks.remove(place.id, "bob")
    with pytest.raises(errors.ForbiddenOperation, match="not members"):
        await place.blocks.remove_many(place.id, ["bob", "carl"])
    assert await place.blocked() == []


async def test_blocking_many(place):
    """Who cannot be blocked or unblocked is told with the reason, in the order asked for."""
    assert await place.blocks.add_many(place.id, ["dora", "bob"]) == (
        place.change("dora", "add_blocks", place.outside("dora")),
        place.change("bob", "add_blocks"),
    )
    assert await place.blocks.remove_many(place.id, ["carl", "bob"]) == (
        place.change("carl", "remove_blocks", "user: carl is not on the blocklist"),
        place.change("bob", "remove_blocks"),
    )
    with pytest.raises(errors.ForbiddenOperation) as refused:
        await place.blocks.add_many(place.id, ["dora", "bob"])
    assert refused.value.status == 403


async def test_unblocking_many_who_are_one(place):
    """The service answers an object for one name, which is read as the list of it."""
    await place.blocks.add(place.id, "bob")
    assert await place.blocks.remove_many(place.id, ["bob"]) == (place.change("bob", "remove_blocks"),)


async def test_the_owner_in_a_batch(group, room):
    """Groups refuse the whole batch, rooms the owner alone."""
    for change in (
        group.blocks.add_many(group.id, ["bob", "anna"]),
        group.mutes.mute(group.id, ["bob", "anna"], mute_duration=1),
    ):
        with pytest.raises(errors.ForbiddenOperation, match="owner") as refused:
            await change
        assert refused.value.status == 403
    for change in (
        room.mutes.mute(room.id, ["bob", "anna"], mute_duration=1),
        room.blocks.add_many(room.id, ["bob", "anna"]),
    ):
        assert [told.result for told in await change] == [True, False]


async def test_blocking_again(group, room):
    """Who is blocked in a room can be blocked again; in a group such a user is no member."""
    for place in (group, room):
        await place.blocks.add(place.id, "bob")
    with pytest.raises(errors.ForbiddenOperation):
        await group.blocks.add(group.id, "bob")
    assert (await room.blocks.add(room.id, "bob")).result is True
    assert await room.blocked() == ["bob"]


async def test_the_block_list_of_a_group_by_page(chat, group):
    """The newest come first, page by page, or up to 500 where nothing is said of pages."""
    for name in ("bob", "carl"):
        await group.blocks.add(group.id, name)
    pages = [page.items async for page in chat.group_blocks.list(group.id, page_size=1).pages()]
    assert pages == [("carl",), ("bob",)]
    first = await chat.group_blocks.list(group.id, page_size=1)
    assert [name async for name in chat.group_blocks.list(group.id, cursor=first.cursor)] == ["bob"]
    whole = (await chat.request("GET", f"/chatgroups/{group.id}/blocks/users")).json()
    assert (whole["data"], whole["count"], "cursor" in whole) == (["carl", "bob"], 2, False)
    with pytest.raises(errors.IllegalArgument, match="cursor"):
        await chat.group_blocks.list(group.id, cursor="x")
    with pytest.raises(errors.IllegalArgument, match="no query parameter limit"):
        await chat.request("GET", f"/chatgroups/{group.id}/blocks/users", query={"limit": 1})
