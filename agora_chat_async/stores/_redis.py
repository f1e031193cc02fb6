"""Quotas shared by a fleet of machines, in Redis."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import orjson

from agora_chat_async._checks import seconds
from agora_chat_async.errors import InvalidArgument
from agora_chat_async.stores._protocol import BucketReply, Grant, News, Reply

if TYPE_CHECKING:
    from redis.asyncio import Redis

SCRIPT: Final = files("agora_chat_async.stores").joinpath("ledger.lua").read_text("utf-8")


class RedisStore:
    """Shares quotas among all processes that use one Redis, by its clock; needs the extra `redis`.

    Everything is in one key an app, `{agora:<org>#<app>}`, so that it is on one node of a cluster.
    """

    def __init__(self, url: str, *, timeout: float = 0.2) -> None:
        """Make a store for one session; nothing is connected before the session is opened.

        Args:
            url: Such as `redis://:password@host:6379/0`, `rediss://...` for TLS, or `unix:///path`.
            timeout: Seconds after which a Redis that has not answered is done without.

        Raises:
            InvalidArgument: It is no such URL.
        """
        if urlsplit(url).scheme not in {"redis", "rediss", "unix"}:
            raise InvalidArgument("url", url, "a URL that begins with redis://, rediss:// or unix://", secret=True)
        self._url = url
        self.timeout: float = seconds("timeout", timeout)
        self._client: Redis | None = None
        self._key = ""
        self._script: Any = None

    def __repr__(self) -> str:
        parts = urlsplit(self._url)
        return f"RedisStore('{parts.scheme}://{parts.hostname or ''}{parts.path}')"

    async def open(self, app: str) -> None:
        """Make the client; it connects when it is first used."""
        try:
            from redis.asyncio import Redis  # noqa: PLC0415 - optional
            from redis.asyncio.retry import Retry  # noqa: PLC0415 - as above
            from redis.backoff import NoBackoff  # noqa: PLC0415 - as above
        except ImportError:
            raise InvalidArgument("store", self, "needs `pip install 'agora-chat-async[redis]'`") from None
        if self._client is not None:
            raise InvalidArgument("store", self, "a store that no other session uses")
        self._key = f"{{agora:{app}}}"
        client: Redis = Redis.from_url(  # pyright: ignore[reportUnknownMemberType] - its keywords have no types
            self._url, socket_timeout=self.timeout, socket_connect_timeout=self.timeout, retry=Retry(NoBackoff(), 0)
        )
        self._client, self._script = client, client.register_script(SCRIPT)

    async def converse(self, news: News) -> Reply:
        """Run the script, which is loaded again where Redis has forgotten it."""
        try:
            return read_reply(await self._script(keys=[self._key], args=[written(news)]))
        except BaseException:
            if self._client is not None:  # what is still on its way must not be taken for the next answer
                await self._client.connection_pool.disconnect()
            raise

    async def aclose(self) -> None:
        """Close the connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()


def written(news: News) -> bytes:
    """Write a message as the script reads it."""
    return orjson.dumps(news, default=_members)


def _members(value: Any) -> list[Any]:
    return [getattr(value, name) for name in value.__slots__ if name != "__weakref__"]


def read_reply(raw: Sequence[Any]) -> Reply:
    """Read what the script answers."""
    now, history, opens, workers, rank, buckets = raw
    return Reply(
        now,
        history.decode(),
        opens,
        workers,
        rank,
        [BucketReply([Grant(*grant) for grant in grants], *rest) for grants, *rest in buckets],
    )
