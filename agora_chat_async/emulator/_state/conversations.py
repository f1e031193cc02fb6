"""Conversations as their users see them: which messages a user can pull from the server."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Final

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS deleted_conversations (
    username TEXT NOT NULL,
    type TEXT NOT NULL,
    channel TEXT NOT NULL,
    delete_roam INTEGER NOT NULL,
    newest INTEGER NOT NULL,
    PRIMARY KEY (username, type, channel)
) WITHOUT ROWID;
"""

# A user sees messages from and to oneself and those of one's groups, but for those that never got there, those for
# other members, those to be left out of the history, and those of conversations that were deleted together with what
# the server keeps.
_SEEN: Final = """
SELECT messages.* FROM messages
LEFT JOIN deleted_conversations AS deleted ON deleted.username = :user AND deleted.type = chat_type AND delete_roam
    AND channel = CASE WHEN chat_type = 'chat' AND recipient = :user THEN sender ELSE recipient END
WHERE (
    chat_type = 'chat' AND (sender = :user OR recipient = :user AND NOT dropped)
    OR chat_type = 'groupchat' AND recipient IN (SELECT place FROM group_members WHERE username = :user)
)
AND id > coalesce(newest, 0)
AND (sender = :user OR json_extract(options, '$.users') IS NULL
    OR EXISTS (SELECT 1 FROM json_each(options, '$.users') WHERE value = :user))
AND NOT EXISTS (SELECT 1 FROM json_each(options, '$.roam_ignore_users') WHERE value = :user)
ORDER BY id DESC LIMIT :limit
"""


class Conversations:
    """The conversations of all users."""

    def __init__(self, connection: sqlite3.Connection, newest: Callable[[], int]) -> None:
        self._connection = connection
        self._newest = newest

    def delete(self, username: str, kind: str, channel: str, *, delete_roam: bool) -> None:
        """Drop a conversation on one side, with what was sent so far where `delete_roam` says so."""
        self._connection.execute(
            "INSERT INTO deleted_conversations VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " newest = CASE WHEN excluded.delete_roam THEN excluded.newest ELSE newest END,"
            " delete_roam = max(delete_roam, excluded.delete_roam)",
            (username, kind, channel, delete_roam, self._newest()),
        )

    def messages(self, username: str, limit: int) -> list[sqlite3.Row]:
        """Return what a user can pull from the server, newest first."""
        return self._connection.execute(_SEEN, {"user": username, "limit": limit}).fetchall()

    def forget(self, gone: Sequence[sqlite3.Row]) -> None:
        """Drop the conversations of deleted users."""
        self._connection.executemany(
            "DELETE FROM deleted_conversations WHERE username = ?", [(user["username"],) for user in gone]
        )
