"""What the emulator's tests share: a clock that stands still, and plain httpx clients on the ASGI app."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from attrs import define

from agora_chat_async._access_token import make_token
from agora_chat_async.emulator import DEMO_APP, DEMO_APP_ID, DEMO_CERTIFICATE, DEMO_ORG, Emulator

BASE = f"http://emulator/{DEMO_ORG}/{DEMO_APP}"


@define
class Clock:
    """Two clocks that move only when told to."""

    wall: float = 1_700_000_000.0
    ticks: float = 5_000.0

    def advance(self, seconds: float) -> None:
        self.wall += seconds
        self.ticks += seconds

    def token(self, *, user: str = "", expire: int = 86_400, age: int = 5, **other: Any) -> str:
        keys = {"app_id": DEMO_APP_ID, "certificate": DEMO_CERTIFICATE, **other}
        return make_token(
            keys.pop("app_id"),
            keys.pop("certificate"),
            issued_at=int(self.wall) - age,
            expire=expire,
            user_id=user,
            **keys,
        )


@pytest.fixture
def clock() -> Clock:
    return Clock()


Connect = Callable[..., httpx.AsyncClient]


@pytest.fixture
async def connect(clock: Clock) -> AsyncIterator[Connect]:
    """Make clients, each of an emulator with the settings given."""
    async with AsyncExitStack() as stack:
        made = list[Any]()

        def make(emulator: Emulator | None = None, **settings: Any) -> httpx.AsyncClient:
            if emulator is None:
                emulator = Emulator(now=lambda: clock.wall, monotonic=lambda: clock.ticks, **settings)
                made.append(emulator)
            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(emulator),
                base_url=BASE,
                headers={"Authorization": f"Bearer {clock.token()}"},
            )
            made.append(client)
            return client

        async def close() -> None:
            for one in reversed(made):
                await one.aclose()

        stack.push_async_callback(close)
        yield make


@pytest.fixture
def client(connect: Connect) -> httpx.AsyncClient:
    return connect()


@pytest.fixture
def refused() -> Callable[[httpx.Response], tuple[int, str]]:
    """Check the shape of an error answer, and return its status and name."""

    def read(response: httpx.Response) -> tuple[int, str]:
        body = response.json()
        assert body.keys() == {"error", "exception", "timestamp", "duration", "error_description"}
        assert body["error_description"]
        assert "retry-after" not in response.headers
        return response.status_code, body["error"]

    return read
