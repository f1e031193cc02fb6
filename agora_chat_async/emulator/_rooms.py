"""Answers of the group `rooms`."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from typing import Any, Final

from agora_chat_async.api.rooms import Rooms
from agora_chat_async.emulator._call import APP, PLACE, Answers, Call, next_page
from agora_chat_async.emulator._errors import (
    Refusal,
    forbidden,
    illegal,
    invalid_parameter,
    limit_exceeded,
    no_such_room,
)
from agora_chat_async.emulator._fields import Fields
from agora_chat_async.emulator._state.rooms import NewRoom

answers = Answers()

_MAX_ASKED: Final = 100
_MAX_PAGE: Final = 100
_DEFAULT_PAGE: Final = 10
_MAX_NUMBERED_PAGE: Final = 1000
_NEWEST_JOINED: Final = 500
_MAX_NAME: Final = 128
_MAX_DESCRIPTION: Final = 512
_MAX_ANNOUNCEMENT: Final = 512
_MAX_CUSTOM: Final = 1024
_MAX_USERS: Final = 10_000
_DEFAULT_USERS: Final = 1000
_CHANGEABLE: Final = {"name": "groupname", "description": "description", "maxusers": "maxusers"}
"""Members that can be changed, and what the answer calls them."""


def answer(call: Call, data: Any, **more: Any) -> dict[str, Any]:
    """Wrap a result about rooms."""
    return call.envelope(*APP, *PLACE, entities=[], data=data, **more)


@answers(Rooms.create)
def create(call: Call) -> dict[str, Any]:
    """Make a room."""
    fields = call.fields(invalid_parameter)
    if missing := [name for name in ("name", "description", "owner") if not fields.has(name)]:
        raise invalid_parameter(f"{', '.join(missing)} must be provided")
    settings: dict[str, Any] = {
        "maxusers": min(_DEFAULT_USERS, call.settings.limits.room_members),
        **_settings(fields, call, invalid_parameter),
    }
    members = fields.names("members", most=sys.maxsize) if fields.has("members") else []
    if len(members) > settings["maxusers"]:
        raise limit_exceeded("members size is greater than max user size !")
    new = NewRoom(
        **settings,
        owner=fields.name("owner"),
        members=members,
        custom=fields.optional_text("custom", most=_MAX_CUSTOM) or "",
    )
    fields.end()
    return answer(call, {"id": call.state.rooms.create(new)})


@answers(Rooms.list)
def list_rooms(call: Call) -> dict[str, Any]:
    """One page of rooms."""
    query = call.query("limit", "cursor")
    limit = call.limit(query, default=_DEFAULT_PAGE, most=_MAX_PAGE)
    if "limit" in query and int(query["limit"]) != limit:
        raise illegal(f"invalid request: limit has to be 1 to {_MAX_PAGE}")
    page = call.state.rooms.page(limit, query.get("cursor"))
    return answer(
        call,
        [_summary(call, room) for room in page.places],
        params=call.echo(query),
        properties={},
        count=len(page.places),
        **next_page(page.cursor),
    )


@answers(Rooms.list_joined)
def list_joined(call: Call) -> dict[str, Any]:
    """The rooms of a user: one page, or the newest ones where no page is asked for."""
    query = call.query("pagenum", "pagesize")
    limit, offset = call.window(query, default=_MAX_NUMBERED_PAGE, most=_MAX_NUMBERED_PAGE)
    rooms = call.state.rooms.joined(call.values["username"], limit if query else _NEWEST_JOINED, offset)
    data = [{"id": room["id"], "name": room["name"], "disabled": "false"} for room in rooms]
    return answer(call, data, params=call.echo(query), count=len(data))


@answers(Rooms.get)
def get(call: Call) -> dict[str, Any]:
    """Describe rooms; unknown ones are left out, unless all are."""
    ids = list(dict.fromkeys(call.values["chatroom_ids"].split(",")))
    if len(ids) > _MAX_ASKED:
        raise illegal(f"invalid request: {len(ids)} chatrooms, and at most {_MAX_ASKED} can be asked for")
    rooms = [room for room in map(call.state.rooms.find, ids) if room is not None]
    if not rooms:
        raise no_such_room(call.values["chatroom_ids"])
    return answer(call, [_details(call, room) for room in rooms], count=len(rooms))


@answers(Rooms.update)
def update(call: Call) -> dict[str, Any]:
    """Change a room, in no other respects than the three."""
    room_id, fields = call.values["chatroom_id"], call.fields()
    call.state.rooms.require(room_id)
    if call.settings.easemob and fields.has("newowner"):
        call.state.rooms.transfer(room_id, call.only_name("newowner"))
        return answer(call, {"newowner": True})
    if unknown := call.body.keys() - _CHANGEABLE.keys():
        raise invalid_parameter(f"some of {', '.join(sorted(unknown))} are not valid fields")
    changes = _settings(fields, call, limit_exceeded)
    if not changes:
        raise illegal("invalid request: one of name, description and maxusers is required")
    call.state.rooms.update(room_id, changes)
    return answer(call, {_CHANGEABLE[name]: True for name in changes})


@answers(Rooms.delete)
def delete(call: Call) -> dict[str, Any]:
    """Delete a room."""
    room_id = call.values["chatroom_id"]
    call.state.rooms.delete(room_id)
    return answer(call, {"success": True, "id": room_id})


@answers(Rooms.get_announcement)
def get_announcement(call: Call) -> dict[str, Any]:
    """Read the announcement."""
    return answer(call, {"announcement": call.state.rooms.require(call.values["chatroom_id"])["announcement"]})


@answers(Rooms.set_announcement)
def set_announcement(call: Call) -> dict[str, Any]:
    """Replace the announcement."""
    room_id, fields = call.values["chatroom_id"], call.fields()
    text = fields.text("announcement", least=0)
    fields.end()
    if len(text) > _MAX_ANNOUNCEMENT:
        raise forbidden(f"the announcement has more than {_MAX_ANNOUNCEMENT} characters")
    call.state.rooms.update(room_id, {"announcement": text})
    return answer(call, {"id": room_id, "result": True})


def _settings(fields: Fields, call: Call, too_much: Callable[[str], Refusal]) -> dict[str, Any]:
    """Read what a room is made with and can be changed, as far as it is there."""
    settings = dict[str, Any]()
    for name, most in (("name", _MAX_NAME), ("description", _MAX_DESCRIPTION)):
        if fields.has(name):
            settings[name] = fields.text(name)
            if len(settings[name]) > most:
                raise too_much(f"{name} has more than {most} characters")
    maxusers = fields.whole("maxusers")
    if maxusers is not None:
        if maxusers < 1:
            raise invalid_parameter(f"maxusers of {maxusers} is less than 1")
        most = min(_MAX_USERS, call.settings.limits.room_members)
        if maxusers > most:
            raise too_much(f"maxusers of {maxusers} is more than {most}")
        settings["maxusers"] = maxusers
    return settings


def _summary(call: Call, room: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": room["id"],
        "name": room["name"],
        "owner": room["owner"],
        "affiliations_count": call.state.rooms.count_members(room["id"]),
        "disabled": False,
    }


def _details(call: Call, room: sqlite3.Row) -> dict[str, Any]:
    owner, *members = call.state.rooms.members(room["id"])
    return {
        "id": room["id"],
        "name": room["name"],
        "description": room["description"],
        "membersonly": False,
        "allowinvites": False,
        "maxusers": room["maxusers"],
        "owner": owner,
        "created": room["created"],
        "custom": room["custom"],
        "mute": bool(room["mute"]),
        "affiliations_count": 1 + len(members),
        "affiliations": [*({"member": name} for name in members), {"owner": owner}],
        "public": True,
    }
