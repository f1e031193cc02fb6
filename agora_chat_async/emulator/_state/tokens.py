"""Tokens that the emulator itself has given out."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Sequence
from typing import Final

from attrs import frozen

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS tokens (
    token TEXT PRIMARY KEY,
    user TEXT NOT NULL,
    issued INTEGER NOT NULL,
    expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tokens_by_user ON tokens (user) WHERE user <> '';
"""


@frozen
class IssuedToken:
    """A token and whom it is for; times in milliseconds since 1970."""

    token: str
    user: str
    """Empty where it is the app's."""
    expires: int


class Tokens:
    """Issued tokens, kept until they are revoked."""

    def __init__(self, connection: sqlite3.Connection, now_ms: Callable[[], int]) -> None:
        self._connection = connection
        self._now_ms = now_ms

    def issue(self, user: str, expires: int) -> IssuedToken:
        """Make a token that ends at a moment in milliseconds."""
        token = f"YWMt{secrets.token_urlsafe(48)}"
        now = self._now_ms()
        self._connection.execute("INSERT INTO tokens VALUES (?, ?, ?, ?)", (token, user, now, expires))
        return IssuedToken(token, user, expires)

    def all(self) -> list[IssuedToken]:
        """Return every token that was not revoked."""
        rows = self._connection.execute("SELECT token, user, expires FROM tokens")
        return [IssuedToken(row["token"], row["user"], row["expires"]) for row in rows]

    def revoke_all(self) -> None:
        """Revoke every token."""
        self._connection.execute("DELETE FROM tokens")

    def forget(self, gone: Sequence[sqlite3.Row]) -> None:
        """Drop the tokens of some users, which may be by name or by uuid."""
        names = [(user[column],) for user in gone for column in ("username", "uuid")]
        self._connection.executemany("DELETE FROM tokens WHERE user = ? AND user <> ''", names)
