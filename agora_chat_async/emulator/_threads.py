"""Answers of the groups `threads` and `thread_members`."""

from __future__ import annotations

from typing import Any, Final

from agora_chat_async.api.thread_members import ThreadMembers
from agora_chat_async.api.threads import Threads
from agora_chat_async.emulator._call import Answers, Call, next_page
from agora_chat_async.emulator._errors import Refusal, illegal
from agora_chat_async.emulator._fields import Fields, message_number
from agora_chat_async.emulator._state.threads import Page, entity, group_error

answers = Answers()

_APP: Final = ("organization", "applicationName", "uri")
_MAX_PAGE: Final = 50
_MAX_NAME: Final = 64
_MAX_USERS: Final = 10


@answers(Threads.create)
def create(call: Call) -> dict[str, Any]:
    """Hang a thread on a message."""
    fields = call.fields(_param_illegal)
    group_id, name = fields.id("group_id"), _name(fields)
    message, owner = fields.id("msg_id"), fields.name("owner", most=64)
    fields.end()
    thread_id = call.state.threads.create(group_id, name, message_number(message), owner)
    return call.envelope(*_APP, properties={}, data={"thread_id": thread_id})


@answers(Threads.update)
def update(call: Call) -> dict[str, Any]:
    """Rename a thread."""
    fields = call.fields()
    name = _name(fields)
    fields.end()
    call.state.threads.rename(call.values["thread_id"], name)
    return call.envelope(*_APP, properties={}, data={"name": name})


@answers(Threads.delete)
def delete(call: Call) -> dict[str, Any]:
    """Delete a thread."""
    call.state.threads.delete(call.values["thread_id"])
    return call.envelope(*_APP, properties={}, data={"status": "ok"})


@answers(Threads.list)
def list_threads(call: Call) -> dict[str, Any]:
    """One page of all threads, of which only the ids are told."""
    page = _page(call)
    return _listed(call, page, [{"id": thread["id"]} for thread in page.rows])


@answers(Threads.list_joined)
def list_joined(call: Call) -> dict[str, Any]:
    """One page of the threads that a user is in."""
    page = _page(call, username=call.state.users.get(call.values["username"])["username"])
    return _listed(call, page, [entity(thread) for thread in page.rows])


@answers(Threads.list_joined_in_group)
def list_joined_in_group(call: Call) -> dict[str, Any]:
    """One page of the threads of a group that a user is in."""
    group_id = call.state.groups.require(call.values["group_id"])["id"]
    username = call.state.users.get(call.values["username"])["username"]
    page = _page(call, username=username, group_id=group_id)
    return _listed(call, page, [entity(thread) for thread in page.rows])


@answers(ThreadMembers.list)
def list_members(call: Call) -> dict[str, Any]:
    """One page of the members of a thread."""
    query = call.query("limit", "cursor")
    page = call.state.threads.members(call.values["thread_id"], _limit(query), query.get("cursor"))
    names = [member["username"] for member in page.rows]
    return call.envelope("uri", properties=next_page(page.cursor), data={"affiliations": names})


@answers(ThreadMembers.add)
def add_members(call: Call) -> dict[str, Any]:
    """Let users into a thread."""
    call.state.threads.add_members(call.values["thread_id"], _usernames(call))
    return call.envelope(*_APP, properties={}, data={"status": "ok"})


@answers(ThreadMembers.remove)
def remove_members(call: Call) -> dict[str, Any]:
    """Put users out of a thread."""
    removed = call.state.threads.remove_members(call.values["thread_id"], _usernames(call))
    return call.envelope(
        *_APP, properties={}, entities=[{"result": result, "user": username} for username, result in removed]
    )


def _param_illegal(description: str) -> Refusal:
    return Refusal(400, "param_illegal", description)


def _name(fields: Fields) -> str:
    name = fields.text("name")
    if len(name) > _MAX_NAME:
        raise group_error(400, f"the name of a thread has at most {_MAX_NAME} characters")
    return name


def _usernames(call: Call) -> list[str]:
    names = call.only_names()
    if len(names) > _MAX_USERS:
        raise group_error(400, f"at most {_MAX_USERS} users at once, and not {len(names)}")
    return names


def _page(call: Call, **filters: str) -> Page:
    query = call.query("limit", "cursor", "sort")
    sort = query.get("sort", "desc")
    if sort not in {"asc", "desc"}:
        raise illegal(f"invalid request: sort has to be asc or desc, got {sort}")
    return call.state.threads.page(_limit(query), query.get("cursor"), oldest_first=sort == "asc", **filters)


def _limit(query: dict[str, str]) -> int:
    """Read a page's size, which unlike elsewhere is not cut to what is allowed."""
    text = query.get("limit", str(_MAX_PAGE))
    if text.isascii() and text.isdigit() and 1 <= int(text) <= _MAX_PAGE:
        return int(text)
    raise group_error(400, f"limit has to be a number from 1 to {_MAX_PAGE}, got {text}")


def _listed(call: Call, page: Page, entities: list[dict[str, Any]]) -> dict[str, Any]:
    return call.envelope(*_APP, properties=next_page(page.cursor), entities=entities)
