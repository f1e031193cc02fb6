"""What waits for users who are offline: messages to themselves, and those of their groups."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final

from agora_chat_async.emulator._state.queries import json_text, scalar

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS offline (
    username TEXT NOT NULL,
    of_group INTEGER NOT NULL,
    message INTEGER NOT NULL,
    PRIMARY KEY (username, of_group, message)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS offline_by_message ON offline (message);
"""

MOST: Final = (500, 200)
"""How many messages the service keeps for a user, the newest ones: to the user, and of groups."""

_KEPT: Final = """
SELECT message FROM offline WHERE username = ? AND of_group = ? ORDER BY message DESC LIMIT ?
"""


class Offline:
    """The messages that wait, by user."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def offline_among(self, usernames: Iterable[str]) -> set[str]:
        """Return those of the names whose users are offline; names that nobody has are not."""
        rows = self._connection.execute(
            "SELECT username FROM users WHERE NOT online AND username IN (SELECT value FROM json_each(?))",
            (json_text(list(usernames)),),
        )
        return {str(row["username"]) for row in rows}

    def keep(self, waiting: Iterable[tuple[str, int]]) -> None:
        """Let messages wait: each for one user."""
        self._connection.executemany("INSERT INTO offline VALUES (?, 0, ?)", waiting)

    def keep_for_group(self, group_id: str, sender: str, message: int, only_for: Sequence[str] | None = None) -> None:
        """Let a message wait for every member of a group or thread who is offline, or for some of them only."""
        self._connection.execute(
            "WITH members AS (SELECT username FROM group_members WHERE place = :place"
            " UNION ALL SELECT username FROM thread_members WHERE thread = :place)"
            " INSERT INTO offline SELECT username, 1, :message FROM members JOIN users USING (username)"
            " WHERE NOT online AND username <> :sender"
            " AND (:only_for IS NULL OR username IN (SELECT value FROM json_each(:only_for)))",
            {
                "place": group_id,
                "message": message,
                "sender": sender,
                "only_for": None if only_for is None else json_text(list(only_for)),
            },
        )

    def count(self, username: str) -> int:
        """Count what waits for a user."""
        query = f"SELECT count(*) FROM ({_KEPT})"  # noqa: S608 - a constant
        return sum(scalar(self._connection, query, username, of_group, most) for of_group, most in enumerate(MOST))

    def is_waiting(self, username: str, message: int) -> bool:
        """Whether one message waits for a user."""
        query = f"SELECT count(*) FROM ({_KEPT}) WHERE message = ?"  # noqa: S608 - a constant
        return any(
            scalar(self._connection, query, username, of_group, most, message) for of_group, most in enumerate(MOST)
        )

    def deliver(self, username: str) -> int:
        """Hand a user everything that waits, and return how much it was."""
        count = self.count(username)
        self._connection.execute("DELETE FROM offline WHERE username = ?", (username,))
        return count

    def drop(self, messages: Sequence[int]) -> None:
        """Let messages that are gone wait no longer."""
        self._connection.executemany("DELETE FROM offline WHERE message = ?", [(number,) for number in messages])

    def forget(self, gone: Sequence[sqlite3.Row]) -> None:
        """Drop what waits for deleted users."""
        self._connection.executemany("DELETE FROM offline WHERE username = ?", [(user["username"],) for user in gone])
