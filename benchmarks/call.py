"""CPU time of one call, beside the same call written by hand on the same transport."""

import asyncio
import resource
import statistics
from collections.abc import Awaitable, Callable

import httpx
from httpx_aiohttp import AiohttpTransport

from agora_chat_async import Session
from benchmarks._judge import judge

CALLS, REPEATS = 3000, 5


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def drive(call: Callable[[], Awaitable[object]], in_flight: int, calls: int) -> float:
    """Return microseconds of CPU a call."""
    left = iter(range(calls))

    async def work() -> None:
        for _ in left:
            await call()

    begun = cpu()
    await asyncio.gather(*(work() for _ in range(in_flight)))
    return (cpu() - begun) / calls * 1e6


async def compare(url: str) -> bool:
    limits = httpx.Limits(max_connections=1000)
    fine = True
    async with (
        Session(
            "org", "app", host=url, token="t", quotas={"users.create": "1000000/second"}, max_in_flight=1000
        ) as chat,
        httpx.AsyncClient(
            base_url=f"{url}/org/app", headers={"Authorization": "Bearer t"}, transport=AiohttpTransport(limits=limits)
        ) as client,
    ):

        async def ours() -> object:
            return await chat.users.create("anna", password="secret")

        async def by_hand() -> object:
            return (await client.post("/users", json={"username": "anna", "password": "secret"})).json()

        print(f"\nusers.create, CPU a call in microseconds, medians of {REPEATS} interleaved repeats of {CALLS} calls")
        print(f"{'in flight':>10}{'agora_chat_async':>18}{'by hand':>10}{'ratio':>8}")
        for in_flight in (1, 32, 256, 1000):
            for call in (ours, by_hand):
                await drive(call, in_flight, 2 * in_flight)
            figures = [
                (await drive(ours, in_flight, CALLS), await drive(by_hand, in_flight, CALLS)) for _ in range(REPEATS)
            ]
            mine, theirs = (statistics.median(column) for column in zip(*figures, strict=True))
            print(f"{in_flight:>10}{mine:>18.0f}{theirs:>10.0f}{mine / theirs:>8.2f}")
            fine = fine and (in_flight not in {32, 1000} or mine / theirs <= 0.9)
    return fine


def run(_: float) -> bool:
    with judge() as server:
        return asyncio.run(compare(server.url))
