"""Threads: what hangs on group messages, and who takes part in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from attrs import frozen

from agora_chat_async.emulator._errors import Refusal
from agora_chat_async.emulator._limits import Limits
from agora_chat_async.emulator._state.cursors import cursor_of, place_of
from agora_chat_async.emulator._state.groups import Groups
from agora_chat_async.emulator._state.ids import RisingIds
from agora_chat_async.emulator._state.messages import Messages
from agora_chat_async.emulator._state.queries import scalar

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS threads (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    owner TEXT NOT NULL,
    message INTEGER NOT NULL UNIQUE,
    group_id TEXT NOT NULL,
    created INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS threads_by_group ON threads (group_id);
CREATE TABLE IF NOT EXISTS thread_members (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    thread TEXT NOT NULL,
    username TEXT NOT NULL,
    UNIQUE (thread, username)
);
CREATE INDEX IF NOT EXISTS thread_members_by_name ON thread_members (username);
"""

_NEWEST: Final = (1 << 63) - 1


@frozen
class Page:
    """Some threads or members, and a cursor behind the last of them; only an empty page has none."""

    rows: Sequence[sqlite3.Row]
    cursor: str | None


class Threads:
    """The threads of the app and their members, all of whom are members of the group."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        now_ms: Callable[[], int],
        ids: RisingIds,
        messages: Messages,
        groups: Groups,
        *,
        limits: Limits,
    ) -> None:
        self._connection = connection
        self._now_ms = now_ms
        self._messages = messages
        self._groups = groups
        self._limits = limits
        self._ids = ids
        groups.on_delete.append(self._clear)
        groups.on_leave.append(self._left)

    def create(self, group_id: str, name: str, message: int | None, owner: str) -> str:
        """Hang a thread on a message, with its owner as the first member, and return its id."""
        if self._groups.find(group_id) is None:
            raise _unknown(f"group {group_id} doesn't exist")
        sent = None if message is None else self._messages.find(message)
        if sent is None:
            raise _unknown(f"message {message} doesn't exist")
        if (sent["chat_type"], sent["recipient"]) != ("groupchat", group_id):
            raise group_error(400, f"message {message} is no message of group {group_id}")
        self._refuse_outsiders(group_id, [owner])
        if self._scalar("SELECT count(*) FROM threads WHERE message = ?", message):
            raise group_error(403, f"message {message} has a thread already")
        if self._scalar("SELECT count(*) FROM threads") >= self._limits.threads:
            raise group_error(403, f"the app has {self._limits.threads} threads already")
        self._refuse_busy([owner])
        thread_id = str(self._ids.next())
        self._connection.execute(
            "INSERT INTO threads (id, name, owner, message, group_id, created) VALUES (?, ?, ?, ?, ?, ?)",
            (thread_id, name, owner, message, group_id, self._now_ms()),
        )
        self._insert(thread_id, [owner])
        return thread_id

    def group_of(self, thread_id: str) -> str | None:
        """Name the group of a thread; None where there is no such thread."""
        row = self._connection.execute("SELECT group_id FROM threads WHERE id = ?", (thread_id,)).fetchone()
        return None if row is None else str(row["group_id"])

    def require(self, thread_id: str) -> sqlite3.Row:
        """Look a thread up, which has to exist."""
        row: sqlite3.Row | None = self._connection.execute(
            "SELECT * FROM threads WHERE id = ?", (thread_id,)
        ).fetchone()
        if row is None:
            raise _unknown(f"thread {thread_id} doesn't exist")
        return row

    def rename(self, thread_id: str, name: str) -> None:
        """Give a thread another name."""
        self.require(thread_id)
        self._connection.execute("UPDATE threads SET name = ? WHERE id = ?", (name, thread_id))

    def delete(self, thread_id: str) -> None:
        """Delete a thread; its members leave it."""
        self.require(thread_id)
        self._connection.execute("DELETE FROM thread_members WHERE thread = ?", (thread_id,))
        self._connection.execute("DELETE FROM threads WHERE id = ?", (thread_id,))

    def page(
        self,
        limit: int,
        cursor: str | None,
        *,
        oldest_first: bool,
        username: str | None = None,
        group_id: str | None = None,
    ) -> Page:
        """Return threads in the order of creation: all of them, those of a user, or those of a user in a group."""
        order, after = ("ASC", ">") if oldest_first else ("DESC", "<")
        place = place_of("thread", cursor) if cursor else 0 if oldest_first else _NEWEST
        rows = self._connection.execute(
            f"SELECT * FROM threads WHERE seq {after} :place"  # noqa: S608
            " AND (:username IS NULL OR id IN (SELECT thread FROM thread_members WHERE username = :username))"
            " AND (:group_id IS NULL OR group_id = :group_id)"
            f" ORDER BY seq {order} LIMIT :limit",
            {"place": place, "username": username, "group_id": group_id, "limit": limit},
        ).fetchall()
        return Page(rows, cursor_of("thread", rows[-1]["seq"]) if rows else None)

    def members(self, thread_id: str, limit: int, cursor: str | None) -> Page:
        """Return who is in a thread, in the order of joining."""
        self.require(thread_id)
        place = place_of("thread member", cursor) if cursor else 0
        rows = self._connection.execute(
            "SELECT seq, username FROM thread_members WHERE thread = ? AND seq > ? ORDER BY seq LIMIT ?",
            (thread_id, place, limit),
        ).fetchall()
        return Page(rows, cursor_of("thread member", rows[-1]["seq"]) if rows else None)

    def add_members(self, thread_id: str, names: Iterable[str]) -> None:
        """Let all of the users in, or none; those who are there already stay where they are."""
        wanted = list(dict.fromkeys(names))
        self._refuse_outsiders(self.require(thread_id)["group_id"], wanted)
        fresh = [name for name in wanted if not self._is_member(thread_id, name)]
        self._refuse_busy(fresh)
        self._insert(thread_id, fresh)

    def remove_members(self, thread_id: str, names: Iterable[str]) -> list[tuple[str, bool]]:
        """Put users out, and tell of each whether it was there."""
        self.require(thread_id)
        return [(name, self._remove(thread_id, name)) for name in names]

    def _is_member(self, thread_id: str, username: str) -> bool:
        return bool(
            self._scalar("SELECT count(*) FROM thread_members WHERE thread = ? AND username = ?", thread_id, username)
        )

    def _refuse_outsiders(self, group_id: str, usernames: Iterable[str]) -> None:
        for username in usernames:
            if not self._groups.is_member(group_id, username):
                raise _unknown(f"user {username} is not in group {group_id}")

    def _refuse_busy(self, usernames: Iterable[str]) -> None:
        for username in usernames:
            joined = self._scalar("SELECT count(*) FROM thread_members WHERE username = ?", username)
            if joined >= self._limits.threads_per_user:
                raise group_error(403, f"user {username} is in {self._limits.threads_per_user} threads already")

    def _insert(self, thread_id: str, usernames: Iterable[str]) -> None:
        self._connection.executemany(
            "INSERT INTO thread_members (thread, username) VALUES (?, ?)", [(thread_id, name) for name in usernames]
        )

    def _remove(self, thread_id: str, username: str) -> bool:
        removed = self._connection.execute(
            "DELETE FROM thread_members WHERE thread = ? AND username = ?", (thread_id, username)
        )
        return removed.rowcount > 0

    def _clear(self, group_id: str) -> None:
        self._connection.execute(
            "DELETE FROM thread_members WHERE thread IN (SELECT id FROM threads WHERE group_id = ?)", (group_id,)
        )
        self._connection.execute("DELETE FROM threads WHERE group_id = ?", (group_id,))

    def _left(self, group_id: str, username: str) -> None:
        self._connection.execute(
            "DELETE FROM thread_members WHERE username = ? AND thread IN (SELECT id FROM threads WHERE group_id = ?)",
            (username, group_id),
        )

    def _scalar(self, query: str, *values: Any) -> int:
        return scalar(self._connection, query, *values)


def group_error(status: int, description: str) -> Refusal:
    """What is asked of a thread cannot be done."""
    return Refusal(status, "group_error", description)


def _unknown(description: str) -> Refusal:
    return group_error(404, description)


def entity(thread: sqlite3.Row) -> dict[str, Any]:
    """Return a thread as the service describes one."""
    return {
        "name": thread["name"],
        "owner": thread["owner"],
        "id": thread["id"],
        "msgId": str(thread["message"]),
        "groupId": thread["group_id"],
        "created": thread["created"],
    }
