"""slack_sdk, on aiohttp with a session that is kept."""

from contextlib import asynccontextmanager

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient


@asynccontextmanager
async def calls(url, in_flight):
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=in_flight)) as session:
        client = AsyncWebClient("t", base_url=f"{url}/api/", session=session)
        yield {"users.create": lambda: client.chat_postMessage(channel="C1", text="Hello")}
