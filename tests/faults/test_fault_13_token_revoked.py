"""Fault 13: the service takes back the token that a thousand calls are under way with."""

from __future__ import annotations

import asyncio
from collections import Counter

from starlette.types import Message, Receive, Scope, Send

from agora_chat_async import AppToken, CallableToken, Session
from agora_chat_async.emulator import Emulator, serve

CALLS = 1000


class Holding(Emulator):
    """Holds refusals of tokens back until all calls have met one, so that none of them begins with the new token."""

    refused = 0
    all_are_in: asyncio.Event

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def hold(message: Message) -> None:
            if message.get("status") == 401:
                self.refused += 1
                if self.refused == CALLS:
                    self.all_are_in.set()
                await self.all_are_in.wait()
            await send(message)

        await super().__call__(scope, receive, hold)


async def test_fault_13_one_refresh_serves_a_thousand_calls() -> None:
    """Each call is refused once and repeated once, as the emulator's log tells, and the token is fetched once more."""
    emulator, fetched = Holding(enforce_quotas=False), 0
    emulator.all_are_in = asyncio.Event()
    async with emulator, serve(emulator) as info:
        source = AppToken(info.app_id, info.certificate)

        async def token() -> str:
            nonlocal fetched
            fetched += 1
            return source.make()

        async with Session(
            info.org,
            info.app,
            host=info.url,
            token=CallableToken(token),
            quotas={"users.get": "100000/second"},
            max_in_flight=CALLS,
        ) as chat:
            await chat.users.create("anna")
            emulator.log.clear(0)
            await emulator.revoke_tokens()
            users = await asyncio.gather(*(chat.users.get("anna") for _ in range(CALLS)))
            assert {user.username for user in users} == {"anna"}
            assert chat.stats.retries == CALLS
    statuses = [entry["status"] for entry in emulator.log.requests(limit=10 * CALLS)]
    assert fetched == 2
    assert statuses[:CALLS] == [401] * CALLS
    assert Counter(statuses) == {401: CALLS, 200: CALLS}
