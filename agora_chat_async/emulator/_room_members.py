"""Answers of the group `room_members`."""

from __future__ import annotations

from typing import Any, Final

from agora_chat_async.api.room_members import RoomMembers
from agora_chat_async.emulator._call import Answers, Call, next_page
from agora_chat_async.emulator._errors import invalid_parameter
from agora_chat_async.emulator._rooms import answer

answers = Answers()

_MAX_ADDED: Final = 60
_MAX_REMOVED: Final = 100
_MAX_PAGE: Final = 1000
_DEFAULT_SUPER_ADMINS: Final = 10
_ADD: Final = "add_member"
_REMOVE: Final = "remove_member"


@answers(RoomMembers.add)
def add(call: Call) -> dict[str, Any]:
    """Let one user in."""
    room_id, name = call.values["chatroom_id"], call.values["username"]
    if call.settings.easemob:
        (user,) = call.state.rooms.add_members(room_id, [name])
    else:
        user = call.state.rooms.add_member(room_id, name)
    return answer(call, {"result": True, "action": _ADD, "id": room_id, "user": user})


@answers(RoomMembers.add_many)
def add_many(call: Call) -> dict[str, Any]:
    """Let users in."""
    room_id, names = call.values["chatroom_id"], call.only_names()
    _refuse_many(names, _MAX_ADDED)
    users = call.state.rooms.add_members(room_id, names)
    return answer(call, {"newmembers": users, "action": _ADD, "id": room_id})


@answers(RoomMembers.list)
def list_members(call: Call) -> dict[str, Any]:
    """One page of members, the owner first; the vendor's Java SDK asks in another way for bare names."""
    query, room_id = call.member_query(), call.values["chatroom_id"]
    if "version" in query:
        limit = call.limit(query, default=_MAX_PAGE, most=_MAX_PAGE)
        page = call.state.rooms.member_page(room_id, limit, query.get("cursor"), call.sort(query) or "asc")
        return answer(call, page.names, params=call.echo(query), **next_page(page.cursor))
    limit, offset = call.window(query, default=_MAX_PAGE, least=0, most=_MAX_PAGE)
    owner = call.state.rooms.owner(room_id)
    members = call.state.rooms.members(room_id, limit, offset, sort=call.sort(query))
    data = [{"owner" if name == owner else "member": name} for name in members]
    return answer(call, data, params=call.echo(query), count=len(data))


@answers(RoomMembers.remove)
def remove(call: Call) -> dict[str, Any]:
    """Put one member out."""
    room_id = call.values["chatroom_id"]
    user = call.state.rooms.remove_user(room_id, call.values["username"])
    return answer(call, {"result": True, "action": _REMOVE, "user": user, "id": room_id})


@answers(RoomMembers.remove_many)
def remove_many(call: Call) -> dict[str, Any]:
    """Put members out; those who are none are told beside the others."""
    room_id, names = call.values["chatroom_id"], call.joined_names()
    _refuse_many(names, _MAX_REMOVED)
    removals = [
        {
            "result": fault is None,
            "action": _REMOVE,
            **({} if fault is None else {"reason": fault}),
            "user": name,
            "id": room_id,
        }
        for name, fault in call.state.rooms.remove_members(room_id, names).items()
    ]
    return answer(call, removals)


@answers(RoomMembers.list_admins)
def list_admins(call: Call) -> dict[str, Any]:
    """All admins."""
    admins = call.state.rooms.admins(call.values["chatroom_id"])
    return answer(call, admins, count=len(admins))


@answers(RoomMembers.add_admin)
def add_admin(call: Call) -> dict[str, Any]:
    """Make a member an admin."""
    username = call.state.rooms.add_admin(call.values["chatroom_id"], call.only_name("newadmin"))
    return answer(call, {"result": "success", "newadmin": username})


@answers(RoomMembers.remove_admin)
def remove_admin(call: Call) -> dict[str, Any]:
    """Make an admin a plain member."""
    username = call.state.rooms.remove_admin(call.values["chatroom_id"], call.values["username"])
    return answer(call, {"result": "success", "oldadmin": username})


@answers(RoomMembers.add_super_admin)
def add_super_admin(call: Call) -> dict[str, Any]:
    """Let a user make rooms from a client."""
    call.state.rooms.add_super_admin(call.only_name("superadmin"))
    return answer(call, {"result": "success", "resource": ""})


@answers(RoomMembers.remove_super_admin)
def remove_super_admin(call: Call) -> dict[str, Any]:
    """Let a user no longer make rooms from a client; the answer has an odd name for that user."""
    username = call.state.rooms.remove_super_admin(call.values["username"])
    return answer(call, {"newSuperAdmin": username, "resource": ""})


@answers(RoomMembers.list_super_admins)
def list_super_admins(call: Call) -> dict[str, Any]:
    """One page of super admins."""
    query = call.query("pagenum", "pagesize")
    limit, offset = call.window(query, default=_DEFAULT_SUPER_ADMINS, most=_MAX_PAGE)
    names = call.state.rooms.super_admins(limit, offset)
    return answer(call, names, params=call.echo(query), properties={}, count=len(names))


def _refuse_many(names: list[str], most: int) -> None:
    if len(names) > most:
        raise invalid_parameter(f"usernames size is more than max limit : {most}")
