"""This SDK, one of several processes that share a quota through a store; where it is, the environment says."""

import os
import time
from contextlib import asynccontextmanager

from agora_chat_async import NO_RETRY, Session
from agora_chat_async.stores import RedisStore, SQLiteStore

_spent = {"messages": 0, "talking": 0.0}


def counted(kind):
    class Counted(kind):
        async def converse(self, news):
            begun = time.perf_counter()
            try:
                return await super().converse(news)
            finally:
                _spent["messages"] += 1
                _spent["talking"] += time.perf_counter() - begun

    return Counted


def facts():
    """Messages to the store, and the seconds that they took."""
    return _spent


@asynccontextmanager
async def calls(url, in_flight):
    place = os.environ["BENCH_STORE"]
    store = counted(RedisStore if "://" in place else SQLiteStore)(place)
    async with Session("org", "app", host=url, token="t", retry=NO_RETRY, store=store) as chat:
        yield {"second": lambda: chat.users.create("anna")}
