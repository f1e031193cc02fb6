"""Faults 8, 9, 22, 23 and 28 to 30: answers of others than the service, too large or too early; trapped names."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote

import orjson
import pytest
from faults.fault_server import (
    CAPTIVE_PORTAL,
    EMPTY_200,
    HTML_502,
    HTML_504,
    chunked,
    gzip_bomb,
    gzipped,
    redirect,
    without_length,
)
from faults.transports import SessionMaker, over_aiohttp
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_server import USER, always, answer, in_turn, raw_server

from agora_chat_async import StaticToken, Upload, errors

LONG_PAGE = answer(502, b"<html><h1>Bad gateway</h1>" + b"x" * 9000, content_type="text/html")


@pytest.mark.parametrize("page", [HTML_502, HTML_504, LONG_PAGE], ids=["502", "504", "long"])
async def test_fault_08_a_gateways_page_of_html(session: SessionMaker, page: bytes) -> None:
    """The status counts and not the page; the call is repeated where that is safe, and else in doubt."""
    async with raw_server(in_turn(page, page, answer())) as server, session(server.url) as chat:
        assert (await chat.users.get("anna")).username == "anna"
        assert len(server.requests) == 3
        server.respond = always(page)
        with pytest.raises(errors.ServerError) as caught:
            await chat.users.create("anna")
        assert len(server.requests) == 4
    assert type(caught.value) in {errors.BadGateway, errors.GatewayTimeout}
    assert caught.value.outcome_unknown
    assert caught.value.body.startswith(b"<html>")
    assert len(caught.value.body) <= 2048


@pytest.mark.parametrize(
    ("page", "content_type"),
    [(EMPTY_200, "application/json"), (CAPTIVE_PORTAL, "text/html"), (chunked(b""), "application/json")],
    ids=["empty", "sign-in", "no-chunks"],
)
async def test_fault_09_empty_or_a_sign_in_page(session: SessionMaker, page: bytes, content_type: str) -> None:
    """An answer of success that cannot be read is told with its type and its beginning, and not asked for again."""
    async with raw_server(always(page)) as server, session(server.url) as chat:
        with pytest.raises(errors.DecodeError) as caught:
            await chat.users.get("anna")
        assert len(server.requests) == 1
    assert (caught.value.status, caught.value.content_type) == (200, content_type)
    assert page.endswith(caught.value.body) or not caught.value.body


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_fault_22_redirect_to_another_host(session: SessionMaker, status: int) -> None:
    """It is not followed, and the other host gets nothing: no request, no token."""
    async with raw_server() as other, raw_server() as server, session(server.url) as chat:
        server.respond = always(redirect(f"{other.url}/org/app/users/anna", status))
        for call in (chat.users.get("anna"), chat.users.create("anna"), chat.request("GET", "/users/anna")):
            with pytest.raises(errors.APIError, match="not followed") as caught:
                await call
            assert caught.value.status == status
        assert len(server.requests) == 3
        assert other.connections == 0


async def test_fault_22_a_file_that_is_elsewhere(session: SessionMaker) -> None:
    """Nor is a download sent on."""
    async with raw_server() as other, raw_server() as server, session(server.url) as chat:
        server.respond = always(redirect(f"{other.url}/file"))
        with pytest.raises(errors.APIError, match="not followed"):
            await chat.files.download("f-1")
        assert other.connections == 0


def users(count: int) -> bytes:
    return orjson.dumps({"entities": [{"username": f"u{number}", "nickname": "x" * 60} for number in range(count)]})


async def test_fault_23_large_answers_are_read(session: SessionMaker) -> None:
    """10 MB of JSON are below the cap, however they come."""
    body = users(110_000)
    assert len(body) > 10_000_000
    async with raw_server(in_turn(answer(200, body), gzipped(body))) as server, session(server.url) as chat:
        for _ in range(2):
            assert len(await chat.users.list(limit=100)) == 110_000


@pytest.mark.parametrize(
    "reply", [answer, chunked, without_length, gzipped], ids=["length", "chunked", "no-length", "gzip"]
)
async def test_fault_23_answers_may_not_be_larger_than_the_session_takes(
    session: SessionMaker, reply: Callable[..., bytes]
) -> None:
    """The cap counts decoded bytes; one more is too many, and the next call goes on as if nothing had been."""
    fitting, one_more = USER + b" " * (1000 - len(USER)), USER + b" " * (1001 - len(USER))
    replies = in_turn(reply(body=fitting), reply(body=one_more), reply(body=fitting))
    async with raw_server(replies) as server, session(server.url, max_body=1000) as chat:
        await chat.users.get("anna")
        with pytest.raises(errors.ResponseTooLarge, match="1000 bytes"):
            await chat.users.get("anna")
        await chat.users.get("anna")
        assert len(server.requests) == 3


async def test_fault_23_a_gzip_bomb_is_not_inflated(session: SessionMaker) -> None:
    """200 MB in 0.2 MB: refused by the cap of 32 MB, within little more memory than that."""
    bomb = gzip_bomb()
    async with raw_server(always(bomb)) as server, session(server.url) as chat:
        tracemalloc.start()
        try:
            with pytest.raises(errors.ResponseTooLarge):
                await chat.users.get("anna")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert len(server.requests) == 1
    assert peak < 80_000_000


HOSTILE = st.sampled_from(
    ["", ".", "..", "a/b", "../x", "%2e%2e", "%2E", "a,b", "é", "x" * 65, "a\0b", "a\r\nb", "a?b=c", "a#b", "a\\b"]
)


@settings(max_examples=25)
@given(st.lists(st.text(max_size=70) | HOSTILE, min_size=1, max_size=12))
def test_fault_28_a_name_is_refused_or_is_one_segment(names: list[str]) -> None:
    """Whatever stands for a username, the server sees its route and no other, or nothing at all."""

    async def scenario() -> None:
        async with raw_server() as server, over_aiohttp(server.url) as chat:
            for name in names:
                seen = len(server.requests)
                try:
                    await chat.users.delete(name)
                except errors.InvalidArgument as error:
                    assert error.argument == "username"
                    assert len(server.requests) == seen
                else:
                    target = server.requests[seen].target
                    *prefix, last = target.split("/")
                    assert prefix == ["", "org", "app", "users"]
                    assert "?" not in target
                    assert last not in {"", ".", ".."}
                    assert unquote(last) == name

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("name", "segment"),
    [
        *[(refused, None) for refused in ("..", ".", "", "\0", "x" * 65)],
        *[("a/b", "a%2Fb"), ("%2e%2e", "%252e%252e"), ("é", "%C3%A9"), ("a b", "a%20b"), ("...", "...")],
    ],
)
async def test_fault_28_usernames_that_are_paths(session: SessionMaker, name: str, segment: str | None) -> None:
    """The bytes on the wire, on each transport."""
    async with raw_server() as server, session(server.url) as chat:
        if segment is None:
            with pytest.raises(errors.InvalidArgument, match="username="):
                await chat.users.delete(name)
            assert server.connections == 0
        else:
            await chat.users.delete(name)
            assert server.targets == [f"DELETE /org/app/users/{segment}"]


EVIL = ["a\r\nX-Evil: 1", "a\nb", "a\0b", "é", "\x7f"]


@pytest.mark.parametrize("evil", EVIL)
async def test_fault_29_headers_that_hold_more_than_a_value(session: SessionMaker, evil: str) -> None:
    """Refused by us, before anything is sent; what is a secret is not shown."""
    with pytest.raises(errors.InvalidArgument, match="user_agent="):
        session("https://a41.chat.agora.io", user_agent=evil)
    with pytest.raises(errors.InvalidArgument, match=r"\(hidden\)"):
        StaticToken(evil)
    async with raw_server() as server, session(server.url) as chat:
        with pytest.raises(errors.InvalidArgument, match=r"\(hidden\)"):
            await chat.files.download("f-1", share_secret=evil)
        assert server.connections == 0


@pytest.mark.parametrize("evil", ["a\r\nX-Evil: 1.png", "a\0.png", "a\n"])
async def test_fault_29_file_names(session: SessionMaker, evil: str) -> None:
    """A name stands in a header of its part of the form; quotes cannot end it."""
    async with raw_server() as server, session(server.url) as chat:
        with pytest.raises(errors.InvalidArgument, match="filename="):
            await chat.files.upload(Upload(b"x", filename=evil))
        assert server.connections == 0
        server.respond = always(answer(body=b'{"entities":[{"uuid":"u","type":"chatfile","share-secret":"s"}]}'))
        await chat.files.upload(Upload(b"x", filename='a"; name="evil.png'))
        assert b'filename="a%22; name=%22evil.png"' in server.requests[0].body


async def test_fault_29_raw_queries(session: SessionMaker) -> None:
    """What stands in a query is encoded, whatever it holds."""
    async with raw_server() as server, session(server.url) as chat:
        await chat.request("GET", "/users", query={"cursor": "a\r\nX: 1", "n": 1})
        query = server.requests[0].target.partition("?")[2]
        assert parse_qs(query) == {"cursor": ["a\r\nX: 1"], "n": ["1"]}
        assert b"\r\nX: 1" not in server.requests[0].head


TOO_LARGE = answer(413, b'{"error":"payload_too_large"}', "Connection: close")


async def many_chunks() -> Any:
    for _ in range(160):
        yield b"x" * 65536
        await asyncio.sleep(0)


@pytest.mark.parametrize("source", [b"x" * 10_000_000, many_chunks], ids=["bytes", "stream"])
async def test_fault_30_an_answer_before_the_upload_is_done(source: Any) -> None:
    """The server says 413 after 64 KB and closes: that is what the caller gets, not a broken pipe.

    On httpx's own transport the reset that follows wins over the answer.
    """
    async with raw_server(always(TOO_LARGE), body_limit=65536) as server, over_aiohttp(server.url) as chat:
        for _ in range(5):
            with pytest.raises(errors.PayloadTooLarge):
                await chat.files.upload(source() if callable(source) else source)
        assert len(server.requests) == 5
        assert not any(request.whole for request in server.requests)


async def test_fault_30_an_early_answer_to_json() -> None:
    """The same for a call with a long body."""
    async with raw_server(always(TOO_LARGE), body_limit=65536) as server, over_aiohttp(server.url) as chat:
        for _ in range(5):
            with pytest.raises(errors.PayloadTooLarge):
                await chat.request("POST", "/messages/users", json={"text": "x" * 8_000_000})
        assert len(server.requests) == 5
