"""Answers of the group `mutes`."""

from __future__ import annotations

from typing import Any, Final

from agora_chat_async.api.mutes import Mutes
from agora_chat_async.emulator._call import APP, PLACE, Answers, Call
from agora_chat_async.emulator._errors import illegal
from agora_chat_async.emulator._state.mutes import KINDS

answers = Answers()

_MAX_NAME: Final = 64
_MAX_SECONDS: Final = (1 << 31) - 1
_DEFAULT_PAGE: Final = 10
_MAX_PAGE: Final = 50
_LAST_PAGE: Final = 1 << 31


@answers(Mutes.set)
def set_mutes(call: Call) -> dict[str, Any]:
    """Mute or unmute a user by kind of chat."""
    fields = call.fields()
    username = fields.name("username", most=_MAX_NAME)
    given = {kind: fields.whole(kind) for kind in KINDS}
    fields.end()
    seconds = {kind: value for kind, value in given.items() if value is not None}
    if any(value > _MAX_SECONDS for value in seconds.values()):
        raise illegal(f"invalid request: a mute lasts at most {_MAX_SECONDS} seconds")
    call.state.mutes.set(username, seconds)
    return call.envelope(*APP, *PLACE, entities=[], data={"result": "ok"})


@answers(Mutes.get)
def get(call: Call) -> dict[str, Any]:
    """Seconds left for one user."""
    username, left = call.state.mutes.get(call.values["username"])
    userid = f"{call.settings.org}#{call.settings.app}_{username}"
    return call.envelope(*APP, *PLACE, entities=[], data={"userid": userid, **left, "unixtime": _seconds(call)})


@answers(Mutes.list)
def list_mutes(call: Call) -> dict[str, Any]:
    """One page of all mutes."""
    query = call.query("pageNum", "pageSize")
    number = call.limit(query, "pageNum", default=1, most=_LAST_PAGE)
    size = call.limit(query, "pageSize", default=_DEFAULT_PAGE, most=_MAX_PAGE)
    entries = [{"username": username, kind: left} for username, kind, left in call.state.mutes.page(number, size)]
    return call.envelope(*APP, *PLACE, entities=[], data={"data": entries, "unixtime": _seconds(call)})


def _seconds(call: Call) -> int:
    return int(call.settings.now())
