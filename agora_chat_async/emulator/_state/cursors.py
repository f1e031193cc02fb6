"""Cursors of listings: opaque to clients, here a kind of thing and the number of the last one given."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from agora_chat_async.emulator._errors import illegal

_DIGITS: Final = 19


def cursor_of(kind: str, number: int) -> str:
    """Make the cursor that stands behind one thing."""
    return base64.urlsafe_b64encode(f"{kind}:{number}".encode()).decode().rstrip("=")


def place_of(kind: str, cursor: str) -> int:
    """Return the number of the thing that a cursor stands behind."""
    try:
        found, _, number = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(":")
        if found == kind and len(number) < _DIGITS:
            return int(number)
    except (binascii.Error, ValueError):
        pass
    raise illegal("invalid request: the cursor is none that the service gave out")
