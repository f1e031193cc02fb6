"""Answers of the group `group_members`."""

from __future__ import annotations

import sys
from typing import Any, Final

from agora_chat_async.api.group_members import GroupMembers
from agora_chat_async.emulator._call import APP, PLACE, Answers, Call, next_page
from agora_chat_async.emulator._errors import invalid_parameter, limit_exceeded
from agora_chat_async.emulator._groups import member_entry

answers = Answers()

_MAX_NAMES: Final = 60
_MAX_PAGE: Final = 100
_DEFAULT_PAGE: Final = 10
_ADDED: Final = "add_member"
_REMOVED: Final = "remove_member"


@answers(GroupMembers.list)
def list_members(call: Call) -> dict[str, Any]:
    """One page of members, those who joined last first; the vendor's Java SDK asks in another way for bare names."""
    query, group = call.member_query(), call.state.groups.require(call.values["group_id"])
    if "version" in query:
        limit = call.limit(query, default=_DEFAULT_PAGE, most=_MAX_PAGE)
        page = call.state.groups.member_page(group["id"], limit, query.get("cursor"), call.sort(query) or "desc")
        return call.envelope(
            *APP, *PLACE, params=call.echo(query), entities=[], data=page.names, **next_page(page.cursor)
        )
    limit, offset = call.window(query, default=_DEFAULT_PAGE, most=_MAX_PAGE)
    members = call.state.groups.members(group["id"], limit, offset, sort=call.sort(query))
    admins = call.state.groups.admins(group["id"]) if call.settings.easemob else []
    data = [{"admin": name} if name in admins else member_entry(name, group["owner"]) for name in members]
    return call.envelope(*APP, *PLACE, params=call.echo(query), entities=[], data=data, count=len(data))


@answers(GroupMembers.add)
def add(call: Call) -> dict[str, Any]:
    """Let one user in."""
    (name,) = _add(call, [call.values["username"]])
    return _answer(call, _change(call, name, _ADDED))


@answers(GroupMembers.add_many)
def add_many(call: Call) -> dict[str, Any]:
    """Let users in."""
    names = call.only_names()
    call.state.groups.require(call.values["group_id"])
    if len(names) > _MAX_NAMES:
        raise limit_exceeded("members size is greater than max user size !")
    return _answer(call, {"newmembers": _add(call, names), "groupid": call.values["group_id"], "action": _ADDED})


@answers(GroupMembers.remove)
def remove(call: Call) -> dict[str, Any]:
    """Put one member out."""
    name = call.values["username"]
    call.state.groups.remove_member(call.values["group_id"], name)
    return _answer(call, _change(call, name, _REMOVED))


@answers(GroupMembers.remove_many)
def remove_many(call: Call) -> dict[str, Any]:
    """Put members out, and tell of each user whether it was done."""
    names = call.joined_names()
    if len(names) > _MAX_NAMES:
        raise invalid_parameter(f"kickMember: kickMembers number more than maxSize : {_MAX_NAMES}")
    faults = call.state.groups.remove_members(call.values["group_id"], names)
    return _answer(call, [_change(call, name, _REMOVED, fault) for name, fault in faults.items()])


@answers(GroupMembers.list_admins)
def list_admins(call: Call) -> dict[str, Any]:
    """All admins."""
    admins = call.state.groups.admins(call.values["group_id"])
    return call.envelope(*APP, *PLACE, entities=[], data=admins, count=len(admins))


@answers(GroupMembers.add_admin)
def add_admin(call: Call) -> dict[str, Any]:
    """Make a member an admin."""
    name = call.only_name("newadmin")
    call.state.groups.add_admin(call.values["group_id"], name)
    return _answer(call, {"result": "success", "newadmin": name})


@answers(GroupMembers.remove_admin)
def remove_admin(call: Call) -> dict[str, Any]:
    """Make an admin a plain member."""
    name = call.values["username"]
    call.state.groups.remove_admin(call.values["group_id"], name)
    return _answer(call, {"result": "success", "oldadmin": name})


@answers(GroupMembers.set_attributes)
def set_attributes(call: Call) -> dict[str, Any]:
    """Set attributes of one member."""
    fields = call.fields()
    attributes = fields.object("metaData")
    fields.end()
    call.state.group_attributes.set(call.values["group_id"], call.values["username"], attributes)
    return call.stamped(data=attributes)


@answers(GroupMembers.get_attributes)
def get_attributes(call: Call) -> dict[str, Any]:
    """All attributes of one member."""
    return call.stamped(data=call.state.group_attributes.get(call.values["group_id"], call.values["username"]))


@answers(GroupMembers.get_attributes_of_many)
def get_attributes_of_many(call: Call) -> dict[str, Any]:
    """Some attributes of several members."""
    fields = call.fields()
    names = fields.names("targets", most=sys.maxsize)
    keys = list[str]()
    if call.body.get("properties", "") == "":  # an empty text is one more way to ask for all
        fields.optional_text("properties")
    else:
        keys = fields.texts("properties", most=sys.maxsize, least=0)
    fields.end()
    return call.stamped(data=call.state.group_attributes.get_many(call.values["group_id"], names, keys))


def _add(call: Call, names: list[str]) -> list[str]:
    if call.settings.easemob:  # as the vendor's Java SDK found it: adding a blocked user ends the block
        call.state.group_lists.pardon(call.values["group_id"], names)
    return call.state.groups.add_members(call.values["group_id"], names)


def _change(call: Call, name: str, action: str, fault: str | None = None) -> dict[str, Any]:
    reason = {} if fault is None else {"reason": fault}
    return {"result": fault is None, "action": action, **reason, "user": name, "groupid": call.values["group_id"]}


def _answer(call: Call, data: Any) -> dict[str, Any]:
    return call.envelope(*APP, *PLACE, entities=[], data=data)
