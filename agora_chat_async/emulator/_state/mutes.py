"""Global mutes: until when a user may not send, by kind of chat."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from agora_chat_async.emulator._errors import forbidden, no_user_property
from agora_chat_async.emulator._state.users import Users

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS mutes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL,
    kind TEXT NOT NULL,
    until INTEGER,
    UNIQUE (username, kind)
);
"""

KINDS: Final = ("chat", "groupchat", "chatroom")
FOR_EVER: Final = -1

_MS: Final = 1000


class Mutes:
    """All global mutes of the app, also those that are over."""

    def __init__(self, connection: sqlite3.Connection, now_ms: Callable[[], int], users: Users) -> None:
        self._connection = connection
        self._now_ms = now_ms
        self._users = users

    def set(self, name: str, seconds: Mapping[str, int]) -> None:
        """Mute a user for so many seconds in some kinds of chat; 0 unmutes, -1 mutes for ever."""
        username = self._name(name)
        for kind, duration in seconds.items():
            if duration == 0:
                self._connection.execute(
                    "UPDATE mutes SET until = ? WHERE username = ? AND kind = ?", (self._now_ms(), username, kind)
                )
            elif duration >= FOR_EVER:
                until = None if duration == FOR_EVER else self._now_ms() + duration * _MS
                self._connection.execute(
                    "INSERT INTO mutes (username, kind, until) VALUES (?, ?, ?)"
                    " ON CONFLICT (username, kind) DO UPDATE SET until = excluded.until",
                    (username, kind, until),
                )

    def get(self, name: str) -> tuple[str, dict[str, int]]:
        """Return the user's name and the seconds left for each kind of chat."""
        username = self._name(name)
        rows = self._connection.execute("SELECT * FROM mutes WHERE username = ?", (username,))
        return username, dict.fromkeys(KINDS, 0) | {str(row["kind"]): self._left(row) for row in rows}

    def page(self, number: int, size: int) -> list[tuple[str, str, int]]:
        """Return one page of all mutes: user, kind of chat, seconds left."""
        rows = self._connection.execute(
            "SELECT * FROM mutes ORDER BY seq LIMIT ? OFFSET ?", (size, (number - 1) * size)
        )
        return [(row["username"], row["kind"], self._left(row)) for row in rows]

    def refuse_muted(self, username: str, kind: str) -> None:
        """Let nobody send who is muted."""
        row = self._connection.execute(
            "SELECT * FROM mutes WHERE username = ? AND kind = ?", (username, kind)
        ).fetchone()
        if row is not None and self._left(row):
            raise forbidden(f"user {username} is muted in every {kind}")

    def forget(self, gone: Sequence[sqlite3.Row]) -> None:
        """Drop the mutes of deleted users."""
        self._connection.executemany("DELETE FROM mutes WHERE username = ?", [(user["username"],) for user in gone])

    def _name(self, name: str) -> str:
        user = self._users.find(name)
        if user is None:
            raise no_user_property(name)
        return str(user["username"])

    def _left(self, mute: sqlite3.Row) -> int:
        if mute["until"] is None:
            return FOR_EVER
        return max(0, -((self._now_ms() - int(mute["until"])) // _MS))
