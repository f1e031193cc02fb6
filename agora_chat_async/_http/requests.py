"""What is asked: a request of httpx, made of a ready URL, raw headers and a ready body, which saves most of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx
import yarl

from agora_chat_async._codec import Form
from agora_chat_async._http.addresses import Proxy
from agora_chat_async._http.bodies import Patience
from agora_chat_async._http.pool import Handover
from agora_chat_async._json import encode
from agora_chat_async._transfer import Multipart
from agora_chat_async.errors import InvalidArgument

Request = tuple[str, str, Mapping[str, Any] | None, Any, Mapping[str, str] | None]
"""Method, path below the app, query, body as JSON-ready data or a `Form`, and headers of its own."""

_ACCEPT_JSON: Final = ((b"Accept", b"application/json"), (b"Accept-Encoding", b"gzip"))
_ACCEPT_FILE: Final = ((b"Accept", b"application/octet-stream"), (b"Accept-Encoding", b"identity"))
_NOTHING: Final = httpx.ByteStream(b"")
_PIECE: Final = 256 * 1024
"""Bytes of a body that are written at once at most."""
_WITH_A_TYPE: Final = frozenset({"POST", "PUT", "PATCH"})
"""What aiohttp would call `application/octet-stream` without a body; the service wants JSON's type there too."""


class Requests:
    """Makes the requests for one app on one host."""

    def __init__(self, base: str, user_agent: str, proxy: Proxy | None) -> None:
        self.host: str = base.rsplit("/", 2)[0]
        """Scheme, name and port."""
        self._base = base
        self._slashes = urlsplit(base).path.count("/")
        self._url = lru_cache(512)(self._make_url)
        self._headers = [
            (b"Host", urlsplit(base).netloc.encode()),
            (b"User-Agent", user_agent.encode("ascii")),
        ]
        if proxy is not None and base.startswith("http:"):  # without a tunnel the proxy reads the request itself
            self._headers += [(name.encode(), value.encode()) for name, value in proxy.headers.items()]

    def make(  # noqa: PLR0917 - keywords take time, and it is called for each attempt
        self,
        request: Request,
        token: str,
        file: bool,  # noqa: FBT001 - as above
        patience: Patience,
        handover: Handover,
        extensions: dict[str, Any],
    ) -> httpx.Request:
        """Make a request, whose answer is a file or JSON."""
        method, path, query, body, own_headers = request
        accept = _ACCEPT_FILE if file else _ACCEPT_JSON
        headers = [*self._headers, *accept, (b"Authorization", f"Bearer {token}".encode("ascii"))]
        content: bytes | None = None
        stream: httpx.AsyncByteStream = _NOTHING
        if isinstance(body, Form):
            headers.append((b"Content-Type", b"application/x-www-form-urlencoded"))
            content = urlencode(body.fields).encode("ascii")
        elif isinstance(body, Multipart):
            headers.append((b"Content-Type", body.content_type.encode("ascii")))
            if body.length is None:
                headers.append((b"Transfer-Encoding", b"chunked"))
            else:
                headers.append((b"Content-Length", str(body.length).encode("ascii")))
                handover.bytes_out = body.length
            stream = _Outgoing(body, patience)
        elif body is not None:
            headers.append((b"Content-Type", b"application/json"))
            content = encode(body)
        elif method in _WITH_A_TYPE:
            headers.append((b"Content-Type", b"application/json"))
            headers.append((b"Content-Length", b"0"))
        if content is not None:
            handover.bytes_out = len(content)
            headers.append((b"Content-Length", str(len(content)).encode("ascii")))
            stream = httpx.ByteStream(content) if len(content) <= _PIECE else _Pieces(content)
        if own_headers is not None:
            headers += [(name.encode("ascii"), _header_value(name, value)) for name, value in own_headers.items()]
        url = self._url(path, _query_string(query))
        made = httpx.Request(method, url, headers=headers, stream=stream, extensions=extensions)
        made.headers.encoding = "ascii"  # or httpx would try to decode them all to find that out
        if isinstance(stream, httpx.ByteStream):
            made.read()
        return made

    def _make_url(self, path: str, query: str) -> httpx.URL:
        url = httpx.URL(f"{self._base}{path}{query}")
        # Should a client ever resolve dots or decode a slash, a call would reach another route than its own. The last
        # to read the address is yarl, below the transport.
        slashes = self._slashes + path.count("/")
        if not slashes == url.raw_path.partition(b"?")[0].count(b"/") == yarl.URL(str(url)).raw_path.count("/"):
            raise InvalidArgument("path", path, "a path that reaches the server as it is")
        return url


class _Pieces(httpx.AsyncByteStream):
    """A long body, which would hold up the event loop if it were written at once."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self._content), _PIECE):
            yield self._content[at : at + _PIECE]


class _Outgoing(httpx.AsyncByteStream):
    """A file on its way out."""

    def __init__(self, body: Multipart, patience: Patience) -> None:
        self._body = body
        self._patience = patience

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._body:
            self._patience.renew()
            yield chunk


def _header_value(name: str, value: str) -> bytes:
    if not (value.isascii() and value.isprintable()):
        raise InvalidArgument(name, value, "printable ASCII, since it is sent in a header", secret="secret" in name)
    return value.encode("ascii")


def _query_string(query: Mapping[str, Any] | None) -> str:
    if not query:
        return ""
    return f"?{urlencode({name: _query_value(name, value) for name, value in query.items() if value is not None})}"


def _query_value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value):
        return value
    raise InvalidArgument(name, value, "text, a number, True or False, since it is sent in the query")
