"""Reactions: the emojis on messages, and who added them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Final

from attrs import frozen

from agora_chat_async.emulator._errors import Refusal
from agora_chat_async.emulator._state.cursors import cursor_of, place_of
from agora_chat_async.emulator._state.groups import Groups
from agora_chat_async.emulator._state.ids import RisingIds
from agora_chat_async.emulator._state.messages import Messages
from agora_chat_async.emulator._state.queries import scalar
from agora_chat_async.emulator._state.threads import Threads

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS reactions (
    id INTEGER PRIMARY KEY,
    message INTEGER NOT NULL,
    emoji TEXT NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    UNIQUE (message, emoji)
);
CREATE TABLE IF NOT EXISTS reaction_users (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    reaction INTEGER NOT NULL,
    username TEXT NOT NULL,
    UNIQUE (reaction, username)
);
CREATE INDEX IF NOT EXISTS reaction_users_by_name ON reaction_users (username);
"""


@frozen
class Users:
    """Some of the users who added a reaction, the first of them first, and where the next ones begin."""

    names: Sequence[str]
    cursor: str | None = None


class Reactions:
    """The reactions to all messages."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        now_ms: Callable[[], int],
        messages: Messages,
        groups: Groups,
        threads: Threads,
        *,
        most: int,
    ) -> None:
        """Take, beside what it needs to know, how many different reactions a message may have."""
        self._connection = connection
        self._now_ms = now_ms
        self._messages = messages
        self._groups = groups
        self._threads = threads
        self._most = most
        self._ids = RisingIds(now_ms, lambda: self._scalar("SELECT coalesce(max(id), 0) FROM reactions"), digits=6)
        messages.on_delete.append(self._clear)

    def add(self, username: str, message: int | None, emoji: str) -> tuple[sqlite3.Row, sqlite3.Row]:
        """Add an emoji in the name of a user, and return the reaction and its message."""
        sent = None if message is None else self._messages.find(message)
        if sent is None or not self._takes_part(username, sent):
            raise bad_request("the user operation is illegal!")
        reaction = self.find(message, emoji)
        if reaction is not None and self.has_added(reaction, username):
            raise bad_request("the user is already operation this message")
        if reaction is None and len(self.of_message(message)) >= self._most:
            raise bad_request("The quantity has exceeded the limit!")
        now = self._now_ms()
        (added,) = self._connection.execute(
            "INSERT INTO reactions VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (message, emoji) DO UPDATE SET updated = excluded.updated RETURNING *",
            (self._ids.next(), message, emoji, now, now),
        )
        self._connection.execute(
            "INSERT INTO reaction_users (reaction, username) VALUES (?, ?)", (added["id"], username)
        )
        return added, sent

    def remove(self, username: str, message: int | None, emoji: str) -> None:
        """Take the emoji of one user back; with the last user the reaction goes."""
        reaction = self.find(message, emoji)
        if reaction is None or not self.has_added(reaction, username):
            raise bad_request("the user operation is illegal!")
        self._connection.execute(
            "DELETE FROM reaction_users WHERE reaction = ? AND username = ?", (reaction["id"], username)
        )
        if not self.count_users(reaction):
            self._connection.execute("DELETE FROM reactions WHERE id = ?", (reaction["id"],))

    def find(self, message: int | None, emoji: str) -> sqlite3.Row | None:
        """Look a reaction up."""
        return next((reaction for reaction in self.of_message(message) if reaction["emoji"] == emoji), None)

    def of_message(self, message: int | None) -> list[sqlite3.Row]:
        """Return the reactions to a message, the first of them first."""
        if message is None or self._messages.find(message) is None:
            return []
        return self._connection.execute("SELECT * FROM reactions WHERE message = ? ORDER BY id", (message,)).fetchall()

    def of_conversation(self, message: int | None, chat_type: str, group_id: str | None) -> list[sqlite3.Row]:
        """Return the reactions to a message, where it is one of the type and group asked for."""
        sent = None if message is None else self._messages.find(message)
        if sent is None or sent["chat_type"] != chat_type or (chat_type != "chat" and sent["recipient"] != group_id):
            return []
        return self.of_message(message)

    def has_added(self, reaction: sqlite3.Row, username: str) -> bool:
        """Whether a user is among those who added a reaction."""
        return bool(
            self._scalar(
                "SELECT count(*) FROM reaction_users WHERE reaction = ? AND username = ?", reaction["id"], username
            )
        )

    def count_users(self, reaction: sqlite3.Row) -> int:
        """Tell how many users added a reaction."""
        return self._scalar("SELECT count(*) FROM reaction_users WHERE reaction = ?", reaction["id"])

    def users(self, reaction: sqlite3.Row, limit: int, cursor: str | None = None) -> Users:
        """Return who added a reaction."""
        rows = self._connection.execute(
            "SELECT seq, username FROM reaction_users WHERE reaction = ? AND seq > ? ORDER BY seq LIMIT ?",
            (reaction["id"], place_of("reaction", cursor) if cursor else 0, limit + 1),
        ).fetchall()
        more = cursor_of("reaction", rows[limit - 1]["seq"]) if len(rows) > limit else None
        return Users([str(row["username"]) for row in rows[:limit]], more)

    def forget(self, gone: Sequence[sqlite3.Row]) -> None:
        """Take the reactions of deleted users back."""
        removed = self._connection.executemany(
            "DELETE FROM reaction_users WHERE username = ?", [(user["username"],) for user in gone]
        )
        if removed.rowcount:
            self._connection.execute("DELETE FROM reactions WHERE id NOT IN (SELECT reaction FROM reaction_users)")

    def _takes_part(self, username: str, message: sqlite3.Row) -> bool:
        if message["chat_type"] == "chat":
            return username in {message["sender"], message["recipient"]}
        group = self._threads.group_of(message["recipient"]) or message["recipient"]
        return message["chat_type"] == "groupchat" and self._groups.is_member(group, username)

    def _clear(self, messages: Sequence[int]) -> None:
        ids = [(number,) for number in messages]
        self._connection.executemany(
            "DELETE FROM reaction_users WHERE reaction IN (SELECT id FROM reactions WHERE message = ?)", ids
        )
        self._connection.executemany("DELETE FROM reactions WHERE message = ?", ids)

    def _scalar(self, query: str, *values: Any) -> int:
        return scalar(self._connection, query, *values)


def bad_request(description: str) -> Refusal:
    """A reaction that cannot be; unlike elsewhere only the description tells why."""
    return Refusal(400, "Bad Request", description)
