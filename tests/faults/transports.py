"""Sessions on the transports that the faults are tried on."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

import httpx

from agora_chat_async import RetryPolicy, Session

QUICK = RetryPolicy(pause=0.001, throttled_pause=0.001)

SessionMaker = Callable[..., Session]


def over_aiohttp(host: Any, *, ssl_context: ssl.SSLContext | None = None, **options: Any) -> Session:
    """Make a session on the default transport."""
    options = {"token": "secret-token", "retry": QUICK, **options}
    return Session("org", "app", host=host, ssl_context=ssl_context, **options)


def over_httpx(host: Any, *, ssl_context: ssl.SSLContext | None = None, **options: Any) -> Session:
    """Make a session on httpx's own transport."""
    transport = httpx.AsyncHTTPTransport(verify=True if ssl_context is None else ssl_context)
    return over_aiohttp(host, transport=transport, **options)
