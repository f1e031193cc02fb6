"""How much of a quota of 100 calls a second is used, and how many calls are refused, at saturation.

This SDK beside `AsyncLimiter(100, 1)` in front of the same transport, as one would write it by hand.
"""

import asyncio
import time

import httpx
from aiolimiter import AsyncLimiter
from httpx_aiohttp import AiohttpTransport

from agora_chat_async import NO_RETRY, Session, errors
from benchmarks._judge import judge, most_in_any_window

CALLS, WORKERS = 100, 250


async def sdk(url: str, seconds: float) -> None:
    end = time.monotonic() + seconds

    async def work() -> None:
        while (left := end - time.monotonic()) > 0:
            try:
                await chat.with_options(max_wait=left).users.create("anna")
            except errors.QuotaWaitExceeded:
                return
            except errors.RateLimited:
                pass

    async with Session("org", "app", host=url, token="t", retry=NO_RETRY) as chat:
        await asyncio.gather(*(work() for _ in range(WORKERS)))


async def plain_limiter(url: str, seconds: float) -> None:
    limiter, end = AsyncLimiter(CALLS, 1), time.monotonic() + seconds

    async def work() -> None:
        while time.monotonic() < end:
            async with limiter:
                if time.monotonic() < end:
                    await client.post("/org/app/users", json={"username": "anna"})

    transport = AiohttpTransport(limits=httpx.Limits(max_connections=WORKERS))
    async with httpx.AsyncClient(base_url=url, transport=transport) as client:
        await asyncio.gather(*(work() for _ in range(WORKERS)))


def run(seconds: float) -> bool:
    print(f"\nQuota of {CALLS} a second, {WORKERS} callers, {seconds:g} s, strict sliding window at the server")
    print(f"{'':24}{'jitter':>8}{'admitted':>10}{'of quota':>10}{'refused':>9}{'most in 1 s':>13}{'first 100':>11}")
    fine = True
    for jitter in (0.0, 0.02, 0.1):
        for name, drive in (("agora_chat_async", sdk), ("AsyncLimiter(100, 1)", plain_limiter)):
            with judge(CALLS, 1.0, jitter) as server:
                asyncio.run(drive(server.url, seconds))
                times, refused = server.log()
            admitted = len(times) - refused
            share = admitted / (CALLS * seconds)
            first = times[CALLS - 1] - times[0]
            print(
                f"{name:24}{jitter * 1000:>5g} ms{admitted:>10}{share:>10.1%}{refused:>9}"
                f"{most_in_any_window(times, 1.0):>13}{first:>9.2f} s"
            )
            if drive is sdk and jitter <= 0.02:
                fine = fine and share >= 0.98 and refused == 0
    return fine
