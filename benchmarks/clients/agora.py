"""This SDK."""

from contextlib import asynccontextmanager

from agora_chat_async import Session, Text

FREE = ("users.create", "users.get", "users.list")


@asynccontextmanager
async def calls(url, in_flight):
    quotas = dict.fromkeys(FREE, "1000000/second")
    quotas["messages.send_to_users"] = ["1000000/second", "60000000/minute of to"]
    async with Session("org", "app", host=url, token="t", quotas=quotas, max_in_flight=in_flight) as chat:
        hello, receivers = Text("Hello"), ["ben"]
        yield {
            "users.create": lambda: chat.users.create("anna", password="secret"),
            "users.get": lambda: chat.users.get("anna"),
            "users.list": lambda: chat.users.list(limit=100),
            "messages.send_to_users": lambda: chat.messages.send_to_users(receivers, hello, sender="admin"),
        }
