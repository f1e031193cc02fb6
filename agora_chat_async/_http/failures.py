"""From what a client raises to what a caller gets."""

from __future__ import annotations

import ssl
import zlib
from collections.abc import Iterator
from typing import Any, Final

import aiohttp
import anyio
import httpx
from aiohttp.http import RawResponseMessage
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDict, CIMultiDictProxy

from agora_chat_async._redact import redacted_bytes, redacted_text
from agora_chat_async.errors import ConnectFailed, TLSFailed, TransportError

FAILURES: Final = (httpx.HTTPError, aiohttp.ClientError, OSError, zlib.error)
"""What says that no whole answer arrived; a TimeoutError is an OSError."""

_CONNECT: Final = (httpx.ConnectError, aiohttp.ClientConnectorError)
"""What says that no connection was made; aiohttp's kind may stand below one of httpx that means something else."""
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


def failure(error: BaseException, call: str, host: str, *secrets: str, sent: bool) -> TransportError:
    """Make the error of an attempt that got no whole answer.

    Args:
        error: What was raised.
        call: Method and path.
        host: Where it was to go, as a URL.
        secrets: What stands in no text, although the server repeats it.
        sent: Whether the request got a connection, so that it may have been sent.
    """
    for cause in _causes(error):
        _hide(cause, secrets)
    if isinstance(error, TimeoutError):
        reason = "no whole answer in time" if sent else "no connection in time"
    else:
        reason = _reason(error)
    if sent:
        made = TransportError(f"{call}: {reason}")
    elif host.startswith("https:") and _is_of_tls(error):
        cut = ssl.SSLEOFError | ssl.SSLZeroReturnError  # which of these, if any, is up to the transport and OpenSSL
        known = any(isinstance(cause, ssl.SSLError) and not isinstance(cause, cut) for cause in _causes(error))
        made = TLSFailed(f"{call}: {reason}" if known else f"{call}: cut in the TLS handshake: {reason}")
    else:
        made = ConnectFailed(f"{call}: {reason}")
    made.host = host
    return made


def _hide(error: BaseException, secrets: tuple[str, ...]) -> None:
    """Take secrets out of what an error shows: headers of the request, and what a server repeated of them."""
    if isinstance(error, aiohttp.ClientResponseError):
        info, none = error.request_info, CIMultiDictProxy(CIMultiDict[str]())
        error.request_info = aiohttp.RequestInfo(info.url, info.method, none, info.real_url)
        error.args = (error.request_info, error.history)
    else:
        error.args = tuple(_shown(value, secrets) for value in error.args)
    if isinstance(error, HttpProcessingError | aiohttp.ClientResponseError):
        error.headers = None
    if isinstance(error, HttpProcessingError | aiohttp.ClientResponseError | aiohttp.ServerDisconnectedError):
        error.message = _shown(error.message, secrets)


def _shown(value: Any, secrets: tuple[str, ...]) -> Any:
    if isinstance(value, RawResponseMessage):  # its head, with whatever stands in it
        return "the answer was cut short"
    if isinstance(value, bytes):
        return redacted_bytes(value, *secrets)
    return redacted_text(value, *secrets) if isinstance(value, str) else value


def _is_of_tls(error: BaseException) -> bool:
    """Tell whether a connect to an https host failed because TLS was not agreed on."""
    causes = [*_causes(error)]
    if any(isinstance(cause, aiohttp.ClientProxyConnectionError) for cause in causes):
        return False
    return any(isinstance(cause, _CONNECT) for cause in causes) and any(isinstance(cause, _OF_TLS) for cause in causes)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or next((part for part in error.args if isinstance(part, BaseException)), None)


def _reason(error: BaseException) -> str:
    """Say what went wrong; httpx often says nothing, the causes below it do."""
    below = [*_causes(error)][1:] or [error]
    cause = next((cause for cause in below if str(cause)), below[-1])
    return f"{type(cause).__name__}: {cause}".rstrip(": ")
