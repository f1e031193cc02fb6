"""Contacts and block lists: which users stand on which user's lists."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final

from attrs import frozen

from agora_chat_async.emulator._errors import Refusal, illegal, limit_exceeded
from agora_chat_async.emulator._state.cursors import cursor_of, place_of
from agora_chat_async.emulator._state.queries import json_text, scalar
from agora_chat_async.emulator._state.users import Users

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS {name} (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    owner TEXT NOT NULL,
    other TEXT NOT NULL,
    remark TEXT,
    UNIQUE (owner, other)
);
CREATE INDEX IF NOT EXISTS {name}_by_other ON {name} (other);
"""
SCHEMA: Final = _TABLE.format(name="contacts") + _TABLE.format(name="blocks")

MAX_BLOCKED: Final = 500

_BEFORE_ALL: Final = 1 << 62


@frozen
class Names:
    """Some of the users on a list, and where the next ones begin."""

    names: Sequence[str]
    remarks: Sequence[str | None]
    cursor: str | None


class _List:
    """One list of other users for each user, the newest entry first."""

    def __init__(self, connection: sqlite3.Connection, table: str) -> None:
        self._connection = connection
        self._table = table

    def add(self, owner: str, others: Iterable[str]) -> None:
        """Put users on the list; those who are on it keep their place."""
        self._connection.executemany(
            f"INSERT OR IGNORE INTO {self._table} (owner, other) VALUES (?, ?)",  # noqa: S608
            [(owner, other) for other in others],
        )

    def remove(self, owner: str, other: str) -> None:
        """Take a user off the list."""
        self._connection.execute(f"DELETE FROM {self._table} WHERE owner = ? AND other = ?", (owner, other))  # noqa: S608

    def page(self, owner: str, limit: int, cursor: str | None = None) -> Names:
        """Return the users on the list, those after a cursor where one is given."""
        before = place_of(self._table, cursor) if cursor else _BEFORE_ALL
        rows = self._connection.execute(
            f"SELECT seq, other, remark FROM {self._table} WHERE owner = ? AND seq < ? ORDER BY seq DESC LIMIT ?",  # noqa: S608
            (owner, before, limit + 1),
        ).fetchall()
        more = len(rows) > limit
        return Names(
            [str(row["other"]) for row in rows[:limit]],
            [row["remark"] for row in rows[:limit]],
            cursor_of(self._table, rows[limit - 1]["seq"]) if more else None,
        )

    def remark(self, owner: str, other: str, text: str) -> None:
        """Note something on an entry."""
        self._connection.execute(
            f"UPDATE {self._table} SET remark = ? WHERE owner = ? AND other = ?",  # noqa: S608
            (text, owner, other),
        )

    def size(self, owner: str) -> int:
        """Count the users on the list."""
        return scalar(self._connection, f"SELECT count(*) FROM {self._table} WHERE owner = ?", owner)  # noqa: S608

    def has(self, owner: str, other: str) -> bool:
        """Whether a user is on the list."""
        return owner in self.owners([owner], other)

    def owners(self, owners: Iterable[str], other: str) -> set[str]:
        """Return those of the owners who have a user on their list."""
        rows = self._connection.execute(
            f"SELECT owner FROM {self._table} WHERE other = ? AND owner IN (SELECT value FROM json_each(?))",  # noqa: S608
            (other, json_text(list(owners))),
        )
        return {str(row["owner"]) for row in rows}

    def forget(self, gone: Sequence[sqlite3.Row]) -> None:
        """Drop the lists of deleted users, and their names from all other lists."""
        self._connection.executemany(
            f"DELETE FROM {self._table} WHERE owner = ? OR other = ?",  # noqa: S608
            [(user["username"], user["username"]) for user in gone],
        )


class Contacts:
    """The contacts of each user, and whom each user blocks."""

    def __init__(self, connection: sqlite3.Connection, users: Users) -> None:
        self._users = users
        self._contacts = _List(connection, "contacts")
        self._blocks = _List(connection, "blocks")

    def add(self, owner: str, friend: str, *, most: int) -> sqlite3.Row:
        """Make two users contacts of each other, and return the second one."""
        first, second = self._users.get(owner), self._users.get(friend)
        inviter, invitee = str(first["username"]), str(second["username"])
        if inviter == invitee:
            raise illegal(f"user {inviter} cannot be a contact of oneself")
        if not self._contacts.has(inviter, invitee):
            self._refuse_full(inviter, "Inviter", most)
            self._refuse_full(invitee, "Invitee", most)
        self._contacts.add(inviter, [invitee])
        self._contacts.add(invitee, [inviter])
        return second

    def remove(self, owner: str, friend: str) -> sqlite3.Row:
        """End that two users are contacts, and return the second one."""
        first, second = self._users.get(owner), self._users.get(friend)
        self._contacts.remove(first["username"], second["username"])
        self._contacts.remove(second["username"], first["username"])
        return second

    def remark(self, owner: str, friend: str, text: str) -> None:
        """Note something on a contact of a user."""
        first, second = self._users.get(owner)["username"], self._users.get(friend)["username"]
        if not self._contacts.has(first, second):
            raise Refusal(404, "resource_not_found", f"{second} is no contact of {first}")
        self._contacts.remark(first, second, text)

    def page(self, owner: str, limit: int, cursor: str | None = None) -> Names:
        """Return the contacts of a user, newest first."""
        return self._contacts.page(self._users.get(owner)["username"], limit, cursor)

    def block(self, owner: str, others: Sequence[str]) -> list[str]:
        """Block users, and return their names."""
        name = str(self._users.get(owner)["username"])
        names = [str(self._users.get(other)["username"]) for other in others]
        if name in names:
            raise illegal(f"user {name} cannot block oneself")
        self._blocks.add(name, names)
        if self._blocks.size(name) > MAX_BLOCKED:
            raise limit_exceeded(f"the block list of {name} holds at most {MAX_BLOCKED} users")
        return names

    def blocked(self, owner: str, limit: int, cursor: str | None = None) -> Names:
        """Return whom a user blocks, newest first."""
        return self._blocks.page(self._users.get(owner)["username"], limit, cursor)

    def unblock(self, owner: str, other: str) -> sqlite3.Row:
        """Take a user off a block list, and return that user."""
        first, second = self._users.get(owner), self._users.get(other)
        self._blocks.remove(first["username"], second["username"])
        return second

    def blocking(self, owners: Iterable[str], sender: str) -> set[str]:
        """Return those of the users who block a sender."""
        return self._blocks.owners(owners, sender)

    def forget(self, gone: Sequence[sqlite3.Row]) -> None:
        """Drop deleted users from all lists."""
        self._contacts.forget(gone)
        self._blocks.forget(gone)

    def _refuse_full(self, name: str, role: str, most: int) -> None:
        if self._contacts.size(name) >= most:
            raise limit_exceeded(f"{role}'s contact max count {most} is reached")
