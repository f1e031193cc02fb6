"""openai, on its aiohttp client."""

from contextlib import asynccontextmanager

from openai import AsyncOpenAI, DefaultAioHttpClient

QUESTION = [{"role": "user", "content": "Hello"}]


@asynccontextmanager
async def calls(url, in_flight):
    async with AsyncOpenAI(api_key="t", base_url=url, max_retries=0, http_client=DefaultAioHttpClient()) as client:
        yield {"users.create": lambda: client.chat.completions.create(model="m", messages=QUESTION)}
