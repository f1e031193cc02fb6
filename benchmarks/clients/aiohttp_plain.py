"""aiohttp by hand."""

from contextlib import asynccontextmanager

import aiohttp
from _by_hand import BASE, HEADERS, MESSAGE, NEW


@asynccontextmanager
async def calls(url, in_flight):
    connector = aiohttp.TCPConnector(limit=in_flight)
    async with aiohttp.ClientSession(url, headers=HEADERS, connector=connector) as client:

        async def create():
            async with client.post(f"{BASE}/users", json=NEW) as answer:
                return await answer.json()

        async def get():
            async with client.get(f"{BASE}/users/anna") as answer:
                return await answer.json()

        async def listing():
            async with client.get(f"{BASE}/users", params={"limit": "100"}) as answer:
                return await answer.json()

        async def send():
            async with client.post(f"{BASE}/messages/users", json=MESSAGE) as answer:
                return await answer.json()

        yield {"users.create": create, "users.get": get, "users.list": listing, "messages.send_to_users": send}
