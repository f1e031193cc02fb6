"""Answers of the group `push_labels`, which name neither app nor place."""

from __future__ import annotations

import re
import sqlite3
from typing import Any, Final

from agora_chat_async.api.push_labels import PushLabels
from agora_chat_async.emulator._call import Answers, Call, next_page
from agora_chat_async.emulator._errors import push_illegal
from agora_chat_async.emulator._state.push_labels import Change, Page

answers = Answers()

_NAME: Final = re.compile(r"[a-zA-Z0-9_.\-]{1,64}")
_MAX_DESCRIPTION: Final = 255
_MAX_CHANGED: Final = 100
_MAX_PAGE: Final = 100


@answers(PushLabels.create)
def create(call: Call) -> dict[str, Any]:
    """Make a label."""
    fields = call.fields(push_illegal)
    name = fields.text("name")
    if not _NAME.fullmatch(name):
        raise push_illegal(f"name {name} is not legal: 1 to 64 of the characters a-z A-Z 0-9 _ - .")
    description = fields.optional_text("description", most=_MAX_DESCRIPTION)
    fields.end()
    label = _label(call.state.push_labels.create(name, description, call.settings.limits.push_labels))
    del label["count"]
    return call.stamped(data=label)


@answers(PushLabels.get)
def get(call: Call) -> dict[str, Any]:
    """Tell of one label."""
    return call.stamped(data=_label(call.state.push_labels.get(call.values["label_name"])))


@answers(PushLabels.list)
def list_labels(call: Call) -> dict[str, Any]:
    """One page of labels."""
    page = call.state.push_labels.page(*_wanted(call))
    return _paged(call, page, [_label(row) for row in page.rows])


@answers(PushLabels.delete)
def delete(call: Call) -> dict[str, Any]:
    """Delete one label."""
    call.state.push_labels.delete(call.values["label_name"])
    return call.stamped(data="success")


@answers(PushLabels.add_users)
def add_users(call: Call) -> dict[str, Any]:
    """Put users under a label."""
    most = call.settings.limits.users_per_push_label
    return _changed(call, call.state.push_labels.add(call.values["label_name"], _usernames(call), most))


@answers(PushLabels.get_user)
def get_user(call: Call) -> dict[str, Any]:
    """Tell of one user under a label; nothing where the user is not there."""
    row = call.state.push_labels.member(call.values["label_name"], call.values["username"])
    return call.stamped(data={} if row is None else _member(row))


@answers(PushLabels.list_users)
def list_users(call: Call) -> dict[str, Any]:
    """One page of users under a label."""
    page = call.state.push_labels.members(call.values["label_name"], *_wanted(call))
    return _paged(call, page, [_member(row) for row in page.rows])


@answers(PushLabels.remove_users)
def remove_users(call: Call) -> dict[str, Any]:
    """Take users out of a label."""
    return _changed(call, call.state.push_labels.remove(call.values["label_name"], _usernames(call)))


def _usernames(call: Call) -> list[str]:
    return call.only_names(most=_MAX_CHANGED, refuse=push_illegal)


def _wanted(call: Call) -> tuple[int, str | None]:
    query = call.query("limit", "cursor")
    return call.limit(query, default=_MAX_PAGE, most=_MAX_PAGE), query.get("cursor")


def _paged(call: Call, page: Page, data: list[dict[str, Any]]) -> dict[str, Any]:
    return call.stamped(**next_page(page.cursor), data=data)


def _changed(call: Call, change: Change) -> dict[str, Any]:
    return call.stamped(data={"success": change.success, "fail": change.fail})


def _label(row: sqlite3.Row) -> dict[str, Any]:
    described = {"name": row["name"], "count": row["count"], "createdAt": row["created"]}
    return described if row["description"] is None else {**described, "description": row["description"]}


def _member(row: sqlite3.Row) -> dict[str, Any]:
    return {"username": row["username"], "created": row["created"]}
