"""Messages: one row for each receiver, waiting or delivered, and the rules of editing and recalling them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from agora_chat_async._json import parse
from agora_chat_async.emulator._errors import Refusal, illegal
from agora_chat_async.emulator._state.ids import RisingIds
from agora_chat_async.emulator._state.queries import json_text

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    chat_type TEXT NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    ext TEXT,
    options TEXT NOT NULL,
    timestamp INTEGER NOT NULL,
    waiting INTEGER NOT NULL,
    edits INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS messages_by_time ON messages (timestamp);
CREATE INDEX IF NOT EXISTS messages_by_recipient ON messages (recipient, chat_type);
CREATE INDEX IF NOT EXISTS messages_waiting ON messages (recipient, id) WHERE waiting;
CREATE TABLE IF NOT EXISTS broadcasts (
    id INTEGER PRIMARY KEY,
    sender TEXT NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    ext TEXT,
    level TEXT NOT NULL,
    timestamp INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS deleted_conversations (
    username TEXT NOT NULL,
    type TEXT NOT NULL,
    channel TEXT NOT NULL,
    delete_roam INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    PRIMARY KEY (username, type, channel)
) WITHOUT ROWID;
"""

MAX_EDITS: Final = 10
MAX_WAITING: Final = 500
"""Messages that the service keeps for one user who is offline."""
RECALL_MS: Final = 120_000
"""How long a message can be recalled."""

_EDITABLE: Final = frozenset({"txt", "custom"})
_LARGEST_ID: Final = (1 << 63) - 1
_HOUR_MS: Final = 3_600_000


@frozen
class Draft:
    """A message to be sent."""

    sender: str
    type: str
    body: Mapping[str, Any]
    ext: Mapping[str, Any] | None = None
    options: Mapping[str, Any] = {}
    """What else the request said, such as who shall not find it in the history."""


