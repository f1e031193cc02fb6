"""Files: attachments of messages, and those that groups share."""

from __future__ import annotations

import secrets
import sqlite3
import uuid
from collections.abc import Callable, Iterable
from typing import Final

from attrs import field, frozen

from agora_chat_async.emulator._errors import Refusal
from agora_chat_async.emulator._state.groups import Groups

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS files (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    group_id TEXT NOT NULL DEFAULT '',
    name TEXT NOT NULL,
    owner TEXT NOT NULL,
    secret TEXT NOT NULL DEFAULT '',
    width INTEGER NOT NULL DEFAULT 170,
    height INTEGER NOT NULL DEFAULT 170,
    created INTEGER NOT NULL,
    content BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS group_announcements (group_id TEXT PRIMARY KEY, text TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS files_of_group ON files (group_id, seq);
"""

MOST_MB: Final = 10
_MB: Final = 1024 * 1024
_KEPT_MS: Final = 7 * 86_400_000


@frozen
class NewFile:
    """A file that comes in."""

    name: str
    owner: str
    content: bytes = field(repr=False)
    group_id: str = ""
    restricted: bool = False
    width: int = 170
    height: int = 170


class Files:
    """What was uploaded to the app."""

    def __init__(self, connection: sqlite3.Connection, now_ms: Callable[[], int], groups: Groups) -> None:
        self._connection = connection
        self._now_ms = now_ms
        self._groups = groups

    def add(self, new: NewFile, most_mb: int = MOST_MB) -> sqlite3.Row:
        """Keep a file, unless it is too large."""
        if len(new.content) > most_mb * _MB:
            name = "Request Entity Too Large" if new.group_id else "file exceeding maximum limit"
            raise Refusal(413, name, f"{name}: the file exceeds the maximum limit of {most_mb} MB")
        file_id = str(uuid.uuid1())
        self._connection.execute(
            "INSERT INTO files (id, group_id, name, owner, secret, width, height, created, content)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                file_id,
                new.group_id,
                new.name,
                new.owner,
                secrets.token_urlsafe(16) if new.restricted else "",
                new.width,
                new.height,
                self._now_ms(),
                new.content,
            ),
        )
        return self.require(file_id, new.group_id)

    def require(self, file_id: str, group_id: str = "") -> sqlite3.Row:
        """Look a file up, which has to exist; attachments expire, the files of groups stay."""
        row: sqlite3.Row | None = self._connection.execute(
            "SELECT *, length(content) AS size FROM files WHERE id = ? AND group_id = ?", (file_id, group_id)
        ).fetchone()
        if row is None:
            raise Refusal(404, "service_resource_not_found", f"Service resource not found: no file {file_id}")
        if not group_id and row["created"] + _KEPT_MS <= self._now_ms():
            raise Refusal(404, "file_expired", f"the file {file_id} is expired")
        return row

    def drop(self, file_ids: Iterable[str]) -> None:
        """Drop attachments, where there are any under these ids."""
        self._connection.executemany(
            "DELETE FROM files WHERE id = ? AND group_id = ''", [(file_id,) for file_id in file_ids]
        )

    def of_group(self, group_id: str, limit: int, offset: int) -> list[sqlite3.Row]:
        """Return what a group shares, newest first."""
        self._groups.require(group_id)
        return self._connection.execute(
            "SELECT id, name, owner, created, length(content) AS size FROM files WHERE group_id = ?"
            " ORDER BY seq DESC LIMIT ? OFFSET ?",
            (group_id, limit, offset),
        ).fetchall()

    def delete(self, file_id: str, group_id: str) -> None:
        """Drop a file that a group shares."""
        self._groups.require(group_id)
        self.require(file_id, group_id)
        self._connection.execute("DELETE FROM files WHERE id = ?", (file_id,))

    def forget_group(self, group_id: str) -> None:
        """Drop what a group shared and announced."""
        self._connection.execute("DELETE FROM files WHERE group_id = ?", (group_id,))
        self._connection.execute("DELETE FROM group_announcements WHERE group_id = ?", (group_id,))

    def announcement(self, group_id: str) -> str:
        """Return a group's announcement."""
        self._groups.require(group_id)
        row = self._connection.execute(
            "SELECT text FROM group_announcements WHERE group_id = ?", (group_id,)
        ).fetchone()
        return str(row["text"]) if row else ""

    def announce(self, group_id: str, text: str) -> None:
        """Replace a group's announcement."""
        self._groups.require(group_id)
        self._connection.execute("INSERT OR REPLACE INTO group_announcements VALUES (?, ?)", (group_id, text))
