"""Sends a message to every user of the app, 600 receivers a call, and counts who got one.

Needs AGORA_CHAT_ORG, AGORA_CHAT_APP, AGORA_CHAT_HOST, AGORA_APP_ID and AGORA_APP_CERTIFICATE.
Run it as `python examples/send_to_many.py "The shop opens at nine"`.
"""

from __future__ import annotations

import asyncio
import sys

from agora_chat_async import AgoraChatError, Session, Text

RECEIVERS_A_CALL = 600
RECEIVERS_A_MINUTE = 6000


async def send(chat: Session, receivers: list[str], text: str) -> int:
    """Send to up to 600 users and return how many messages were made; a failure costs these receivers only."""
    try:
        count = len(await chat.messages.send_to_users(receivers, Text(text), sender="admin"))
    except AgoraChatError as error:
        print(f"{receivers[0]} and {len(receivers) - 1} more: {error}", flush=True)
        return 0
    print(f"{receivers[0]} and {len(receivers) - 1} more: sent", flush=True)
    return count


async def main(text: str) -> int:
    """Read the users page by page and send as they come; the session waits where the quota says so."""
    calls: list[asyncio.Task[int]] = []
    users = 0
    async with Session.from_env() as chat, asyncio.TaskGroup() as group:
        receivers: list[str] = []
        async for user in chat.users.list():
            users += 1
            receivers.append(user.username)
            if len(receivers) == RECEIVERS_A_CALL:
                calls.append(group.create_task(send(chat, receivers, text)))
                receivers = []
        if receivers:
            calls.append(group.create_task(send(chat, receivers, text)))
        minutes = max(users - 1, 0) // RECEIVERS_A_MINUTE
        print(f"{users} users in {len(calls)} calls, which takes {minutes} min by the quota", flush=True)
    sent = sum(call.result() for call in calls)
    print(f"{sent} messages")
    return sent


if __name__ == "__main__":
    match sys.argv:
        case [_, message]:
            asyncio.run(main(message))
        case _:
            sys.exit('usage: python examples/send_to_many.py "TEXT"')
