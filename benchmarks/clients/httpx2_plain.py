"""httpx2 by hand, with its own transport."""

from contextlib import asynccontextmanager

import httpx2
from _by_hand import BASE, HEADERS, by_hand


@asynccontextmanager
async def calls(url, in_flight):
    async with httpx2.AsyncClient(base_url=f"{url}{BASE}", headers=HEADERS, timeout=None) as client:
        yield by_hand(client)
