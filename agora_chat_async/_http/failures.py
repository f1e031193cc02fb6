"""From what a client raises to what a caller gets."""

from __future__ import annotations

import ssl
import zlib
from collections.abc import Iterator
from typing import Final

import aiohttp
import anyio
import httpx

from agora_chat_async.errors import ConnectFailed, TLSFailed, TransportError

FAILURES: Final = (httpx.HTTPError, aiohttp.ClientError, OSError, zlib.error)
"""What says that no whole answer arrived; a TimeoutError is an OSError."""

_CONNECT: Final = (httpx.ConnectError, aiohttp.ClientConnectorError)
_OF_TLS: Final = (
    ssl.SSLError,
    ssl.CertificateError,
    # A connection that is lost was there before, so it was in the handshake.
    ConnectionResetError,
    ConnectionAbortedError,
    BrokenPipeError,
    anyio.BrokenResourceError,
    anyio.EndOfStream,
)


def failure(error: BaseException, call: str, host: str, *, sent: bool) -> TransportError:
    """Make the error of an attempt that got no whole answer.

    Args:
        error: What was raised.
        call: Method and path.
        host: Where it was to go, as a URL.
        sent: Whether the request got a connection, so that it may have been sent.
    """
    late = "no whole answer in time" if sent else "no connection in time"
    reason = late if isinstance(error, TimeoutError) else _reason(error)
    unsent = TLSFailed if host.startswith("https:") and _is_of_tls(error) else ConnectFailed
    made = TransportError(f"{call}: {reason}") if sent else unsent(f"{call}: {reason}")
    made.host = host
    return made


def _is_of_tls(error: BaseException) -> bool:
    """Tell whether a connect to an https host failed because TLS was not agreed on."""
    return isinstance(error, _CONNECT) and any(isinstance(cause, _OF_TLS) for cause in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _reason(error: BaseException) -> str:
    """Say what went wrong; httpx often says nothing, the cause below it does."""
    cause = error.__cause__ or error
    return f"{type(cause).__name__}: {cause}".rstrip(": ")
