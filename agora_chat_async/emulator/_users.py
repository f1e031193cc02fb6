"""Answers of the group `users`."""

from __future__ import annotations

import math
from typing import Any, Final

from agora_chat_async.api.users import Users
from agora_chat_async.emulator._call import APP, PLACE, Answers, Call, next_page
from agora_chat_async.emulator._errors import illegal, plan_exceeded
from agora_chat_async.emulator._fields import Fields, message_number
from agora_chat_async.emulator._state.users import Applicant, entity

answers = Answers()

_MAX_BATCH: Final = 60
_MAX_ASKED: Final = 100
_MAX_PAGE: Final = 100
_DEFAULT_PAGE: Final = 10
_MAX_NAME: Final = 64
_MAX_NICKNAME: Final = 100
_MAX_PASSWORD_BYTES: Final = 64
_QUIET_HOURS: Final = ("notification_no_disturbing_start", "notification_no_disturbing_end")


@answers(Users.create)
def create(call: Call) -> dict[str, Any]:
    """Register one user."""
    user = call.state.users.create(_applicant(call, call.fields()))
    _refuse_too_many(call)
    return call.envelope(*APP, *PLACE, entities=[entity(user)])


@answers(Users.create_many)
def create_many(call: Call) -> dict[str, Any]:
    """Register a batch; names that are taken are reported beside those created."""
    if not call.body:
        raise illegal("body array is empty")
    if len(call.body) > _MAX_BATCH:
        raise illegal(f"body array size is {len(call.body)}, which is over the upper range value {_MAX_BATCH}")
    applicants = [
        _applicant(call, Fields(item, strict=call.settings.strict, where=f"[{index}]"))
        for index, item in enumerate(call.body)
    ]
    created, taken = call.state.users.create_many(applicants, all_or_none=call.settings.batch_conflict == "refuse")
    _refuse_too_many(call)
    failures = [{"username": name, "registerUserFailReason": f"the {name} already exists"} for name in taken]
    return call.envelope(*APP, *PLACE, entities=[entity(user) for user in created], data=failures)


@answers(Users.get)
def get(call: Call) -> dict[str, Any]:
    """Fetch one user."""
    user = call.state.push.described(call.state.users.get(call.values["username"]))
    hours = {name: str(user[name]) for name in _QUIET_HOURS if name in user}  # here they are texts
    return call.envelope(*PLACE, entities=[user | hours], count=1)


@answers(Users.list)
def list_users(call: Call) -> dict[str, Any]:
    """One page of users."""
    query = call.query("limit", "cursor")
    limit = call.limit(query, default=_DEFAULT_PAGE, most=_MAX_PAGE)
    page = call.state.users.page(limit, query.get("cursor"))
    return call.envelope(
        *PLACE, params=call.echo(query), entities=_entities(page.users), count=len(page.users), **next_page(page.cursor)
    )


@answers(Users.delete)
def delete(call: Call) -> dict[str, Any]:
    """Delete one user."""
    user = call.state.users.delete(call.values["username"])
    envelope = call.envelope("organization", "applicationName", *PLACE, entities=[entity(user)])
    return envelope | {"uri": envelope["uri"].rpartition("/")[0]}


@answers(Users.delete_many)
def delete_many(call: Call) -> dict[str, Any]:
    """Delete the oldest users."""
    query = call.query("limit", "cursor")
    limit = call.limit(query, default=_DEFAULT_PAGE, most=_MAX_PAGE)
    page = call.state.users.delete_oldest(limit, query.get("cursor"))
    return call.envelope(
        *APP, *PLACE, params=call.echo(query), entities=_entities(page.users), **next_page(page.cursor)
    )


@answers(Users.set_password)
def set_password(call: Call) -> dict[str, Any]:
    """Change a password; the user's tokens end with the old one."""
    fields = call.fields()
    password = _password(fields, "newpassword")
    fields.end()
    user = call.state.users.set_password(call.values["username"], password)
    call.state.tokens.revoke_user(user, math.floor(call.settings.now()))
    call.after.append(lambda: call.gatekeeper.revoke(user["username"], user["uuid"]))
    return call.envelope(action="set user password")


@answers(Users.ban)
def ban(call: Call) -> dict[str, Any]:
    """Deactivate a user."""
    return call.envelope(action="Deactivate user", entities=[entity(call.state.users.ban(call.values["username"]))])


@answers(Users.unban)
def unban(call: Call) -> dict[str, Any]:
    """Activate a user."""
    call.state.users.unban(call.values["username"])
    return call.envelope(action="activate user")


@answers(Users.disconnect)
def disconnect(call: Call) -> dict[str, Any]:
    """Log a user out everywhere."""
    call.state.users.set_online(call.values["username"], online=False)
    return call.envelope(*APP, "uri", entities=[], data={"result": True})


@answers(Users.get_online_status)
def get_online_status(call: Call) -> dict[str, Any]:
    """Tell whether one user is online."""
    user = call.state.users.get(call.values["username"])
    return call.envelope("uri", count=0, entities=[], data={user["username"]: _status(online=user["online"])})


@answers(Users.get_online_status_many)
def get_online_status_many(call: Call) -> dict[str, Any]:
    """Tell which of many users are online; nobody checks whether they exist."""
    names = call.only_names(most=_MAX_ASKED)
    online = call.state.users.online_among(names)
    return call.envelope(
        action="get batch user status", data=[{name: _status(online=name in online)} for name in names]
    )


@answers(Users.count_offline_messages)
def count_offline_messages(call: Call) -> dict[str, Any]:
    """Count what waits for a user."""
    name = call.state.users.get(call.values["owner_username"])["username"]
    return call.envelope("uri", count=0, entities=[], data={name: call.state.offline.count(name)})


@answers(Users.get_offline_message_status)
def get_offline_message_status(call: Call) -> dict[str, Any]:
    """Tell whether a message still waits for a user; of unknown ones nothing waits."""
    name, text = call.state.users.get(call.values["username"])["username"], call.values["msg_id"]
    number = message_number(text)
    waits = number is not None and call.state.offline.is_waiting(name, number)
    return call.envelope("uri", count=0, entities=[], data={text: "undelivered" if waits else "delivered"})


def _refuse_too_many(call: Call) -> None:
    if call.state.users.are_more_than(call.settings.limits.users):
        raise plan_exceeded(call.settings.edition)


def _applicant(call: Call, fields: Fields) -> Applicant:
    if not fields.has("username"):
        raise illegal("Entity user requires a property named username")
    username = fields.text("username", least=0)
    if len(username) > _MAX_NAME:
        raise illegal(f"USERNAME_TOO_LONG: username {username} is not legal")
    if call.settings.require_password and not fields.has("password"):
        raise illegal("password or pin must provided")
    password = _password(fields, "password") if fields.has("password") else None
    nickname = fields.optional_text("nickname")
    if nickname is not None and len(nickname) > _MAX_NICKNAME:
        raise illegal(f"NICKNAME_TOO_LONG: the nickname has more than {_MAX_NICKNAME} characters")
    fields.end()
    return Applicant(username.lower() if call.settings.upper_case == "fold" else username, password, nickname)


def _password(fields: Fields, name: str) -> str:
    if not fields.has(name):
        raise illegal(f"{name} is required")
    password = fields.text(name)
    if len(password.encode()) > _MAX_PASSWORD_BYTES:
        raise illegal(f"{name} has more than {_MAX_PASSWORD_BYTES} bytes")
    return password


def _entities(users: Any) -> list[dict[str, Any]]:
    return [entity(user) for user in users]


def _status(*, online: Any) -> str:
    return "online" if online else "offline"
