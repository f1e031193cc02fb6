"""This SDK, with the quotas that it is measured on."""

from contextlib import asynccontextmanager
from itertools import cycle

from agora_chat_async import NO_RETRY, Session, Text

COSTS = (1, 60, 5, 100, 20)
FAST = "1000000/second"


def session(url, **options):
    return Session("org", "app", host=url, token="t", retry=NO_RETRY, **options)


@asynccontextmanager
async def calls(url, in_flight):
    sizes, hello = cycle(COSTS), Text("Hello")
    receivers = [f"user-{n}" for n in range(max(COSTS))]
    async with (
        session(url) as second,
        session(url, quotas={"users.create": [FAST, "600/minute"]}) as minute,
        session(url, quotas={"messages.send_to_users": FAST}) as weighted,
    ):
        yield {
            "second": lambda: second.users.create("anna"),
            "minute": lambda: minute.users.create("anna"),
            "weighted": lambda: weighted.messages.send_to_users(receivers[: next(sizes)], hello, sender="admin"),
        }
