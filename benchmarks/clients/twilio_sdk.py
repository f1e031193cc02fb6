"""twilio, on aiohttp."""

from contextlib import asynccontextmanager

from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client


@asynccontextmanager
async def calls(url, in_flight):
    async with AsyncTwilioHttpClient() as transport:
        client = Client("AC00000000000000000000000000000000", "t", http_client=transport)
        client.api.base_url = url
        yield {
            "users.create": lambda: client.messages.create_async(to="+15550000002", from_="+15550000001", body="Hello")
        }
