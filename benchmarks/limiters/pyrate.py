"""pyrate-limiter, with its exact log of calls in memory."""

from contextlib import asynccontextmanager

from _sending import client, create, send, sizes
from pyrate_limiter import BucketAsyncWrapper, Duration, InMemoryBucket, Limiter, Rate


def limiter(calls: int, period: Duration) -> Limiter:
    return Limiter(BucketAsyncWrapper(InMemoryBucket([Rate(calls, period)])))


@asynccontextmanager
async def calls(url, in_flight):
    second, minute = limiter(100, Duration.SECOND), limiter(600, Duration.MINUTE)
    weighted, cost = limiter(6000, Duration.MINUTE), sizes()
    async with client(url) as http:

        async def one(limit):
            await limit.try_acquire_async("route")
            await create(http)

        async def many():
            size = next(cost)
            await weighted.try_acquire_async("route", weight=size)
            await send(http, size)

        yield {"second": lambda: one(second), "minute": lambda: one(minute), "weighted": many}
