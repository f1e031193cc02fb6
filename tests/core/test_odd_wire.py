"""Answers that are no proper HTTP, and connections that say something unasked."""

from __future__ import annotations

import asyncio
import gc
import gzip
import itertools
import threading
from collections.abc import Callable
from contextlib import suppress

import httpx
import pytest
from raw_server import CUT, USER, Line, RawRequest, Reply, always, answer, raw_server

from agora_chat_async import NO_RETRY, CallableToken, RetryPolicy, Session, errors
from agora_chat_async._http.resolver import Resolver

TOKEN = "opaque-token-of-the-app"
QUICK = RetryPolicy(attempts=2, pause=0.001)


def session(host: str) -> Session:
    return Session("org", "app", host=host, token=TOKEN, retry=QUICK, attempt_timeout=5)


async def test_what_comes_unasked_is_no_answer_to_the_next_call() -> None:
    """An answer more than was asked for, which comes a little later, is thrown away with its connection."""
    idle = asyncio.Event()

    async def respond(request: RawRequest) -> Reply:
        if not request.target.endswith("/anna"):
            return answer()

        async def twice(line: Line) -> None:
            await line.send(answer())
            await idle.wait()
            await line.send(answer(200, USER.replace(b"anna", b"mallory")))
            await asyncio.sleep(0.05)

        return twice

    async with raw_server(respond) as server, session(server.url) as chat:
        for _ in range(3):
            idle.clear()
            assert (await chat.users.get("anna")).username == "anna"
            idle.set()
            await asyncio.sleep(0.02)
            assert (await chat.users.get("bert")).username == "anna"
        assert len(server.requests) == 6


async def test_a_connection_that_was_closed_is_not_written_to() -> None:
    """Where the end has come but was not looked at yet, another connection is taken, and nothing is in doubt."""

    async def once(line: Line) -> None:
        await line.send(answer())

    async with raw_server(always(once)) as server, session(server.url) as chat:
        for _ in range(20):
            await chat.users.create("anna")
        assert len(server.requests) == 20


@pytest.mark.parametrize(
    ("odd", "name"),
    [
        (answer().replace(b"200 X", b"200 \xff\xfe"), "anna"),
        (b"HTTP/1.1 103 Hints\r\n\r\n" + answer(), "anna"),
        (answer(200, gzip.compress(USER[:30]) + gzip.compress(USER[30:]), "Content-Encoding: gzip"), "anna"),
        (answer(200, gzip.compress(USER) + b"what?", "Content-Encoding: gzip"), None),
        (answer(200, USER, "Content-Length: 7"), None),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", None),
        (answer(99, b""), None),
    ],
    ids=["phrase", "hints", "members", "behind gzip", "two lengths", "upgrade", "status"],
)
async def test_odd_answers_are_read_or_in_doubt(odd: bytes, name: str | None) -> None:
    """What can be read is; after anything else nobody knows, the call was sent once, and the next one is well."""
    async with raw_server(always(odd)) as server, session(server.url) as chat:
        if name is None:
            with pytest.raises(errors.AgoraChatError) as caught:
                await chat.users.create("anna")
            assert caught.value.outcome_unknown
        else:
            assert (await chat.users.create("anna")).username == name
        assert len(server.requests) == 1
        server.respond = always(answer())
        await chat.users.get("anna")


async def test_the_status_of_an_endless_error_page_counts() -> None:
    """A page of a gateway that is too large to be read does not hide what the gateway says."""
    async with raw_server(always(answer(502, b"x" * 3000))) as server:
        async with Session("org", "app", host=server.url, token=TOKEN, retry=QUICK, max_body=2000) as chat:
            with pytest.raises(errors.BadGateway):
                await chat.users.get("anna")
        assert len(server.requests) == 2


Echo = Callable[[bytes], bytes]


@pytest.mark.parametrize(
    "echo",
    [
        lambda token: b"HTTP/1.1 200OK " + token + b"\r\n\r\n",
        lambda token: b"HTTP/1.1 200 OK\r\n" + token + b" x: y\r\nContent-Length: 0\r\n\r\n",
        lambda token: b"HTTP/1.1 200 OK\r\nX: " + token,
        lambda token: answer(200, b"", "Content-Encoding: " + token.decode()),
        lambda token: answer(200, b'{"entities":"' + token, content_type=token.decode()),
        lambda token: answer(200, b'{"entities":["' + token + b'"]}'),
        lambda token: answer(404, b"", "X-Request-Id: " + token.decode()),
    ],
    ids=["status", "header", "cut", "encoding", "json", "shape", "id"],
)
async def test_a_token_that_comes_back_in_odd_places_is_hidden(echo: Echo) -> None:
    """Neither the error nor what is behind it says the token, whatever the server does with it."""

    async def once(line: Line) -> None:
        await line.send(echo(TOKEN.encode()))

    async with raw_server(always(once)) as server, session(server.url) as chat:
        with pytest.raises(errors.AgoraChatError) as caught:
            await chat.users.get("anna")
    error: BaseException | None = caught.value
    while error is not None:
        assert TOKEN not in f"{error} {error!r} {vars(error)}"
        error = error.__cause__ or error.__context__


async def test_a_lookup_for_which_there_is_no_thread_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an error of that lookup, and the name can be looked up later."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(OSError, match="new thread"):
            await Resolver().resolve("localhost")
    assert await Resolver().resolve("localhost")


@pytest.mark.parametrize(
    "reply", [answer(404, b""), answer(200, b"{"), answer()[:-9] + CUT], ids=["404", "json", "cut"]
)
async def test_a_failed_call_leaves_no_cycle(reply: bytes) -> None:
    """An error goes with its last user, so that many of them do not fill the memory."""
    async with raw_server(always(reply)) as server, session(server.url) as chat:
        gc.collect()
        older = [one for one in gc.get_objects() if isinstance(one, errors.AgoraChatError)]  # of other tests
        gc.disable()
        try:
            for _ in range(3):
                with suppress(errors.AgoraChatError):
                    await chat.users.create("anna")
            left = [one for one in gc.get_objects() if isinstance(one, errors.AgoraChatError)]
            assert [one for one in left if not any(one is other for other in older)] == []
        finally:
            gc.enable()


async def test_without_repeats_a_refused_token_is_renewed_for_the_next_call_only() -> None:
    """`NO_RETRY` sends every call once."""
    numbers = itertools.count()

    async def fetch() -> str:
        return f"token-{next(numbers)}"

    async def respond(request: RawRequest) -> Reply:
        return answer() if request.header("authorization") == "Bearer token-1" else answer(401, b"")

    def once(host: str) -> Session:
        return Session("org", "app", host=host, token=CallableToken(fetch), retry=NO_RETRY)

    async with raw_server(respond) as server, once(server.url) as chat:
        with pytest.raises(errors.Unauthorized):
            await chat.users.get("anna")
        assert len(server.requests) == 1
        assert (await chat.users.get("anna")).username == "anna"


async def test_a_body_that_cannot_be_written_costs_no_quota() -> None:
    """Also where the transport does not tell when it sends."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=USER))
    async with Session("org", "app", host="host", token=TOKEN, transport=transport) as chat:
        with pytest.raises(errors.InvalidArgument):
            await chat.request("POST", "/users", json={"username": object()})
        assert [state.used for state in chat.quotas.snapshot().values()] == [0]
