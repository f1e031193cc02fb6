"""User attributes: texts by user and name; whether there is such a user is nobody's concern."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from agora_chat_async.emulator._errors import Refusal
from agora_chat_async.emulator._state.queries import json_text, scalar

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS user_attributes (
    username TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (username, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS user_attribute_bytes (one INTEGER PRIMARY KEY, bytes INTEGER NOT NULL);
CREATE TRIGGER IF NOT EXISTS user_attributes_new AFTER INSERT ON user_attributes BEGIN
    INSERT INTO user_attribute_bytes VALUES (1, length(CAST(new.name AS BLOB)) + length(CAST(new.value AS BLOB)))
    ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER IF NOT EXISTS user_attributes_changed AFTER UPDATE ON user_attributes BEGIN
    UPDATE user_attribute_bytes SET bytes = bytes + length(CAST(new.value AS BLOB)) - length(CAST(old.value AS BLOB));
END;
CREATE TRIGGER IF NOT EXISTS user_attributes_gone AFTER DELETE ON user_attributes BEGIN
    UPDATE user_attribute_bytes SET bytes = bytes - length(CAST(old.name AS BLOB)) - length(CAST(old.value AS BLOB));
END;
"""

MAX_USER_BYTES: Final = 2 * 1024

_SIZE: Final = "coalesce(sum(length(CAST(name AS BLOB)) + length(CAST(value AS BLOB))), 0)"
_LONGEST: Final = {"nickname": 64, "avatarurl": 256, "phone": 32, "mail": 64, "sign": 256, "birth": 64}
"""Characters that the attributes of the clients may have."""


class UserAttributes:
    """The attributes of all users."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def set(self, username: str, attributes: Mapping[str, str], *, most_of_all: int) -> None:
        """Write some attributes of a user; the others stay. All users together may take so many bytes."""
        for name, value in attributes.items():
            if len(value) > _LONGEST.get(name, MAX_USER_BYTES):
                raise _forbidden(f"{name} has more than {_LONGEST.get(name, MAX_USER_BYTES)} characters")
        self._connection.executemany(
            "INSERT INTO user_attributes VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            [(username, name, value) for name, value in attributes.items()],
        )
        rows = self._connection.execute(f"SELECT {_SIZE} FROM user_attributes WHERE username = ?", (username,))  # noqa: S608
        if int(rows.fetchone()[0]) > MAX_USER_BYTES:
            raise _forbidden(f"the attributes of {username} take more than {MAX_USER_BYTES} bytes")
        if self.size() > most_of_all:
            raise _forbidden(f"the attributes of all users take more than {most_of_all} bytes")

    def get(self, username: str) -> dict[str, str]:
        """Return all attributes of a user."""
        rows = self._connection.execute(
            "SELECT name, value FROM user_attributes WHERE username = ? ORDER BY name", (username,)
        )
        return {row["name"]: row["value"] for row in rows}

    def get_many(self, usernames: Iterable[str], names: Iterable[str]) -> dict[str, dict[str, str]]:
        """Return chosen attributes of some users, each of whom is named in the result."""
        found: dict[str, dict[str, str]] = {username: {} for username in usernames}
        rows = self._connection.execute(
            "SELECT * FROM user_attributes WHERE username IN (SELECT value FROM json_each(?))"
            " AND name IN (SELECT value FROM json_each(?))",
            (json_text(list(found)), json_text(list(names))),
        )
        for row in rows:
            found[row["username"]][row["name"]] = row["value"]
        return found

    def delete(self, username: str) -> None:
        """Drop all attributes of a user."""
        self._connection.execute("DELETE FROM user_attributes WHERE username = ?", (username,))

    def size(self) -> int:
        """Tell how many bytes the attributes of all users take."""
        return scalar(self._connection, "SELECT coalesce(sum(bytes), 0) FROM user_attribute_bytes")

    def forget(self, gone: Sequence[sqlite3.Row]) -> None:
        """Drop the attributes of deleted users."""
        for user in gone:
            self.delete(user["username"])


def _forbidden(description: str) -> Refusal:
    return Refusal(403, "FORBIDDEN", description)
