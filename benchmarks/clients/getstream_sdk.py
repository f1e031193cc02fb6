"""getstream, on httpx; typed answers."""

from contextlib import asynccontextmanager

from getstream import AsyncStream
from getstream.models import UserRequest


@asynccontextmanager
async def calls(url, in_flight):
    async with AsyncStream("key", "secret", base_url=f"{url}/", timeout=60.0) as client:
        yield {"users.create": lambda: client.upsert_users(UserRequest(id="anna", name="Anna"))}
