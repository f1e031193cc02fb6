"""Push labels: named sets of users."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Final

from attrs import frozen

from agora_chat_async.emulator._errors import Refusal, push_limit
from agora_chat_async.emulator._state.cursors import cursor_of, place_of
from agora_chat_async.emulator._state.queries import scalar
from agora_chat_async.emulator._state.users import Users

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS push_labels (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    description TEXT,
    created INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS push_label_users (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    label INTEGER NOT NULL,
    user INTEGER NOT NULL,
    created INTEGER NOT NULL,
    UNIQUE (label, user)
);
CREATE INDEX IF NOT EXISTS push_label_users_by_user ON push_label_users (user);
"""

_BEYOND: Final = (1 << 63) - 1
_NO_USER: Final = "appUser not exists"

_LABELS: Final = """
SELECT *, (SELECT count(*) FROM push_label_users WHERE label = push_labels.seq) AS count FROM push_labels
"""
_MEMBERS: Final = """
SELECT push_label_users.seq, username, push_label_users.created
FROM push_label_users JOIN users ON users.seq = push_label_users.user WHERE label = ?
"""


@frozen
class Page:
    """Some labels or users, and where the next ones begin."""

    rows: Sequence[sqlite3.Row]
    cursor: str | None


@frozen
class Change:
    """Whom a change reached, and why not the others."""

    success: list[str]
    fail: dict[str, str]


class PushLabels:
    """The labels of the app; case makes no other name."""

    def __init__(self, connection: sqlite3.Connection, now_ms: Callable[[], int], users: Users) -> None:
        self._connection = connection
        self._now_ms = now_ms
        self._users = users

    def create(self, name: str, description: str | None, most: int) -> sqlite3.Row:
        """Make a label, whose name has to be free."""
        if self._find(name) is not None:
            raise Refusal(400, "duplicate_unique_property_exists", f"push label {name} already exists")
        if scalar(self._connection, "SELECT count(*) FROM push_labels") >= most:
            raise push_limit(f"the app has {most} labels")
        self._connection.execute(
            "INSERT INTO push_labels (name, description, created) VALUES (?, ?, ?)", (name, description, self._now_ms())
        )
        return self.get(name)

    def get(self, name: str) -> sqlite3.Row:
        """Look a label up, which has to exist."""
        row = self._find(name)
        if row is None:
            raise Refusal(400, "ResourceNotFoundException", f"push label not exists of {name}")
        return row

    def page(self, limit: int, cursor: str | None) -> Page:
        """Return labels, the newest first."""
        before = place_of("label", cursor) if cursor else _BEYOND
        rows = self._connection.execute(
            f"{_LABELS} WHERE seq < ? ORDER BY seq DESC LIMIT ?",
            (before, limit + 1),
        ).fetchall()
        return _page("label", rows, limit)

    def delete(self, name: str) -> None:
        """Delete a label; its users only lose it."""
        label = self.get(name)["seq"]
        self._connection.execute("DELETE FROM push_label_users WHERE label = ?", (label,))
        self._connection.execute("DELETE FROM push_labels WHERE seq = ?", (label,))

    def add(self, name: str, usernames: Sequence[str], most: int) -> Change:
        """Put users under a label; those that are there already count as put there."""
        label, (change, users) = self.get(name)["seq"], self._known(usernames)
        self._connection.executemany(
            "INSERT OR IGNORE INTO push_label_users (label, user, created) VALUES (?, ?, ?)",
            [(label, user, self._now_ms()) for user in users],
        )
        if self.get(name)["count"] > most:
            raise push_limit(f"label {name} has {most} users")
        return change

    def remove(self, name: str, usernames: Sequence[str]) -> Change:
        """Take users out; those that are not under the label count as taken out."""
        label, (change, users) = self.get(name)["seq"], self._known(usernames)
        self._connection.executemany(
            "DELETE FROM push_label_users WHERE label = ? AND user = ?", [(label, user) for user in users]
        )
        return change

    def member(self, name: str, username: str) -> sqlite3.Row | None:
        """Look up a user under a label."""
        row: sqlite3.Row | None = self._connection.execute(
            f"{_MEMBERS} AND username = ?",
            (self.get(name)["seq"], username),
        ).fetchone()
        return row

    def members(self, name: str, limit: int, cursor: str | None) -> Page:
        """Return users under a label, in the order in which they were put there."""
        rows = self._connection.execute(
            f"{_MEMBERS} AND push_label_users.seq > ? ORDER BY push_label_users.seq LIMIT ?",
            (self.get(name)["seq"], place_of("label-user", cursor) if cursor else 0, limit + 1),
        ).fetchall()
        return _page("label-user", rows, limit)

    def forget(self, users: Sequence[sqlite3.Row]) -> None:
        """Take users that go out of every label."""
        self._connection.executemany("DELETE FROM push_label_users WHERE user = ?", [(user["seq"],) for user in users])

    def _known(self, usernames: Sequence[str]) -> tuple[Change, list[int]]:
        """Tell which users a change can reach, and the numbers of these."""
        change, numbers = Change([], {}), list[int]()
        for username in usernames:
            user = self._users.find(username)
            if user is None:
                change.fail[username] = _NO_USER
            else:
                change.success.append(username)
                numbers.append(user["seq"])
        return change, numbers

    def _find(self, name: str) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._connection.execute(f"{_LABELS} WHERE name = ?", (name,)).fetchone()
        return row


def _page(kind: str, rows: Sequence[sqlite3.Row], limit: int) -> Page:
    return Page(rows[:limit], cursor_of(kind, rows[limit - 1]["seq"]) if len(rows) > limit else None)
