"""This SDK with many routes, each with a quota of 100 calls a second and callers enough to use it up."""

from contextlib import asynccontextmanager
from itertools import cycle

from agora_chat_async import NO_RETRY, Session
from agora_chat_async._endpoint import Group
from agora_chat_async._verbs import GET
from agora_chat_async.models.users import User
from agora_chat_async.quota import per_second


async def stub(self, username: str) -> User:
    """Fetch a user."""


def group(routes: int) -> type[Group]:
    declared = {
        f"get_{n}": GET(f"/r{n}/{{username}}", per_second(100), pick="entities.0", retry_safe=True)(stub)
        for n in range(routes)
    }
    return type(Group)("Routes", (Group,), declared, name="routes", page="none")


@asynccontextmanager
async def calls(url, in_flight):
    async with Session("org", "app", host=url, token="t", retry=NO_RETRY, max_in_flight=512) as chat:

        def calling(routes: int):
            made = group(routes)(chat._calls)
            each = cycle([getattr(made, f"get_{n}") for n in range(routes)])
            return lambda: next(each)("anna")

        yield {str(routes): calling(routes) for routes in (1, 8, 16, 24, 32, 48, 64)}
