"""Groups `group_mutes` and `room_mutes` against the emulator."""

from __future__ import annotations

import pytest

from agora_chat_async import errors
from agora_chat_async.models.lists import Mute, MuteChange

FOR_GOOD = 4_638_873_600_000


async def test_mutes(place, clock):
    """A mute has an end, is replaced by the next one, and is listed until it is over."""
    before = int(clock() * 1000)
    first, second = await place.mutes.mute(place.id, ["bob", "carl"], mute_duration=60_000)
    assert first == MuteChange(user="bob", result=True, expire=first.expire)
    assert before + 60_000 <= first.expire <= int(clock() * 1000) + 60_000
    assert first.expire_at.timestamp() * 1000 == pytest.approx(first.expire)
    assert second == MuteChange(user="carl", result=True, expire=first.expire)
    (again,) = await place.mutes.mute(place.id, ["carl"], mute_duration=-1)
    assert again.expire == FOR_GOOD
    assert await place.mutes.list(place.id) == (
        Mute(user="bob", expire=first.expire),
        Mute(user="carl", expire=FOR_GOOD),
    )
    clock.advance(61)
    assert [mute.user for mute in await place.mutes.list(place.id)] == ["carl"]
    assert [change.result for change in await place.mutes.mute(place.id, ["carl"], mute_duration=0)] == [True]
    assert await place.mutes.list(place.id) == ()


async def test_a_mute_outlives_leaving(place):
    """Who leaves and comes back is still muted, but no longer on the allow list."""
    await place.mutes.mute(place.id, ["bob"], mute_duration=60_000)
    await place.allowlist.add(place.id, "bob")
    await place.members.remove(place.id, "bob")
    await place.members.add(place.id, "bob")
    assert [mute.user for mute in await place.mutes.list(place.id)] == ["bob"]
    assert await place.allowlist.list(place.id) == ()


async def test_mutes_of_outsiders(place):
    """They fail beside members, and where there are only outsiders the call is refused."""
    inside, outside = await place.mutes.mute(place.id, ["bob", "dora"], mute_duration=1000)
    assert (inside.result, outside) == (True, MuteChange(user="dora", result=False))
    with pytest.raises(errors.ForbiddenOperation, match=r"users \[dora, nobody\] are not members") as refused:
        await place.mutes.mute(place.id, ["dora", "nobody"], mute_duration=1000)
    assert refused.value.status == (403 if place.is_group else 400)


async def test_unmuting(place):
    """Only groups tell apart who was not muted."""
    await place.mutes.mute(place.id, ["bob"], mute_duration=-1)
    changes = await place.mutes.unmute(place.id, ["bob", "carl"])
    assert changes == (MuteChange(user="bob", result=True), MuteChange(user="carl", result=not place.is_group))
    assert await place.mutes.list(place.id) == ()
    assert [change.user for change in await place.mutes.unmute(place.id, ["bob"])] == ["bob"]


async def test_muting_all(place):
    """It is seen in the details of the group or room, and has nothing to do with single mutes."""
    await place.mutes.mute(place.id, ["bob"], mute_duration=-1)
    assert await place.mutes.mute_all(place.id) is True
    assert await place.mutes.mute_all(place.id) is True
    assert await place.is_mute() is True
    assert await place.mutes.unmute_all(place.id) is False
    assert await place.is_mute() is False
    assert [mute.user for mute in await place.mutes.list(place.id)] == ["bob"]
