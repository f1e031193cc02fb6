"""aiolimiter as its documentation has it: the quota's own numbers."""

from contextlib import asynccontextmanager

from _leaky import limited
from aiolimiter import AsyncLimiter


@asynccontextmanager
async def calls(url, in_flight):
    async with limited(url, AsyncLimiter(100, 1), AsyncLimiter(600, 60), AsyncLimiter(6000, 60)) as made:
        yield made
