"""Answers of the groups `group_mutes`, `group_blocks`, `group_allowlist`, and of the same three of rooms."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Final

from attrs import frozen

from agora_chat_async.api.group_allowlist import GroupAllowlist
from agora_chat_async.api.group_blocks import GroupBlocks
from agora_chat_async.api.group_mutes import GroupMutes
from agora_chat_async.api.room_allowlist import RoomAllowlist
from agora_chat_async.api.room_blocks import RoomBlocks
from agora_chat_async.api.room_mutes import RoomMutes
from agora_chat_async.emulator._call import APP, Answers, Call, next_page
from agora_chat_async.emulator._errors import illegal, invalid_parameter
from agora_chat_async.emulator._state.lists import FOR_GOOD, Faults, MemberLists

answers = Answers()

_MAX_NAMES: Final = 60
_MAX_PAGE: Final = 50
_MAX_UNPAGED: Final = 500
_BLOCK: Final = "add_blocks"
_UNBLOCK: Final = "remove_blocks"
_ALLOW: Final = "add_user_whitelist"
_DISALLOW: Final = "remove_user_whitelist"


@frozen
class _Place:
    """The group or room that a call is about."""

    lists: MemberLists
    id: str
    id_name: str
    """What answers call the id."""

    @classmethod
    def of(cls, call: Call) -> _Place:
        if "group_id" in call.values:
            return cls(call.state.group_lists, call.values["group_id"], "groupid")
        return cls(call.state.room_lists, call.values["chatroom_id"], "chatroomid")

    def changes(self, faults: Faults, action: str) -> list[dict[str, Any]]:
        """What became of each user."""
        return [
            {
                "result": fault is None,
                "action": action,
                **({} if fault is None else {"reason": fault}),
                "user": name,
                self.id_name: self.id,
            }
            for name, fault in faults.items()
        ]


@answers(GroupMutes.mute)
@answers(RoomMutes.mute)
def mute(call: Call) -> dict[str, Any]:
    """Mute members."""
    fields, place = call.fields(), _Place.of(call)
    names, duration = fields.names("usernames", most=sys.maxsize), fields.whole("mute_duration")
    _refuse_many(names, "userNames size is")
    fields.end()
    if duration is None or duration < FOR_GOOD:
        raise illegal("invalid request: mute_duration has to be milliseconds, or -1")
    faults, expire = place.lists.mute(place.id, names, duration)
    muted = [
        {"result": fault is None, **({"expire": expire} if fault is None else {}), "user": name}
        for name, fault in faults.items()
    ]
    return _answer(call, muted)


@answers(GroupMutes.unmute)
@answers(RoomMutes.unmute)
def unmute(call: Call) -> dict[str, Any]:
    """End mutes."""
    place = _Place.of(call)
    faults = place.lists.unmute(place.id, _joined_names(call, "removeMute member size"))
    return _answer(call, [{"result": fault is None, "user": name} for name, fault in faults.items()])


@answers(GroupMutes.list)
@answers(RoomMutes.list)
def list_mutes(call: Call) -> dict[str, Any]:
    """List who is muted."""
    place = _Place.of(call)
    return _answer(call, [{"expire": expire, "user": name} for name, expire in place.lists.mutes(place.id)])


@answers(GroupMutes.mute_all)
@answers(RoomMutes.mute_all)
def mute_all(call: Call) -> dict[str, Any]:
    """Mute everybody."""
    return _muted_all(call, mute=True)


@answers(GroupMutes.unmute_all)
@answers(RoomMutes.unmute_all)
def unmute_all(call: Call) -> dict[str, Any]:
    """End the mute of everybody."""
    return _muted_all(call, mute=False)


@answers(GroupBlocks.list)
def list_blocks_by_page(call: Call) -> dict[str, Any]:
    """One page of the block list; the newest 500 where nothing is said of pages."""
    query, place = call.query("pageSize", "cursor"), _Place.of(call)
    limit = call.limit(query, "pageSize", default=_MAX_PAGE, most=_MAX_PAGE) if query else _MAX_UNPAGED
    page = place.lists.blocked(place.id, limit, query.get("cursor"))
    more = next_page(page.cursor) if query else {}
    return _answer(call, page.usernames, count=len(page.usernames), **more)


@answers(RoomBlocks.list)
def list_blocks(call: Call) -> dict[str, Any]:
    """The whole block list."""
    place = _Place.of(call)
    return _names_answer(call, place.lists.blocked(place.id).usernames)


@answers(GroupBlocks.add)
@answers(RoomBlocks.add)
def block(call: Call) -> dict[str, Any]:
    """Block one member."""
    place = _Place.of(call)
    return _answer(call, place.changes(place.lists.block(place.id, [call.values["username"]]), _BLOCK)[0])


@answers(GroupBlocks.add_many)
@answers(RoomBlocks.add_many)
def block_many(call: Call) -> dict[str, Any]:
    """Block members."""
    place = _Place.of(call)
    return _answer(call, place.changes(place.lists.block(place.id, _only_names(call, "userNames is")), _BLOCK))


@answers(GroupBlocks.remove)
@answers(RoomBlocks.remove)
def unblock(call: Call) -> dict[str, Any]:
    """Unblock one user."""
    place = _Place.of(call)
    return _answer(call, place.changes(place.lists.unblock(place.id, [call.values["username"]]), _UNBLOCK)[0])


@answers(GroupBlocks.remove_many)
@answers(RoomBlocks.remove_many)
def unblock_many(call: Call) -> dict[str, Any]:
    """Unblock users."""
    place = _Place.of(call)
    names = _joined_names(call, "removeBlacklist: list size")
    return _answer(call, place.changes(place.lists.unblock(place.id, names), _UNBLOCK))


@answers(GroupAllowlist.list)
@answers(RoomAllowlist.list)
def list_allowed(call: Call) -> dict[str, Any]:
    """The whole allow list."""
    place = _Place.of(call)
    return _names_answer(call, place.lists.allowed(place.id))


@answers(GroupAllowlist.add)
@answers(RoomAllowlist.add)
def allow(call: Call) -> dict[str, Any]:
    """Allow one member."""
    place = _Place.of(call)
    return _answer(call, place.changes(place.lists.allow(place.id, [call.values["username"]]), _ALLOW)[0])


@answers(GroupAllowlist.add_many)
@answers(RoomAllowlist.add_many)
def allow_many(call: Call) -> dict[str, Any]:
    """Allow members."""
    place = _Place.of(call)
    return _answer(call, place.changes(place.lists.allow(place.id, _only_names(call, "usernames size is")), _ALLOW))


@answers(GroupAllowlist.remove)
@answers(RoomAllowlist.remove)
def disallow(call: Call) -> dict[str, Any]:
    """Take members off the allow list."""
    place = _Place.of(call)
    names = _joined_names(call, "removeWhitelist size is")
    return _answer(call, place.changes(place.lists.disallow(place.id, names), _DISALLOW))


def _muted_all(call: Call, *, mute: bool) -> dict[str, Any]:
    place = _Place.of(call)
    place.lists.mute_all(place.id, mute=mute)
    return _answer(call, {"mute": mute})


def _only_names(call: Call, what: str) -> list[str]:
    return _refuse_many(call.only_names(), what)


def _joined_names(call: Call, what: str) -> list[str]:
    return _refuse_many(call.joined_names(), what)


def _refuse_many(names: list[str], what: str) -> list[str]:
    """Hand on names that are not too many; each operation words it in its own way."""
    if len(names) > _MAX_NAMES:
        raise invalid_parameter(f"{what} more than max limit : {_MAX_NAMES}")
    return names


def _answer(call: Call, data: Any, **more: Any) -> dict[str, Any]:
    return call.envelope(*APP, "uri", entities=[], data=data, **more)


def _names_answer(call: Call, names: Sequence[str]) -> dict[str, Any]:
    return _answer(call, names, count=len(names))
