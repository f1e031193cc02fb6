"""The calls that are limited, by hand over the transport that this SDK uses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle

import httpx
from httpx_aiohttp import AiohttpTransport

COSTS = (1, 60, 5, 100, 20)
RECEIVERS = [f"user-{n}" for n in range(max(COSTS))]


class Refused(Exception):
    """429."""


@asynccontextmanager
async def client(url: str, transport: httpx.AsyncBaseTransport | None = None) -> AsyncIterator[httpx.AsyncClient]:
    made = transport or pool()
    async with httpx.AsyncClient(
        base_url=f"{url}/org/app", headers={"Authorization": "Bearer t"}, transport=made
    ) as it:
        yield it


def pool() -> AiohttpTransport:
    return AiohttpTransport(limits=httpx.Limits(max_connections=256))


async def create(http: httpx.AsyncClient) -> None:
    _check(await http.post("/users", json={"username": "anna"}))


async def send(http: httpx.AsyncClient, receivers: int) -> None:
    message = {"from": "admin", "to": RECEIVERS[:receivers], "type": "txt", "body": {"msg": "Hello"}}
    _check(await http.post("/messages/users", json=message))


def sizes() -> cycle:
    return cycle(COSTS)


def _check(answer: httpx.Response) -> None:
    if answer.status_code == 429:
        raise Refused
