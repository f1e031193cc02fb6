"""aiolimiter, made safe: a burst of 5% of the quota at once and 95% of it in the window."""

from contextlib import asynccontextmanager

from _leaky import limited
from aiolimiter import AsyncLimiter


def smooth(calls: int, period: float) -> AsyncLimiter:
    burst = calls / 20
    return AsyncLimiter(burst, period * burst / (calls - burst))


@asynccontextmanager
async def calls(url, in_flight):
    async with limited(url, smooth(100, 1), smooth(600, 60), smooth(6000, 60)) as made:
        yield made
