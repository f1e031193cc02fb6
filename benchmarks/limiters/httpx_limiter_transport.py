"""httpx-limiter, with its engine aiolimiter; it knows no calls that count as several."""

from contextlib import asynccontextmanager

from _sending import client, create, pool
from httpx_limiter import AsyncRateLimitedTransport, Rate
from httpx_limiter.aiolimiter import AiolimiterAsyncLimiter


def transport(rate: Rate) -> AsyncRateLimitedTransport:
    return AsyncRateLimitedTransport(limiter=AiolimiterAsyncLimiter.create(rate), transport=pool())


@asynccontextmanager
async def calls(url, in_flight):
    second, minute = transport(Rate.create(magnitude=100)), transport(Rate.create(magnitude=600, duration=60))
    async with client(url, second) as every_second, client(url, minute) as every_minute:
        yield {"second": lambda: create(every_second), "minute": lambda: create(every_minute)}
