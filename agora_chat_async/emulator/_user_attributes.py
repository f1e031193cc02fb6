"""Answers of the group `user_attributes`, which have no part of the common envelope but the times."""

from __future__ import annotations

from typing import Any, Final

from agora_chat_async.api.user_attributes import UserAttributes
from agora_chat_async.emulator._call import Answers, Call
from agora_chat_async.emulator._errors import Refusal, illegal

answers = Answers()

_MAX_USERS: Final = 100
_MANY: Final = 1 << 53


@answers(UserAttributes.set)
def set_attributes(call: Call) -> dict[str, Any]:
    """Write some attributes."""
    if not call.body or not all(call.body):
        raise illegal("invalid request: the form has to have at least one attribute, each with a name")
    most = call.settings.limits.attribute_bytes
    call.state.user_attributes.set(call.values["username"], call.body, most_of_all=most)
    return call.stamped(data=call.body)


@answers(UserAttributes.get)
def get(call: Call) -> dict[str, Any]:
    """All attributes of a user."""
    return call.stamped(data=call.state.user_attributes.get(call.values["username"]))


@answers(UserAttributes.get_many)
def get_many(call: Call) -> dict[str, Any]:
    """Chosen attributes of some users."""
    fields = call.fields()
    targets = fields.names("targets", most=_MANY)
    if len(targets) > _MAX_USERS:
        raise Refusal(400, "BAD_REQUEST", f"targets has more than {_MAX_USERS} users")
    properties = fields.texts("properties", most=_MANY)
    fields.end()
    return call.stamped(data=call.state.user_attributes.get_many(targets, properties))


@answers(UserAttributes.get_total_size)
def get_total_size(call: Call) -> dict[str, Any]:
    """Bytes of all attributes."""
    return call.stamped(data=call.state.user_attributes.size())


@answers(UserAttributes.delete)
def delete(call: Call) -> dict[str, Any]:
    """Drop all attributes of a user."""
    call.state.user_attributes.delete(call.values["username"])
    return call.stamped(data=True)
