"""Answers of the group `callbacks`."""

from __future__ import annotations

from typing import Any, Final

from agora_chat_async.api.callbacks import Callbacks
from agora_chat_async.emulator._call import APP, Answers, Call
from agora_chat_async.emulator._errors import forbidden

answers = Answers()

_PLANS_WITHOUT: Final = ("free", "starter")
_PATH: Final = "/callbacks"


@answers(Callbacks.list_stored)
def list_stored(call: Call) -> dict[str, Any]:
    """What is stored, by ten minutes; the answer calls itself a POST, as the service's does."""
    _refuse_plan(call)
    call.query()
    return _answer(call, call.state.callbacks.batches())


@answers(Callbacks.resend_stored)
def resend_stored(call: Call) -> dict[str, Any]:
    """Send one batch again."""
    _refuse_plan(call)
    fields = call.fields()
    date = fields.text("date")
    fields.whole("retry")
    fields.optional_text("targetUrl", least=1)
    fields.end()
    call.state.callbacks.resend(date)
    return _answer(call, "success")


def _refuse_plan(call: Call) -> None:
    if call.settings.plan in _PLANS_WITHOUT:
        raise forbidden(f"callbacks are not open in the plan {call.settings.plan}")


def _answer(call: Call, data: Any) -> dict[str, Any]:
    return call.envelope(*APP, "uri", action="post", path=_PATH, entities=[], data=data)
