"""Fault 17: a call is cancelled while it waits for a token or an address that others wait for too."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from raw_server import RawRequest, answer, raw_server

from agora_chat_async import AppToken, CallableToken, ExchangedToken, Session
from agora_chat_async.models.users import User

APP_ID, CERTIFICATE = "970CA35de60c44645bbae8a215061b33", "5CFd2fd1755d40ecb72977518be15d3b"
CALLS, STAYING = 40, 10


async def all_but_some_cancelled(chat: Session, ready: Callable[[], Awaitable[object]]) -> list[User]:
    """Begin calls, cancel most of them when it is time, the first one included, and return what the others get."""
    calls = [asyncio.ensure_future(chat.users.get("anna")) for _ in range(CALLS)]
    await ready()
    leaving = [calls[0], *random.Random(17).sample(calls[1:], CALLS - STAYING - 1)]  # noqa: S311 - the same each time
    for call in leaving:
        call.cancel()
    users = await asyncio.gather(*(call for call in calls if call not in leaving))
    assert all(call.cancelled() for call in leaving)
    return users


async def test_fault_17_a_token_that_one_gave_up_comes_to_the_others() -> None:
    """The fetch goes on, and there is one for all."""
    asked, given, fetched = asyncio.Event(), asyncio.Event(), 0

    async def token() -> str:
        nonlocal fetched
        fetched += 1
        asked.set()
        asyncio.get_running_loop().call_later(0.05, given.set)
        await given.wait()
        return "t"

    async with raw_server() as server, Session("org", "app", host=server.url, token=CallableToken(token)) as chat:
        users = await all_but_some_cancelled(chat, asked.wait)
        assert len(users) == len(server.requests) == chat.quotas.snapshot()["GET /users/{}"].used == STAYING
        assert fetched == 1


async def test_fault_17_an_exchange_that_one_gave_up_goes_on() -> None:
    """The same where the token is itself asked for at the service."""
    asked, answered = asyncio.Event(), asyncio.Event()

    async def respond(request: RawRequest) -> bytes:
        if not request.target.endswith("/token"):
            return answer()
        asked.set()
        asyncio.get_running_loop().call_later(0.05, answered.set)
        await answered.wait()
        return answer(body=b'{"access_token":"YWMt-of-the-platform","expire_timestamp":99999999999999}')

    source = ExchangedToken(AppToken(APP_ID, CERTIFICATE))
    async with raw_server(respond) as server, Session("org", "app", host=server.url, token=source) as chat:
        assert len(await all_but_some_cancelled(chat, asked.wait)) == STAYING
        assert server.targets.count("POST /org/app/token") == 1
        assert len(server.requests) == 1 + STAYING


async def test_fault_17_an_address_that_one_gave_up_comes_to_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lookup that hangs holds nobody who leaves, and those who stay are served when it ends."""
    looked_up, found = threading.Event(), threading.Event()
    genuine = socket.getaddrinfo

    def slow(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host == "localhost":
            looked_up.set()
            found.wait(10)
            host = "127.0.0.1"
        return genuine(host, *args, **kwargs)

    async def ready() -> None:
        await asyncio.to_thread(looked_up.wait, 10)
        asyncio.get_running_loop().call_later(0.05, found.set)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    async with raw_server() as server, Session("org", "app", host=f"http://localhost:{server.port}", token="t") as chat:
        users = await all_but_some_cancelled(chat, ready)
        assert looked_up.is_set()
        assert len(users) == len(server.requests) == chat.quotas.snapshot()["GET /users/{}"].used == STAYING
