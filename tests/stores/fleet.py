"""A fleet of processes in one event loop of virtual time, on stores whose clock is that loop's."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Self

from redis import Redis

from agora_chat_async._member import Member
from agora_chat_async._shared import SharedBucket
from agora_chat_async.quota import Rate
from agora_chat_async.stores import SQLiteStore
from agora_chat_async.stores._protocol import News, Reply
from agora_chat_async.stores._redis import SCRIPT, read_reply, written


def virtual_now() -> int:
    """The loop's time, as a store tells it: of another origin."""
    return 1_000_000_000 + round(asyncio.get_running_loop().time() * 1_000_000)


class InlineSQLite(SQLiteStore):
    """Works in the loop's own thread, since virtual time does not wait for another."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, clock=virtual_now)
        self.down = False

    async def open(self, app: str) -> None:
        self._app = app

    async def converse(self, news: News) -> Reply:
        if self.down:
            raise ConnectionError("down")
        return self.note(news)

    async def aclose(self) -> None:
        self._close()


class InlineRedis:
    """Runs the script on a real Redis, blocking, and tells it the time."""

    timeout = 0.2

    def __init__(self, client: Redis) -> None:
        self._script = client.register_script(SCRIPT)
        self._key = ""
        self.down = False

    async def open(self, app: str) -> None:
        self._key = f"{{agora:{app}}}"

    async def converse(self, news: News) -> Reply:
        if self.down:
            raise ConnectionError("down")
        raw: Any = self._script(keys=[self._key], args=[written(news), virtual_now()])
        return read_reply(raw)

    async def aclose(self) -> None:
        pass


class Process:
    """One of the fleet, with one bucket."""

    def __init__(self, store: Any, rate: Rate, margin: float) -> None:
        self.store = store
        self.member = Member(store, "org#app", on_failure="share", workers=1)
        self.bucket = SharedBucket("b", rate, margin, self.member)

    async def start(self) -> None:
        await self.member.start()

    async def stop(self) -> None:
        await self.member.stop()

    async def die(self) -> None:
        """Say nothing any more, and not even that."""
        self.store.down = True
        task = self.member._task
        assert task is not None
        task.cancel()
        await asyncio.wait({task})
        await self.store.aclose()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
