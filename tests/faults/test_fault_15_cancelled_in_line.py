"""Fault 15: calls are cancelled while they wait for their quota."""

from __future__ import annotations

import asyncio
import random

import httpx
from virtual_clock import run

from agora_chat_async import Session

CALLS, QUOTA = 10_000, 100


def test_fault_15_ten_thousand_cancelled_in_line_cost_nothing() -> None:
    """What they would have had is the others' at once: a window's worth of calls is answered within that window."""
    draw = random.Random(15)  # noqa: S311 - the same in each run

    async def scenario() -> tuple[list[float], int]:
        loop, sent = asyncio.get_running_loop(), list[float]()

        def respond(_: httpx.Request) -> httpx.Response:
            sent.append(loop.time())
            return httpx.Response(200, json={"entities": [{"username": "anna"}]})

        quotas = {"users.get": f"{QUOTA}/second"}
        transport = httpx.MockTransport(respond)
        async with Session("org", "app", host="host", token="t", quotas=quotas, transport=transport) as chat:
            await asyncio.gather(*(chat.users.get("anna") for _ in range(QUOTA)))
            first = loop.time()
            calls = [asyncio.ensure_future(chat.users.get("anna")) for _ in range(CALLS + QUOTA)]
            await asyncio.sleep(0.5)
            staying = {*draw.sample(range(CALLS + QUOTA), QUOTA)}
            leaving = [call for number, call in enumerate(calls) if number not in staying]
            draw.shuffle(leaving)
            for number, call in enumerate(leaving):
                call.cancel()
                if number % 1000 == 0:
                    await asyncio.sleep(0.01)
            results = await asyncio.gather(*calls, return_exceptions=True)
            assert sum(isinstance(result, asyncio.CancelledError) for result in results) == CALLS
            bucket = chat.quotas.snapshot()["GET /users/{}"]
            assert (bucket.waiting, bucket.used) == (0, QUOTA)
            assert chat._calls.quotas._in_flight.borrowed_tokens == 0
        return [at - first for at in sent[QUOTA:]], len(sent)

    sent, total = run(scenario())
    assert total == 2 * QUOTA
    assert 1 <= sent[0] <= sent[-1] <= 1.1
