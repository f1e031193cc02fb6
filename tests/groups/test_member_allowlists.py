"""Groups `group_allowlist` and `room_allowlist` against the emulator."""

from __future__ import annotations

import pytest

from agora_chat_async import errors


async def test_allowing(place):
    """Members are put on the list once, and are taken off it without leaving."""
    assert await place.allowlist.add(place.id, "bob") == place.change("bob", "add_user_whitelist")
    assert await place.allowlist.add_many(place.id, ["bob", "dora", "carl"]) == (
        place.change("bob", "add_user_whitelist"),
        place.change("dora", "add_user_whitelist", place.outside("dora")),
        place.change("carl", "add_user_whitelist"),
    )
    assert await place.allowlist.list(place.id) == ("bob", "carl")
    assert await place.allowlist.remove(place.id, ["bob"]) == (place.change("bob", "remove_user_whitelist"),)
    assert await place.allowlist.list(place.id) == ("carl",)
    assert await place.names() == {"anna", "bob", "carl"}


async def test_allowing_outsiders(place):
    """Where none of the users is a member the call is refused, with the status that each kind of place has."""
    for change in (
        place.allowlist.add(place.id, "dora"),
        place.allowlist.add_many(place.id, ["dora", "nobody"]),
        place.allowlist.remove(place.id, ["dora"]),
    ):
        with pytest.raises(errors.ForbiddenOperation, match="not members") as refused:
            await change
        assert refused.value.status == (403 if place.is_group else 400)


async def test_disallowing_who_is_not_allowed(place):
    """Only groups tell that there was nothing to do."""
    reason = "user: bob is not on the allowlist" if place.is_group else None
    change = place.change("bob", "remove_user_whitelist", reason)
    assert await place.allowlist.remove(place.id, ["bob"]) == (change,)
