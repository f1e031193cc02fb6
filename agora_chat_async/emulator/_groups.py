"""Answers of the group `groups`."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Mapping
from typing import Any, Final, cast

from agora_chat_async.api.groups import Groups
from agora_chat_async.emulator._call import APP, PLACE, Answers, Call, next_page
from agora_chat_async.emulator._errors import invalid_parameter, no_such_group
from agora_chat_async.emulator._fields import Fields
from agora_chat_async.emulator._state.groups import NewGroup

answers = Answers()

_MAX_ASKED: Final = 100
_MAX_PAGE: Final = 1000
_DEFAULT_PAGE: Final = 10
_MAX_JOINED_PAGE: Final = 20
_DEFAULT_JOINED_PAGE: Final = 5
_MAX_UNPAGED: Final = 500
_MAX_DESCRIBED: Final = 10_000
"""Members that the details of one group list."""
_MAX_CUSTOM_BYTES: Final = 8 * 1024
_DEFAULT_MAX_USERS: Final = 200
_MAX_AVATAR: Final = 1024
_TEXTS: Final = {"groupname": (1, 128), "description": (0, 512), "avatar": (0, _MAX_AVATAR)}
_FLAGS: Final = {"public": True, "membersonly": False, "allowinvites": False, "invite_need_confirm": True}
_SETTINGS: Final = {*_TEXTS, *_FLAGS, "maxusers", "custom"}


@answers(Groups.create)
def create(call: Call) -> dict[str, Any]:
    """Make a group."""
    fields = _fields(call, {"desc": "description", "members_only": "membersonly"})
    if not fields.has("owner"):
        raise invalid_parameter("owner must be provided")
    if not fields.has("public"):
        raise invalid_parameter("group must contain public field!")
    owner, members = fields.name("owner"), []
    if fields.has("members"):
        members = fields.names("members", most=sys.maxsize, least=0)
    settings: dict[str, Any] = {
        "groupname": "",
        "description": "",
        "custom": "",
        "maxusers": min(_DEFAULT_MAX_USERS, call.settings.limits.group_members),
        **_FLAGS,
        **_settings(call, fields),
    }
    fields.end()
    if settings["public"]:
        settings["allowinvites"] = False
    group_id = call.state.groups.create(NewGroup(owner=owner, settings=settings, members=members))
    return call.envelope(*APP, *PLACE, entities=[], data={"groupid": group_id})


@answers(Groups.get)
def get(call: Call) -> dict[str, Any]:
    """Describe groups; unknown ones are left out, unless all are."""
    ids = call.values["group_ids"].split(",")
    if len(ids) > _MAX_ASKED:
        raise invalid_parameter(f"at most {_MAX_ASKED} groups can be asked for at once, and not {len(ids)}")
    groups = [group for group in map(call.state.groups.find, ids) if group is not None]
    if not groups:
        raise no_such_group(call.values["group_ids"])
    data = [_details(call, group) for group in groups]
    return call.envelope(*APP, *PLACE, entities=[], data=data, count=len(data))


@answers(Groups.list)
def list_groups(call: Call) -> dict[str, Any]:
    """One page of groups."""
    query = call.query("limit", "cursor")
    limit = call.limit(query, default=_DEFAULT_PAGE, most=_MAX_PAGE)
    page = call.state.groups.page(limit, query.get("cursor"))
    data = [_summary(call, group) for group in page.places]
    return call.envelope(
        *PLACE, params=call.echo(query), entities=[], data=data, count=len(data), **next_page(page.cursor)
    )


@answers(Groups.list_joined)
def list_joined(call: Call) -> dict[str, Any]:
    """The groups of a user: one page, or the newest ones where no page is asked for."""
    query = call.query("pagenum", "pagesize")
    limit, offset = call.window(query, default=_DEFAULT_JOINED_PAGE, most=_MAX_JOINED_PAGE)
    groups = call.state.groups.joined(call.values["username"], limit if query else _MAX_UNPAGED, offset)
    data = [{"groupid": group["id"], "groupname": group["groupname"]} for group in groups]
    return call.envelope(*APP, *PLACE, params=call.echo(query), entities=[], data=data, count=len(data))


@answers(Groups.is_joined)
def is_joined(call: Call) -> dict[str, Any]:
    """Tell whether a user, known or not, is in a group."""
    group = call.state.groups.require(call.values["group_id"])
    data = call.state.groups.is_member(group["id"], call.values["username"])
    return call.envelope("application", "organization", data=data)


@answers(Groups.update)
def update(call: Call) -> dict[str, Any]:
    """Change settings."""
    fields = _fields(call, {"name": "groupname"})
    if unknown := call.body.keys() - _SETTINGS:
        raise invalid_parameter(f"some of [{', '.join(sorted(unknown))}] are not valid fields")
    changes = _settings(call, fields)
    call.state.groups.update(call.values["group_id"], changes)
    return call.envelope(*APP, *PLACE, properties={}, entities=[], data=dict.fromkeys(changes, True))


@answers(Groups.transfer_ownership)
def transfer_ownership(call: Call) -> dict[str, Any]:
    """Make another member the owner."""
    fields = call.fields(invalid_parameter)
    name = fields.name("newowner")
    fields.end()
    call.state.groups.transfer(call.values["group_id"], name)
    return call.envelope(*APP, *PLACE, entities=[], data={"newowner": True})


@answers(Groups.ban)
def ban(call: Call) -> dict[str, Any]:
    """Disable a group."""
    return _disabled(call, disabled=True)


@answers(Groups.unban)
def unban(call: Call) -> dict[str, Any]:
    """Enable a group."""
    return _disabled(call, disabled=False)


@answers(Groups.delete)
def delete(call: Call) -> dict[str, Any]:
    """Delete a group."""
    group_id = call.values["group_id"]
    call.state.groups.delete(group_id)
    return call.envelope(*APP, *PLACE, entities=[], data={"success": True, "groupid": group_id})


def member_entry(name: str, owner: str) -> dict[str, str]:
    """Name a member under the role that lists tell, where admins are plain members."""
    return {"owner" if name == owner else "member": name}


def _fields(call: Call, aliases: Mapping[str, str]) -> Fields:
    """Read the body; where the emulator is not strict, some members also by their names in the vendor's Java SDK."""
    body = call.body
    if not call.settings.strict and isinstance(body, dict):
        members = cast("dict[str, Any]", body)
        call.body = {aliases.get(name, name): value for name, value in members.items()}
    return call.fields(invalid_parameter)


