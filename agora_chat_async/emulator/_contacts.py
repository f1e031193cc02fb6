"""Answers of the group `contacts`."""

from __future__ import annotations

from typing import Any, Final

from agora_chat_async.api.contacts import Contacts
from agora_chat_async.emulator._call import APP, PLACE, Answers, Call, next_page
from agora_chat_async.emulator._errors import illegal
from agora_chat_async.emulator._state.contacts import MAX_BLOCKED
from agora_chat_async.emulator._state.users import entity

answers = Answers()

_ALL: Final = 1 << 53
_DEFAULT_PAGE: Final = 10
_MAX_PAGE: Final = 50
_MAX_BLOCKED_AT_ONCE: Final = 50


@answers(Contacts.add)
def add(call: Call) -> dict[str, Any]:
    """Make two users contacts."""
    friend = call.state.contacts.add(
        call.values["owner_username"], call.values["friend_username"], most=call.settings.limits.contacts_per_user
    )
    return _about_one(call, "contacts", friend)


@answers(Contacts.remove)
def remove(call: Call) -> dict[str, Any]:
    """End that two users are contacts."""
    friend = call.state.contacts.remove(call.values["owner_username"], call.values["friend_username"])
    return _about_one(call, "contacts", friend)


@answers(Contacts.list)
def list_contacts(call: Call) -> dict[str, Any]:
    """All contacts of a user."""
    names = call.state.contacts.page(call.values["owner_username"], _ALL).names
    return call.envelope("uri", entities=[], data=names, count=len(names))


@answers(Contacts.list_page)
def list_page(call: Call) -> dict[str, Any]:
    """One page of a user's contacts."""
    query = call.query("limit", "cursor", "needReturnRemark")
    limit = call.limit(query, default=_DEFAULT_PAGE, most=_ALL)
    if limit > _MAX_PAGE:
        raise illegal(f"invalid request: limit is at most {_MAX_PAGE}, got {limit}")
    if (wanted := query.get("needReturnRemark", "false")) not in {"true", "false"}:
        raise illegal("invalid request: needReturnRemark is true or false")
    page = call.state.contacts.page(call.values["username"], limit, query.get("cursor"))
    contacts = [
        {"username": name, "remark": remark} if wanted == "true" else {"username": name}
        for name, remark in zip(page.names, page.remarks, strict=True)
    ]
    return call.envelope("uri", entities=[], data={"contacts": contacts}, count=len(contacts), **next_page(page.cursor))


@answers(Contacts.block_users)
def block_users(call: Call) -> dict[str, Any]:
    """Put users on a block list."""
    names = call.only_names(most=_MAX_BLOCKED_AT_ONCE)
    blocked = call.state.contacts.block(call.values["owner_username"], names)
    return call.envelope(*APP, "uri", entities=[], data=blocked)


@answers(Contacts.list_blocked)
def list_blocked(call: Call) -> dict[str, Any]:
    """The block list, whole or one page of it."""
    query = call.query("pageSize", "cursor")
    most = _MAX_PAGE if query else MAX_BLOCKED
    limit = call.limit(query, "pageSize", default=most, most=most)
    page = call.state.contacts.blocked(call.values["owner_username"], limit, query.get("cursor"))
    return call.envelope("uri", entities=[], data=page.names, count=len(page.names), **next_page(page.cursor))


@answers(Contacts.unblock_user)
def unblock_user(call: Call) -> dict[str, Any]:
    """Take a user off a block list."""
    other = call.state.contacts.unblock(call.values["owner_username"], call.values["blocked_username"])
    return _about_one(call, "blocks", other)


def _about_one(call: Call, what: str, other: Any) -> dict[str, Any]:
    """Answer with one user; the place that is told is below the owner's uuid, without the other's name."""
    owner = call.state.users.get(call.values["owner_username"])
    envelope = call.envelope(*APP, *PLACE, entities=[entity(other)])
    path = f"/users/{owner['uuid']}/{what}"
    return envelope | {"path": path, "uri": f"{call.origin}/{call.settings.org}/{call.settings.app}{path}"}