class Messages:
    """All messages of the app."""

    def __init__(self, connection: sqlite3.Connection, now_ms: Callable[[], int]) -> None:
        self._connection = connection
        self._now_ms = now_ms
        # 19 digits, beyond what a double holds exactly.
        self._ids = RisingIds(now_ms, self._newest_id, digits=6)
        self.on_delete: list[Callable[[Sequence[int]], None]] = []
        """Called with the ids of messages that are about to go."""

    def find(self, number: int) -> sqlite3.Row | None:
        """Look a message up."""
        if number > _LARGEST_ID:
            return None
        row: sqlite3.Row | None = self._connection.execute("SELECT * FROM messages WHERE id = ?", (number,)).fetchone()
        return row

    def send_to_users(
        self, draft: Draft, users: Iterable[str], *, only_online: bool, blocking: Collection[str] = ()
    ) -> dict[str, int]:
        """Send to users, and return the id of each one's message; it waits for those offline who do not block it.

        Names that nobody has are accepted too, as the service does not say that it refuses them.
        """
        names = list(dict.fromkeys(users))
        offline = {
            str(row["username"])
            for row in self._connection.execute(
                "SELECT username FROM users WHERE NOT online AND username IN (SELECT value FROM json_each(?))",
                (json_text(names),),
            )
        }
        waiting = set[str]() if only_online else offline.difference(blocking)
        return self._insert(draft, "chat", names, waiting, self._now_ms())

    def send_to_many(self, draft: Draft, chat_type: str, targets: Iterable[str]) -> dict[str, int]:
        """Send to groups or rooms, each of which is taken to exist."""
        return self._insert(draft, chat_type, list(dict.fromkeys(targets)), set(), self._now_ms())

    def import_one(self, draft: Draft, chat_type: str, target: str, timestamp: int | None) -> int:
        """Store an old message with its own time; it is delivered to nobody."""
        at = self._now_ms() if timestamp is None else timestamp
        return self._insert(draft, chat_type, [target], set(), at)[target]

    def broadcast(self, draft: Draft, level: str, rooms: Sequence[str]) -> int:
        """Send to those of the rooms that had a message before."""
        active = [
            str(row["recipient"])
            for row in self._connection.execute(
                "SELECT DISTINCT recipient FROM messages WHERE chat_type = 'chatroom'"
                " AND recipient IN (SELECT value FROM json_each(?))",
                (json_text(rooms),),
            )
        ]
        number = self._ids.next()
        now = self._now_ms()
        self._connection.execute(
            "INSERT INTO broadcasts VALUES (?, ?, ?, ?, ?, ?, ?)",
            (number, draft.sender, draft.type, json_text(draft.body), _optional_json(draft.ext), level, now),
        )
        self._insert(draft, "chatroom", active, set(), now)
        return number

    def modify(
        self, number: int, kind: str, body: Mapping[str, Any], ext: Mapping[str, Any] | None, *, merge_ext: bool
    ) -> None:
        """Edit a message."""
        message = self.find(number)
        if message is None:
            raise Refusal(404, "MessageUnavailableException", f"message {number} is unavailable or has expired")
        if message["type"] not in _EDITABLE or message["chat_type"] == "chatroom":
            raise Refusal(
                400,
                "UnsupportedMessageTypeException",
                f"{message['type']} messages of a {message['chat_type']} are currently not supported for modification",
            )
        if kind != message["type"]:
            raise illegal(f"invalid request: new_msg.type has to be {message['type']}, as the message is, got {kind}")
        if message["edits"] >= MAX_EDITS:
            raise Refusal(403, "EditLimitExceededException", f"message {number} has reached its edit limit")
        old: dict[str, Any] = parse(message["ext"]) if message["ext"] else {}
        new_ext = message["ext"] if ext is None else json_text({**old, **ext} if merge_ext else ext)
        self._connection.execute(
            "UPDATE messages SET body = ?, ext = ?, edits = edits + 1 WHERE id = ?", (json_text(body), new_ext, number)
        )

    def recall(self, number: int | None, to: str, chat_type: str, *, force: bool) -> str:
        """Take a message back; returns `yes` or the reason why not."""
        message = None if number is None else self.find(number)
        if message is None:
            return "yes" if force else "not_found msg"
        if (message["recipient"], message["chat_type"]) != (to, chat_type):
            return "can't find message to"
        if not force and self._now_ms() - message["timestamp"] > RECALL_MS:
            return "exceed call time limit"
        self._delete([message["id"]])
        return "yes"

    def delete_conversation(self, username: str, kind: str, channel: str, *, delete_roam: bool) -> None:
        """Note that a user dropped a conversation; the other side keeps it."""
        self._connection.execute(
            "INSERT OR REPLACE INTO deleted_conversations VALUES (?, ?, ?, ?, ?)",
            (username, kind, channel, delete_roam, self._now_ms()),
        )

    def count_waiting(self, username: str) -> int:
        """Count what waits for a user."""
        rows = self._connection.execute(
            "SELECT count(*) FROM (SELECT 1 FROM messages WHERE recipient = ? AND waiting LIMIT ?)",
            (username, MAX_WAITING),
        )
        return int(rows.fetchone()[0])

    def is_waiting(self, username: str, number: int) -> bool:
        """Whether one message waits for a user."""
        if number > _LARGEST_ID:
            return False
        rows = self._connection.execute(
            "SELECT 1 FROM messages WHERE id = ? AND recipient = ? AND waiting AND id > coalesce(("
            "SELECT id FROM messages WHERE recipient = ? AND waiting ORDER BY id DESC LIMIT 1 OFFSET ?), 0)",
            (number, username, username, MAX_WAITING),
        )
        return rows.fetchone() is not None

    def deliver(self, username: str) -> int:
        """Hand a user everything that waits, and return how much it was."""
        return self._connection.execute(
            "UPDATE messages SET waiting = 0 WHERE recipient = ? AND waiting", (username,)
        ).rowcount

    def of_hour(self, start_ms: int) -> Iterator[dict[str, Any]]:
        """Give the messages of one hour as the history file has them."""
        rows = self._connection.execute(
            "SELECT * FROM messages WHERE timestamp >= ? AND timestamp < ? ORDER BY timestamp, id",
            (start_ms, start_ms + _HOUR_MS),
        )
        return map(_record, rows)

    def any_in_hour(self, start_ms: int) -> bool:
        """Whether one hour had a message."""
        return next(self.of_hour(start_ms), None) is not None

    def forget(self, gone: Sequence[sqlite3.Row]) -> None:
        """Drop the messages to deleted users and their conversations; what they sent stays with its receivers."""
        names = [(user["username"],) for user in gone]
        for name in names:
            rows = self._connection.execute("SELECT id FROM messages WHERE recipient = ? AND chat_type = 'chat'", name)
            self._delete([row["id"] for row in rows])
        self._connection.executemany("DELETE FROM deleted_conversations WHERE username = ?", names)

    def _delete(self, ids: Sequence[int]) -> None:
        if ids:
            for hook in self.on_delete:
                hook(ids)
            self._connection.executemany("DELETE FROM messages WHERE id = ?", [(number,) for number in ids])

    def _insert(
        self, draft: Draft, chat_type: str, recipients: Sequence[str], waiting: set[str], timestamp: int
    ) -> dict[str, int]:
        body, ext, options = json_text(draft.body), _optional_json(draft.ext), json_text(draft.options)
        ids = {recipient: self._ids.next() for recipient in recipients}
        self._connection.executemany(
            "INSERT INTO messages (id, sender, recipient, chat_type, type, body, ext, options, timestamp, waiting)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (number, draft.sender, name, chat_type, draft.type, body, ext, options, timestamp, name in waiting)
                for name, number in ids.items()
            ],
        )
        return ids

    def _newest_id(self) -> int:
        row = self._connection.execute(
            "SELECT max(coalesce((SELECT max(id) FROM messages), 0), coalesce((SELECT max(id) FROM broadcasts), 0))"
        ).fetchone()
        return int(row[0])


def _record(message: sqlite3.Row) -> dict[str, Any]:
    parties = {"from": message["sender"], "to": message["recipient"]}
    payload: dict[str, Any] = {"bodies": [{"type": message["type"], **parse(message["body"])}], **parties}
    if message["ext"] is not None:
        payload["ext"] = parse(message["ext"])
    return {
        "msg_id": str(message["id"]),
        "timestamp": message["timestamp"],
        "direction": "outgoing",
        **parties,
        "chat_type": message["chat_type"],
        "payload": payload,
    }


def _optional_json(value: Any) -> str | None:
    return None if value is None else json_text(value)
