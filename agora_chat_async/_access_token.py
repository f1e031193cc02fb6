"""AccessToken2, version 007: made, read and verified without a server.

A token is `007` and the base64 of a zlib stream that holds the signature and what it signs: app id, issue time,
lifetime, salt, and the rights by service. Integers are little-endian; text has its length in two bytes before it.
The signing key is derived from the certificate in two HMAC steps whose *keys* are the issue time and the salt and
whose *messages* are the secret: the reverse of what one expects.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
import struct
import zlib
from collections.abc import Mapping
from typing import Final

from attrs import field, frozen

from agora_chat_async.errors import InvalidArgument, TokenError

VERSION: Final = "007"
MAX_LIFETIME: Final = 86_400
"""Seconds; the service takes no token for longer."""

APP_PRIVILEGE: Final = 2
USER_PRIVILEGE: Final = 1

_CHAT: Final = 5
# Services whose rights are followed by this many texts; of others the length is unknown, so reading ends there.
_TEXTS_AFTER_RIGHTS: Final[Mapping[int, int]] = {1: 2, 2: 1, 4: 0, 5: 1}
_HEX_ID: Final = re.compile(r"[0-9a-fA-F]{32}")
_MAX_TOKEN_BYTES: Final = 16_384


@frozen
class AccessToken:
    """What an AccessToken2 says."""

    app_id: str
    issued_at: int
    """Seconds since 1970."""
    expire: int
    """Seconds from `issued_at`."""
    salt: int
    privileges: Mapping[int, int]
    """Rights for the chat service: seconds from `issued_at`, by number of the right."""
    user_id: str
    """The user it is for; empty in app tokens."""
    signature: bytes = field(repr=False)
    signed: bytes = field(repr=False)

    @property
    def expires_at(self) -> int:
        """Seconds since 1970 at which the first of its rights ends."""
        return self.issued_at + min((self.expire, *self.privileges.values()))

    def is_signed_with(self, certificate: str) -> bool:
        """Whether the certificate made this token."""
        return hmac.compare_digest(self.signature, _sign(certificate, self.issued_at, self.salt, self.signed))


def make_token(
    app_id: str,
    certificate: str,
    *,
    issued_at: int,
    expire: int,
    user_id: str = "",
    privilege_expire: int | None = None,
    salt: int | None = None,
) -> str:
    """Make a token: for the app, or for one user where `user_id` is given.

    Args:
        app_id: 32 hexadecimal characters, from the console.
        certificate: The app's certificate, 32 hexadecimal characters; it never leaves this machine.
        issued_at: Seconds since 1970.
        expire: Seconds that the token lives, 1 to 86,400.
        user_id: Username; empty for an app token.
        privilege_expire: Seconds that the right in it lives, `expire` by default.
        salt: Any number from 1 to 99,999,999; random by default.
    """
    if not _HEX_ID.fullmatch(str(app_id)):
        raise InvalidArgument("app_id", app_id, "32 hexadecimal characters")
    if not _HEX_ID.fullmatch(str(certificate)):
        raise InvalidArgument("certificate", certificate, "32 hexadecimal characters", secret=True)
    if not 1 <= expire <= MAX_LIFETIME:
        raise InvalidArgument("expire", expire, f"1 to {MAX_LIFETIME} seconds")
    salt = salt if salt is not None else secrets.randbelow(99_999_999) + 1
    privilege = USER_PRIVILEGE if user_id else APP_PRIVILEGE
    right_expire = expire if privilege_expire is None else privilege_expire
    for name, number in (("issued_at", issued_at), ("privilege_expire", right_expire), ("salt", salt)):
        if not 0 <= number < 1 << 32:
            raise InvalidArgument(name, number, "a whole number of 32 bits")
    try:
        user = _text(user_id.encode())
    except (UnicodeEncodeError, struct.error):
        raise InvalidArgument("user_id", user_id, "text of at most 65535 bytes of UTF-8") from None
    signed = (
        _text(app_id.encode())
        + struct.pack("<IIIH", issued_at, expire, salt, 1)
        + struct.pack("<HHHI", _CHAT, 1, privilege, right_expire)
        + user
    )
    signature = _sign(certificate, issued_at, salt, signed)
    return VERSION + base64.b64encode(zlib.compress(_text(signature) + signed)).decode()


def read_token(token: str) -> AccessToken:
    """Read a token without checking its signature; `TokenError` says why it is none."""
    if not token.startswith(VERSION):
        raise TokenError(f"not an AccessToken2: it does not begin with {VERSION}")
    try:
        inflate = zlib.decompressobj()
        data = inflate.decompress(base64.b64decode(token[len(VERSION) :], validate=True), _MAX_TOKEN_BYTES)
        if not inflate.eof:
            raise TokenError("not an AccessToken2: cut short or far too long")
        return _Reader(data).token()
    except (ValueError, zlib.error, struct.error) as error:
        raise TokenError(f"not an AccessToken2: {error}") from None


def verify_token(token: str, *, app_id: str, certificate: str, now: float) -> AccessToken:
    """Read a token and check app, signature and lifetime; `TokenError` says which of them is wrong."""
    content = read_token(token)
    if content.app_id != app_id:
        raise TokenError("the token is of another app")
    if not content.is_signed_with(certificate):
        raise TokenError("the token's signature is wrong")
    if now >= content.expires_at:
        raise TokenError("the token is expired")
    return content


def _sign(certificate: str, issued_at: int, salt: int, signed: bytes) -> bytes:
    key = hmac.digest(struct.pack("<I", issued_at), certificate.encode(), "sha256")
    key = hmac.digest(struct.pack("<I", salt), key, "sha256")
    return hmac.digest(key, signed, "sha256")


def _text(value: bytes) -> bytes:
    return struct.pack("<H", len(value)) + value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def token(self) -> AccessToken:
        signature = self._text()
        signed = self._data[self._at :]
        app_id = self._text().decode()
        issued_at, expire, salt, services = self._unpack("<IIIH")
        privileges, user_id = dict[int, int](), ""
        for _ in range(services):
            (service,) = self._unpack("<H")
            if service not in _TEXTS_AFTER_RIGHTS:
                break
            (count,) = self._unpack("<H")
            rights = dict[int, int]([self._pair() for _ in range(count)])
            texts = [self._text() for _ in range(_TEXTS_AFTER_RIGHTS[service])]
            if service == _CHAT:
                privileges, user_id = rights, texts[0].decode()
        return AccessToken(app_id, issued_at, expire, salt, privileges, user_id, signature, signed)

    def _unpack(self, layout: str) -> tuple[int, ...]:
        values = struct.unpack_from(layout, self._data, self._at)
        self._at += struct.calcsize(layout)
        return values

    def _pair(self) -> tuple[int, int]:
        key, value = self._unpack("<HI")
        return key, value

    def _text(self) -> bytes:
        (length,) = self._unpack("<H")
        value = self._data[self._at : self._at + length]
        if len(value) < length:
            raise struct.error("a text is cut short")
        self._at += length
        return value
