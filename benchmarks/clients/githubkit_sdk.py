"""githubkit, on httpx; typed answers."""

from contextlib import asynccontextmanager

from githubkit import GitHub


@asynccontextmanager
async def calls(url, in_flight):
    async with GitHub("t", base_url=f"{url}/", http_cache=False, auto_retry=False, timeout=60.0) as github:

        async def create():
            return (await github.rest.issues.async_create_label("o", "r", name="bug", color="f29513")).parsed_data

        yield {"users.create": create}
