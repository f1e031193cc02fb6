"""Attributes of chat rooms, each owned by the member who set it last."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final

from agora_chat_async.emulator._errors import Refusal
from agora_chat_async.emulator._state.queries import json_text
from agora_chat_async.emulator._state.rooms import Rooms

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS room_attributes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    room TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    owner TEXT NOT NULL,
    auto_delete INTEGER NOT NULL,
    UNIQUE (room, key)
);
"""

MAX_ATTRIBUTES: Final = 100

_MAX_KEY: Final = 128
_MAX_VALUE: Final = 4096
_KEY: Final = re.compile(r"[A-Za-z0-9_\-.]+")

Faults = dict[str, str | None]
"""For each key why it was not done; None where it was."""


class RoomAttributes:
    """The attributes of all rooms."""

    def __init__(self, connection: sqlite3.Connection, rooms: Rooms) -> None:
        self._connection = connection
        self._rooms = rooms
        rooms.on_delete.append(self._clear)
        rooms.on_leave.append(self._left)

    def get(self, room_id: str, keys: Sequence[str] = ()) -> dict[str, str]:
        """Return the attributes with these keys, or all."""
        self._rooms.require(room_id)
        found = {str(row["key"]): str(row["value"]) for row in self._rows(room_id)}
        return {key: found[key] for key in keys if key in found} if keys else found

    def set(
        self, room_id: str, username: str, attributes: Mapping[str, Any], *, auto_delete: bool, force: bool
    ) -> Faults:
        """Set attributes, of which each fails for itself; those of other members only by force."""
        self._refuse_outsider(room_id, username)
        owners = self._owners(room_id)
        faults = Faults()
        for key, value in attributes.items():
            faults[key] = _limit_broken(key, value) or _not_owned(key, owners.get(key, username), username, force=force)
            if faults[key] is None and key not in owners and len(owners) >= MAX_ATTRIBUTES:
                faults[key] = f"chatroom {room_id} has {MAX_ATTRIBUTES} attributes already"
            if faults[key] is None:
                owners[key] = username
                self._connection.execute(
                    "INSERT INTO room_attributes (room, key, value, owner, auto_delete) VALUES (?, ?, ?, ?, ?)"
                    " ON CONFLICT DO UPDATE SET value = excluded.value, owner = excluded.owner,"
                    " auto_delete = excluded.auto_delete",
                    (room_id, key, value, username, auto_delete),
                )
        return faults

    def remove(self, room_id: str, username: str, keys: Sequence[str], *, force: bool) -> Faults:
        """Remove attributes, of which each fails for itself; by force also others', and by anybody."""
        if force:
            self._rooms.require(room_id)
        else:
            self._refuse_outsider(room_id, username)
        owners = self._owners(room_id)
        faults = {
            key: _not_owned(key, owners[key], username, force=force) if key in owners else f"no attribute {key}"
            for key in keys
        }
        self._delete(room_id, [key for key, fault in faults.items() if fault is None])
        return faults

    def _refuse_outsider(self, room_id: str, username: str) -> None:
        self._rooms.require(room_id)
        if not self._rooms.is_member(room_id, username):
            raise Refusal(401, "MetadataException", f"user {username} is not in chatroom {room_id}")

    def _owners(self, room_id: str) -> dict[str, str]:
        return {str(row["key"]): str(row["owner"]) for row in self._rows(room_id)}

    def _rows(self, room_id: str) -> list[sqlite3.Row]:
        return self._connection.execute(
            "SELECT * FROM room_attributes WHERE room = ? ORDER BY seq", (room_id,)
        ).fetchall()

    def _delete(self, room_id: str, keys: Sequence[str]) -> None:
        self._connection.execute(
            "DELETE FROM room_attributes WHERE room = ? AND key IN (SELECT value FROM json_each(?))",
            (room_id, json_text(keys)),
        )

    def _clear(self, room_id: str) -> None:
        self._connection.execute("DELETE FROM room_attributes WHERE room = ?", (room_id,))

    def _left(self, room_id: str, username: str) -> None:
        self._connection.execute(
            "DELETE FROM room_attributes WHERE room = ? AND owner = ? AND auto_delete", (room_id, username)
        )


def _limit_broken(key: str, value: Any) -> str | None:
    if len(key) > _MAX_KEY or not _KEY.fullmatch(key):
        return f"key {key} is not legal: 1 to {_MAX_KEY} of the characters A-Z a-z 0-9 _ - ."
    if not isinstance(value, str) or len(value) > _MAX_VALUE:
        return f"the value of {key} has to be a string of at most {_MAX_VALUE} characters"
    return None


def _not_owned(key: str, owner: str, username: str, *, force: bool) -> str | None:
    return None if force or owner == username else f"attribute {key} was set by another user"
