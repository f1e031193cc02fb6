from __future__ import annotations

import errno
import socket
import ssl

import pytest

from agora_chat_async.bulk.wording import in_plain_words
from agora_chat_async.errors import ConnectFailed, OutcomeUnknown


class NoConnection(OSError):
    """As an HTTP client has them."""

    host, port = "chat.example", 443


def failed(reason: OSError) -> ConnectFailed:
    error = ConnectFailed("POST /users: SomeClientsError: Cannot connect to host chat.example:443 ssl:default [...]")
    error.__cause__ = RuntimeError("what a client says")
    error.__cause__.__cause__ = NoConnection(reason.errno, "Connect call failed")
    error.__cause__.__cause__.__cause__ = reason
    return error


def untrusted() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED]")
    error.verify_message = "self-signed certificate"
    return error


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('1.2.3.4', 443)"), "connection refused"),
        (socket.gaierror(-2, "Name or service not known"), "name or service not known"),
        (OSError("Multiple exceptions: a, b"), "multiple exceptions: a, b"),
        (untrusted(), "its certificate is not trusted: self-signed certificate"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_failed_connection_is_told_with_place_and_reason(reason: OSError, words: str) -> None:
    """Without the names of classes and the settings of a client."""
    assert in_plain_words(failed(reason)) == f"cannot connect to chat.example:443: {words}"


def test_what_is_not_known_is_told_as_it_is() -> None:
    """An error without a cause, and one that is not about connecting."""
    assert in_plain_words(ConnectFailed("POST /users: no connection in time")) == "POST /users: no connection in time"
    assert in_plain_words(OutcomeUnknown("the connection broke")) == "the connection broke"
