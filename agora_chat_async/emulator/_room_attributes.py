"""Answers of the group `room_attributes`."""

from __future__ import annotations

import sys
from typing import Any, Final

from agora_chat_async.api.room_attributes import RoomAttributes
from agora_chat_async.emulator._call import APP, Answers, Call
from agora_chat_async.emulator._errors import illegal
from agora_chat_async.emulator._state.room_attributes import Faults

answers = Answers()

_MAX_CHANGED: Final = 10
_PATH: Final = "/metadata/chatroom"


@answers(RoomAttributes.set)
def set_attributes(call: Call) -> dict[str, Any]:
    """Set what is new or the user's own."""
    return _set(call, force=False)


@answers(RoomAttributes.force_set)
def force_set(call: Call) -> dict[str, Any]:
    """Set also what others set."""
    return _set(call, force=True)


@answers(RoomAttributes.get)
def get(call: Call) -> dict[str, Any]:
    """Read attributes, all of them where no key is named."""
    fields = call.fields()
    keys = fields.texts("keys", most=sys.maxsize, least=0) if fields.has("keys") else []
    fields.end()
    return _answer(call, call.state.room_attributes.get(call.values["chatroom_id"], keys))


@answers(RoomAttributes.remove)
def remove(call: Call) -> dict[str, Any]:
    """Remove what is the user's own."""
    return _remove(call, force=False)


@answers(RoomAttributes.force_remove)
def force_remove(call: Call) -> dict[str, Any]:
    """Remove also what others set."""
    return _remove(call, force=True)


def _set(call: Call, *, force: bool) -> dict[str, Any]:
    fields = call.fields()
    attributes = fields.object("metaData")
    auto_delete = fields.optional_one_of("autoDelete", "DELETE", "NO_DELETE") != "NO_DELETE"
    fields.end()
    if not 1 <= len(attributes) <= _MAX_CHANGED:
        raise illegal(f"invalid request: metaData has {len(attributes)} pairs, and can have 1 to {_MAX_CHANGED}")
    faults = call.state.room_attributes.set(
        call.values["chatroom_id"], call.values["username"], attributes, auto_delete=auto_delete, force=force
    )
    return _outcome(call, faults)


def _remove(call: Call, *, force: bool) -> dict[str, Any]:
    keys = call.only_texts("keys", most=_MAX_CHANGED)
    faults = call.state.room_attributes.remove(call.values["chatroom_id"], call.values["username"], keys, force=force)
    return {"status": "ok", **_outcome(call, faults)}


def _outcome(call: Call, faults: Faults) -> dict[str, Any]:
    done = [key for key, fault in faults.items() if fault is None]
    failed = {key: fault for key, fault in faults.items() if fault is not None}
    return _answer(call, {"successKeys": done, "errorKeys": failed})


def _answer(call: Call, data: Any) -> dict[str, Any]:
    envelope = call.envelope(*APP, "uri", data=data)
    return envelope | {"uri": envelope["uri"].partition(_PATH)[0] + _PATH}
