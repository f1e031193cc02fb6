"""Registers two users, sends a message and reads the users back, all against an emulator inside this process.

Needs `pip install 'agora-chat-async[emulator]'`, and neither an account nor a network.
"""

from __future__ import annotations

import asyncio

import httpx

from agora_chat_async import AppToken, Session, Text
from agora_chat_async.emulator import DEMO_APP, DEMO_APP_ID, DEMO_CERTIFICATE, DEMO_ORG, Emulator


async def main() -> None:
    """Use the session as a program would; only host and transport are the emulator's."""
    token = AppToken(DEMO_APP_ID, DEMO_CERTIFICATE)
    async with (
        Emulator() as emulator,
        Session(
            DEMO_ORG, DEMO_APP, host="http://localhost", token=token, transport=httpx.ASGITransport(emulator)
        ) as chat,
    ):
        anna = await chat.users.create("anna", nickname="Anna")
        await chat.users.create("bert")
        print(f"{anna.username} was registered at {anna.created_at:%H:%M:%S}")

        ids = await chat.messages.send_to_users(["bert"], Text("Hello, Bert"), sender="anna")
        print(f"the message has the id {ids['bert']}")
        print(f"{await chat.users.count_offline_messages('bert')} message waits for bert")

        async for user in chat.users.list():
            print(user.username, user.nickname)


if __name__ == "__main__":
    asyncio.run(main())
