"""Errors in words for people who do not know the libraries below this one."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator

from agora_chat_async.errors import AgoraChatError, ConnectFailed


def in_plain_words(error: AgoraChatError) -> str:
    """Tell an error; a failed connection with the place and the system's reason, where both are known."""
    if isinstance(error, ConnectFailed):
        causes = list(_causes(error))
        place = next((place for cause in causes if (place := _place(cause))), None)
        reason = next((reason for cause in reversed(causes) if (reason := _reason(cause))), None)
        if place and reason:
            return f"cannot connect to {place}: {reason}"
    return str(error)


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause = error.__cause__
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _place(error: BaseException) -> str | None:
    host, port = getattr(error, "host", None), getattr(error, "port", None)
    if not isinstance(host, str) or not isinstance(port, int):
        return None
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _reason(error: BaseException) -> str | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if not isinstance(error, OSError) or isinstance(error, ssl.SSLError):
        return None
    # The text beside the number is often asyncio's own.
    number = error.errno or 0
    words = os.strerror(number) if number > 0 else error.strerror or str(error)
    return f"{words[:1].lower()}{words[1:]}" or None
