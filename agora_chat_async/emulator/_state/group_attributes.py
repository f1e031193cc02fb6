"""Attributes of group members: texts by key, for each member of each group."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final

from agora_chat_async.emulator._errors import Refusal
from agora_chat_async.emulator._state.groups import Groups

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS group_attributes (
    group_id TEXT NOT NULL,
    username TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (group_id, username, key)
) WITHOUT ROWID;
"""

MAX_BYTES: Final = 4 * 1024
"""Keys and values of one member."""
MAX_VALUE_BYTES: Final = 512
MAX_ASKED: Final = 10

_KEY: Final = re.compile(r"[a-zA-Z0-9_]{1,16}")


class GroupAttributes:
    """What is stored about each member, which ends with the membership."""

    def __init__(self, connection: sqlite3.Connection, groups: Groups) -> None:
        self._connection = connection
        self._groups = groups
        groups.on_delete.append(self._forget_group)
        groups.on_leave.append(self._forget_member)

    def set(self, group_id: str, username: str, attributes: Mapping[str, Any]) -> None:
        """Add to a member's attributes; an empty text takes one away."""
        self._groups.require(group_id)
        if not self._groups.is_member(group_id, username):
            raise _wrong(f"Some users are not in the group: {username}")
        for key, value in attributes.items():
            if not _KEY.fullmatch(key):
                raise _wrong(f"key {key} exceeds chatgroup user metadata single key limit")
            if not isinstance(value, str) or len(value.encode()) > MAX_VALUE_BYTES:
                raise _wrong(f"value of {key} exceeds chatgroup user metadata single value limit")
        kept = {key: value for key, value in {**self._all(group_id, username), **attributes}.items() if value}
        if sum(len((key + value).encode()) for key, value in kept.items()) > MAX_BYTES:
            raise _wrong(f"attributes of {username} exceed {MAX_BYTES} bytes in all")
        self._forget_member(group_id, username)
        self._connection.executemany(
            "INSERT INTO group_attributes VALUES (?, ?, ?, ?)",
            [(group_id, username, key, value) for key, value in kept.items()],
        )

    def get(self, group_id: str, username: str) -> dict[str, str]:
        """Return all attributes of a member."""
        self._groups.require(group_id)
        if not self._groups.is_member(group_id, username):
            raise Refusal(404, "MetadataException", f"user not in group: {username}")
        return self._all(group_id, username)

    def get_many(self, group_id: str, usernames: Sequence[str], keys: Sequence[str]) -> dict[str, dict[str, str]]:
        """Return some attributes, or all where none is named, of those of the users who are members."""
        self._groups.require(group_id)
        if len(usernames) > MAX_ASKED:
            raise _wrong(f"query param reaches limit. At most {MAX_ASKED} users")
        return {
            name: {key: value for key, value in self._all(group_id, name).items() if not keys or key in keys}
            for name in usernames
            if self._groups.is_member(group_id, name)
        }

    def _all(self, group_id: str, username: str) -> dict[str, str]:
        rows = self._connection.execute(
            "SELECT key, value FROM group_attributes WHERE group_id = ? AND username = ?", (group_id, username)
        )
        return {str(row["key"]): str(row["value"]) for row in rows}

    def _forget_group(self, group_id: str) -> None:
        self._connection.execute("DELETE FROM group_attributes WHERE group_id = ?", (group_id,))

    def _forget_member(self, group_id: str, username: str) -> None:
        self._connection.execute(
            "DELETE FROM group_attributes WHERE group_id = ? AND username = ?", (group_id, username)
        )


def _wrong(description: str) -> Refusal:
    return Refusal(400, "metadata_error", description)
