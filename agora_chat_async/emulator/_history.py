"""The history of one hour: when it can be fetched, and the signed address of its file."""

from __future__ import annotations

import gzip
import hmac
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from agora_chat_async._json import encode
from agora_chat_async.emulator._errors import Refusal, illegal

PATH: Final = "/_emulator/history/"
LIFETIME: Final = 1800
"""Seconds that an address holds."""

_KEY_ID: Final = "emulator"
_HOUR: Final = 3600
_DAY: Final = 86_400


def parse_hour(text: str) -> datetime:
    """Read yyyyMMddHH, which is in UTC."""
    unsupported = illegal(f"chatmessage request is not supported: {text} is not of the form yyyyMMddHH")
    if not re.fullmatch(r"[0-9]{10}", text):
        raise unsupported
    try:
        return datetime.strptime(text, "%Y%m%d%H").replace(tzinfo=UTC)
    except ValueError:
        raise unsupported from None


def start_ms(hour: datetime) -> int:
    """Return the beginning of an hour in milliseconds since 1970."""
    return int(hour.timestamp()) * 1000


def is_kept(hour: datetime, now: float, days: int) -> bool:
    """Whether an hour is stored: from one hour after its end until the plan's storage time is over."""
    begin = hour.timestamp()
    return begin + 2 * _HOUR <= now < begin + days * _DAY


def signed_path(hour: str, now: float, secret: str) -> str:
    """Return path and query of an hour's file, good for half an hour."""
    expires = int(now) + LIFETIME
    query = {"Expires": expires, "OSSAccessKeyId": _KEY_ID, "Signature": _signature(hour, expires, secret)}
    return f"{PATH}{hour}.gz?{urlencode(query)}"


def check_signature(hour: str, query: Iterable[tuple[str, str]], now: float, secret: str) -> None:
    """Refuse an address that was not made here, or too long ago."""
    given = dict(query)
    expires = given.get("Expires", "")
    if not expires.isdigit() or not hmac.compare_digest(
        given.get("Signature", "").encode(), _signature(hour, int(expires), secret).encode()
    ):
        raise Refusal(403, "SignatureDoesNotMatch", "the signature of the address is wrong")
    if now >= int(expires):
        raise Refusal(403, "AccessDenied", "the address has expired")


def pack(records: Iterable[dict[str, Any]]) -> bytes:
    """Write messages as the file has them: gzip, one JSON object a line."""
    return gzip.compress(b"".join(encode(record) + b"\n" for record in records), mtime=0)


def _signature(hour: str, expires: int, secret: str) -> str:
    return hmac.new(secret.encode(), f"{hour} {expires}".encode(), "sha256").hexdigest()
