"""Tokens that the emulator itself has given out, and until when those made elsewhere were revoked."""

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
CREATE TABLE IF NOT EXISTS revocations (
    user TEXT PRIMARY KEY,
    before INTEGER NOT NULL
) WITHOUT ROWID;
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

    def all(self) -> tuple[list[IssuedToken], dict[str, float]]:
        """Return every token that was not revoked, and until when older ones were, by user; empty for all users."""
        tokens = self._connection.execute("SELECT token, user, expires FROM tokens")
        revoked = self._connection.execute("SELECT user, before FROM revocations")
        return (
            [IssuedToken(row["token"], row["user"], row["expires"]) for row in tokens],
            {row["user"]: row["before"] for row in revoked},
        )

    def revoke_all(self, before: float) -> None:
        """Revoke every token that was made before a moment."""
        self._connection.execute("DELETE FROM tokens")
        self._revoke([""], before)

    def revoke_user(self, user: sqlite3.Row, before: float) -> None:
        """Revoke the tokens of one user that were made before a moment."""
        self.forget([user])
        self._revoke([user["username"], user["uuid"]], before)

    def forget(self, gone: Sequence[sqlite3.Row]) -> None:
        """Drop the tokens of some users, which may be by name or by uuid."""
        names = [(user[column],) for user in gone for column in ("username", "uuid")]
        self._connection.executemany("DELETE FROM tokens WHERE user = ? AND user <> ''", names)

    def _revoke(self, names: Sequence[str], before: float) -> None:
        self._connection.executemany(
            "INSERT OR REPLACE INTO revocations VALUES (?, ?)", [(name, before) for name in names]
        )
