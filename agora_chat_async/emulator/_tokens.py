"""Answer of POST /token: an AccessToken2 is exchanged for a token that the service itself made."""

from __future__ import annotations

from typing import Any, Final

from agora_chat_async.emulator._call import Answers, Call
from agora_chat_async.emulator._errors import Refusal
from agora_chat_async.emulator._routes import Operation
from agora_chat_async.quota import per_second

EXCHANGE: Final = Operation(
    id="token.exchange",
    method="POST",
    path="/token",
    route="POST /token",
    rates=(per_second(300),),
    has_body=True,
    needs_content_type=False,
    open_to_users=True,
)

answers = Answers()


@answers.operation(EXCHANGE.id)
def exchange(call: Call) -> dict[str, Any]:
    """Give out a token that ends when the one that it was exchanged for does."""
    fields = call.fields()
    kind = fields.text("grant_type")
    if kind != "agora":
        raise Refusal(400, "invalid_grant", f"the grant_type {kind} is not open; the emulator takes agora")
    fields.end()
    issued = call.state.tokens.issue(call.identity.user, int(call.identity.expires_at * 1000))
    call.after.append(lambda: call.gatekeeper.learn([issued]))
    return {"access_token": issued.token, "expire_timestamp": issued.expires}
