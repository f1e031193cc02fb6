"""No limiter: refused calls are made again after a pause that doubles, with full jitter."""

import asyncio
import random
from contextlib import asynccontextmanager

from _sending import Refused, client, create, send, sizes


async def patiently(call):
    ceiling = 1.0
    while True:
        try:
            return await call()
        except Refused:
            await asyncio.sleep(random.uniform(0, ceiling))
            ceiling = min(2 * ceiling, 20.0)


@asynccontextmanager
async def calls(url, in_flight):
    cost = sizes()
    async with client(url) as http:

        def many():
            size = next(cost)
            return patiently(lambda: send(http, size))

        yield {
            "second": lambda: patiently(lambda: create(http)),
            "minute": lambda: patiently(lambda: create(http)),
            "weighted": many,
        }
