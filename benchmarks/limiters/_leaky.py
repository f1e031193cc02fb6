"""aiolimiter in front of the calls."""

from contextlib import asynccontextmanager

from _sending import client, create, send, sizes
from aiolimiter import AsyncLimiter


@asynccontextmanager
async def limited(url, second: AsyncLimiter, minute: AsyncLimiter, weighted: AsyncLimiter):
    cost = sizes()
    async with client(url) as http:

        async def one(limiter):
            async with limiter:
                await create(http)

        async def many():
            size = next(cost)
            await weighted.acquire(size)
            await send(http, size)

        yield {"second": lambda: one(second), "minute": lambda: one(minute), "weighted": many}
