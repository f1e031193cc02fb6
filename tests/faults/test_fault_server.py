"""The tests' own instruments: the fault server and its proxy do what their names say."""

from __future__ import annotations

import asyncio

import pytest
from faults.fault_server import (
    FaultProxy,
    cut_after,
    drip,
    fault_proxy,
    half_close,
    refused,
    reset,
    silence,
)
from raw_server import USER, Line, always, answer, raw_server

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"


async def connect(port: int) -> Line:
    return Line(*await asyncio.open_connection("127.0.0.1", port))


async def test_a_reset_is_a_reset() -> None:
    """Before an answer and amid it, the client gets an RST and no FIN."""
    for fault, came in ((reset(), b""), (reset(answer(), short_by=10), answer()[:-10])):
        async with raw_server(always(fault)) as server:
            line = await connect(server.port)
            await line.send(GET)
            got = await line.reader.readexactly(len(came))
            with pytest.raises(ConnectionResetError):
                await line.reader.read()
            await line.close()
            assert got == came
            assert server.targets == ["GET /a"]


async def test_silence_drip_and_half_close() -> None:
    """Each leaves the connection open for as long as it says."""
    async with raw_server(always(silence(b"HTTP"))) as server:
        line = await connect(server.port)
        await line.send(GET)
        assert await line.reader.readexactly(4) == b"HTTP"
        server.respond = always(drip(b"abcdef", interval=0.001, whole=3))
        assert server.open_now == 1
        await line.close()
        line = await connect(server.port)
        await line.send(GET)
        assert await line.reader.read() == b"abcdef"
        await line.close()
        server.respond = always(half_close(answer()))
        line = await connect(server.port)
        await line.send(GET)
        assert await line.reader.read() == answer()
        await line.send(b"still heard")
        await line.close()


async def test_requests_are_logged_with_body_and_connection() -> None:
    """Also chunked ones, and those that break off or are answered early."""
    async with raw_server(body_limit=8) as server:
        line = await connect(server.port)
        await line.send(GET + b"POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        await line.send(b"POST /c HTTP/1.1\r\nContent-Length: 100\r\n\r\n12345678")
        assert (await line.reader.read()).count(USER) == 3
        await line.close()
        broken = await connect(server.port)
        await broken.send(b"POST /d HTTP/1.1\r\nContent-Length: 100\r\n\r\n1234")
        await broken.close()
        while len(server.requests) < 4:
            await asyncio.sleep(0.01)
    seen = [(request.target, request.body, request.whole, request.connection) for request in server.requests]
    assert seen == [
        ("/a", b"", True, 1),
        ("/b", b"abc", True, 1),
        ("/c", b"12345678", False, 1),
        ("/d", b"1234", False, 2),
    ]


async def test_the_proxy_passes_on_and_cuts() -> None:
    """It counts what went through it."""

    async def ask(proxy: FaultProxy) -> bytes:
        line = await connect(proxy.port)
        try:
            await line.send(GET)
            return await line.reader.readexactly(len(answer()))
        except asyncio.IncompleteReadError as error:
            return error.partial
        finally:
            await line.close()

    async with raw_server() as server, fault_proxy(server.port) as proxy:
        assert await ask(proxy) == answer()
        assert (proxy.up, proxy.down) == (len(GET), len(answer()))
        proxy.through = cut_after(20)
        assert await ask(proxy) == answer()[:20]
        for through in (cut_after(20, by_reset=True), refused):
            proxy.through = through
            with pytest.raises(ConnectionResetError):
                await ask(proxy)
        assert len(server.requests) == 3
