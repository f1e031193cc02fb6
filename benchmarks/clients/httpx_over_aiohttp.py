"""httpx by hand over the transport that this SDK uses."""

from contextlib import asynccontextmanager

import httpx
from _by_hand import BASE, HEADERS, by_hand
from httpx_aiohttp import AiohttpTransport


@asynccontextmanager
async def calls(url, in_flight):
    transport = AiohttpTransport(limits=httpx.Limits(max_connections=in_flight))
    async with httpx.AsyncClient(base_url=f"{url}{BASE}", headers=HEADERS, transport=transport, timeout=None) as client:
        yield by_hand(client)
