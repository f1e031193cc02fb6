"""A small HTTP proxy, which tunnels, forwards, and asks who comes."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from attrs import define, field
from raw_server import Line, listening


@define
class HTTPProxy:
    port: int = 0
    user: str | None = None
    """User and password that a client must show, joined by a colon."""
    heads: list[bytes] = field(factory=list)
    """The heads of requests as they arrived."""

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def asked_for(self) -> list[str]:
        """What was asked for: method and target."""
        return [head.split(b"\r\n")[0].decode().removesuffix(" HTTP/1.1") for head in self.heads]

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = Line(reader, writer)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head)
            shown = b"proxy-authorization: basic " + base64.b64encode((self.user or "").encode()).lower()
            if self.user is not None and shown not in head.lower():
                await client.send(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return
            method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
            place = urlsplit(f"//{target}" if method == "CONNECT" else target)
            server = Line(*await asyncio.open_connection(place.hostname, place.port))
            if method == "CONNECT":
                await client.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                await server.send(head.replace(target.encode(), (place.path or "/").encode(), 1))
            await asyncio.gather(_pass_on(client, server), _pass_on(server, client))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            await client.close()


async def _pass_on(one: Line, other: Line) -> None:
    try:
        while piece := await one.reader.read(64 * 1024):
            await other.send(piece)
    finally:
        await other.close()


@asynccontextmanager
async def http_proxy(*, user: str | None = None, context: ssl.SSLContext | None = None) -> AsyncIterator[HTTPProxy]:
    proxy = HTTPProxy(user=user)
    async with listening(proxy.handle, context=context) as port:
        proxy.port = port
        yield proxy