def _settings(call: Call, fields: Fields) -> dict[str, Any]:
    """Read the settings that are there, within their bounds."""
    if fields.has("avatar") and len(fields.text("avatar", least=0)) > _MAX_AVATAR:
        raise invalid_parameter("avatar length is too big")
    settings: dict[str, Any] = {
        name: fields.text(name, least=least, most=most) for name, (least, most) in _TEXTS.items() if fields.has(name)
    }
    settings |= {name: fields.required_flag(name) for name in _FLAGS if fields.has(name)}
    call.refuse_moderated(settings.get("groupname", ""), "group_name_violation")
    if fields.has("custom"):
        settings["custom"] = fields.text("custom", least=0)
        if len(settings["custom"].encode()) > _MAX_CUSTOM_BYTES:
            raise invalid_parameter(f"custom has more than {_MAX_CUSTOM_BYTES} bytes")
    size = fields.whole("maxusers")
    if size is not None:
        if not 1 <= size <= call.settings.limits.group_members:
            raise invalid_parameter(f"maxusers is 1 to {call.settings.limits.group_members}, and not {size}")
        settings["maxusers"] = size
    return settings


def _disabled(call: Call, *, disabled: bool) -> dict[str, Any]:
    call.state.groups.update(call.values["group_id"], {"disabled": disabled})
    return call.envelope(*APP, *PLACE, properties={}, entities=[], data={"disabled": disabled})


def _details(call: Call, group: sqlite3.Row) -> dict[str, Any]:
    members = call.state.groups.members(group["id"], _MAX_DESCRIBED)
    flags = {name: bool(group[name]) for name in ("membersonly", "allowinvites", "mute", "disabled", "public")}
    return {
        "id": group["id"],
        "name": group["groupname"],
        **({} if group["avatar"] is None else {"avatar": group["avatar"]}),
        "description": group["description"],
        "maxusers": group["maxusers"],
        "owner": group["owner"],
        "created": group["created"],
        "custom": group["custom"],
        **flags,
        "affiliations_count": call.state.groups.count_members(group["id"]),
        "affiliations": [member_entry(name, group["owner"]) for name in members],
    }


def _summary(call: Call, group: sqlite3.Row) -> dict[str, Any]:
    return {
        "owner": f"{call.settings.org}#{call.settings.app}_{group['owner']}",
        "groupid": group["id"],
        "affiliations": call.state.groups.count_members(group["id"]),
        "type": "group",
        "lastModified": str(group["modified"]),
        "groupname": group["groupname"],
    }
