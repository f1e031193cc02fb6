"""TLS as it should be and as it is sometimes met: contexts of servers, by an authority of the tests' own."""

from __future__ import annotations

import socket
import ssl
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache

import trustme


@cache
def authority() -> trustme.CA:
    return trustme.CA()


def trusting(*, client: str | None = None) -> ssl.SSLContext:
    """Make a client's context that trusts the authority, and shows a certificate of its own where it has a name."""
    context = ssl.create_default_context()
    authority().configure_trust(context)
    if client is not None:
        authority().issue_cert(client).configure_cert(context)
    return context


def serving(
    name: str = "127.0.0.1",
    *,
    by: trustme.CA | None = None,
    expired: bool = False,
    newest: ssl.TLSVersion | None = None,
    asks: bool = False,
) -> ssl.SSLContext:
    """Make a server's context.

    Args:
        name: Host name or address that the certificate is for.
        by: Who signed it.
        expired: Whether it ended yesterday.
        newest: The newest version of TLS that the server speaks; it speaks older ones too.
        asks: Whether clients must show a certificate of the authority.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ended = datetime.now(UTC) - timedelta(days=1) if expired else None
    (by or authority()).issue_cert(name, not_after=ended).configure_cert(context)
    if newest is not None:
        with warnings.catch_warnings():  # to speak what nobody should speak any more is the point
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = newest
        context.set_ciphers("ALL:@SECLEVEL=0")
    if asks:
        authority().configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


@contextmanager
def shaking_hands(context: ssl.SSLContext) -> Iterator[int]:
    """Serve nothing but handshakes, and say why where one fails, which servers of asyncio do not; tells the port."""

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with suppress(OSError), connection, context.wrap_socket(connection, server_side=True) as shaken:
                shaken.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join()
