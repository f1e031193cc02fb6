"""stream-chat, on aiohttp; answers are dicts."""

from contextlib import asynccontextmanager

from stream_chat import StreamChatAsync


@asynccontextmanager
async def calls(url, in_flight):
    async with StreamChatAsync("key", "secret", base_url=url) as client:
        yield {"users.create": lambda: client.upsert_user({"id": "anna", "name": "Anna"})}
