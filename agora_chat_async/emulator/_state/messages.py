"""Messages: one row for each receiver, and the rules of editing and recalling them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from attrs import evolve, frozen

from agora_chat_async._json import parse
from agora_chat_async.emulator._errors import Refusal, illegal
from agora_chat_async.emulator._state.ids import RisingIds
from agora_chat_async.emulator._state.offline import Offline
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
    dropped INTEGER NOT NULL,
    edits INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS messages_by_time ON messages (timestamp);
CREATE INDEX IF NOT EXISTS messages_by_recipient ON messages (recipient, chat_type);
CREATE INDEX IF NOT EXISTS messages_by_sender ON messages (sender);
CREATE TABLE IF NOT EXISTS broadcasts (
    id INTEGER PRIMARY KEY,
    sender TEXT NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    ext TEXT,
    level TEXT NOT NULL,
    timestamp INTEGER NOT NULL
);
"""

MAX_EDITS: Final = 10

_EDITABLE: Final = frozenset({"txt", "custom"})
_HOUR_MS: Final = 3_600_000
_SECOND_MS: Final = 1000


@frozen
class Draft:
    """A message to be sent."""

    sender: str
    type: str
    body: Mapping[str, Any]
    ext: Mapping[str, Any] | None = None
    options: Mapping[str, Any] = {}
    """What else the request said, such as who shall not find it in the history."""

    def only_for(self, usernames: Sequence[str]) -> Draft:
        """Return the same for some members of the group or room that it goes to."""
        return evolve(self, options={**self.options, "users": list(usernames)})


class Messages:
    """All messages of the app."""

    def __init__(self, connection: sqlite3.Connection, now_ms: Callable[[], int], offline: Offline) -> None:
        self._connection = connection
        self._now_ms = now_ms
        self._offline = offline
        # 19 digits, beyond what a double holds exactly.
        self._ids = RisingIds(now_ms, self.newest_id, digits=6)
        self.on_delete: list[Callable[[Sequence[int]], None]] = [offline.drop]
        """Called with the ids of messages that are about to go."""

    def find(self, number: int) -> sqlite3.Row | None:
        """Look a message up."""
        row: sqlite3.Row | None = self._connection.execute("SELECT * FROM messages WHERE id = ?", (number,)).fetchone()
        return row

    def send_to_users(
        self, draft: Draft, users: Iterable[str], *, only_online: bool, blocking: Collection[str] = ()
    ) -> dict[str, int]:
        """Send to users, and return the id of each one's message; it waits for those offline who do not block it.

        Names that nobody has are accepted too, as the service does not say that it refuses them.
        """
        names = list(dict.fromkeys(users))
        offline = self._offline.offline_among(names)
        dropped = offline.union(blocking) if only_online else set(blocking)
        ids = self._insert(draft, "chat", names, self._now_ms(), dropped)
        self._offline.keep((name, number) for name, number in ids.items() if name in offline - dropped)
        return ids

    def send_to_many(
        self, draft: Draft, chat_type: str, targets: Iterable[str], *, only_online: bool = False
    ) -> dict[str, int]:
        """Send to groups or rooms, each of which is taken to exist; it waits for members of groups who are offline."""
        ids = self._insert(draft, chat_type, list(dict.fromkeys(targets)), self._now_ms())
        if chat_type == "groupchat" and not only_online:
            for group_id, number in ids.items():
                self._offline.keep_for_group(group_id, draft.sender, number, draft.options.get("users"))
        return ids

    def import_one(self, draft: Draft, chat_type: str, target: str, timestamp: int | None) -> int:
        """Store an old message with its own time; it is delivered to nobody."""
        at = self._now_ms() if timestamp is None else timestamp
        return self._insert(draft, chat_type, [target], at)[target]

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
        self._insert(draft, "chatroom", active, now)
        return number

    def modify(
        self,
        number: int,
        kind: str,
        body: Mapping[str, Any],
        ext: Mapping[str, Any] | None,
        *,
        merge_ext: bool,
        kept_ms: int,
    ) -> None:
        """Edit a message, which the service keeps for a time."""
        message = self.find(number)
        if message is None or message["timestamp"] + kept_ms <= self._now_ms():
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

    def recall(self, number: int | None, to: str, chat_type: str, *, force: bool, window: int) -> str:
        """Take a message back, within so many seconds unless forced; returns `yes` or the reason why not."""
        message = None if number is None else self.find(number)
        if message is None:
            return "yes" if force else "not_found msg"
        if (message["recipient"], message["chat_type"]) != (to, chat_type):
            return "can't find message to"
        if not force and self._now_ms() - message["timestamp"] > window * _SECOND_MS:
            return "exceed call time limit"
        self._delete([message["id"]])
        return "yes"

    def attachments(self, number: int) -> list[str]:
        """Return the ids of the files that a message is about, its own and that of its thumbnail."""
        message = self.find(number)
        body: dict[str, Any] = {} if message is None else parse(message["body"])
        urls = [url for name in ("url", "thumb") if isinstance(url := body.get(name), str)]
        return [url.rpartition("/chatfiles/")[2] for url in urls if "/chatfiles/" in url]

    def of_hour(self, start_ms: int) -> Iterator[dict[str, Any]]:
        """Give the messages of one hour as the history file has them."""
        rows = self._connection.execute(
            "SELECT * FROM messages WHERE timestamp >= ? AND timestamp < ? ORDER BY timestamp, id",
            (start_ms, start_ms + _HOUR_MS),
        )
        return map(record, rows)

    def any_in_hour(self, start_ms: int) -> bool:
        """Whether one hour had a message."""
        return next(self.of_hour(start_ms), None) is not None

    def forget(self, gone: Sequence[sqlite3.Row]) -> None:
        """Drop the messages to deleted users; what they sent stays with its receivers."""
        names = [(user["username"],) for user in gone]
        for name in names:
            rows = self._connection.execute("SELECT id FROM messages WHERE recipient = ? AND chat_type = 'chat'", name)
            self._delete([row["id"] for row in rows])

    def _delete(self, ids: Sequence[int]) -> None:
        if ids:
            for hook in self.on_delete:
                hook(ids)
            self._connection.executemany("DELETE FROM messages WHERE id = ?", [(number,) for number in ids])

    def _insert(
        self,
        draft: Draft,
        chat_type: str,
        recipients: Sequence[str],
        timestamp: int,
        dropped: Collection[str] = (),
    ) -> dict[str, int]:
        body, ext, options = json_text(draft.body), _optional_json(draft.ext), json_text(draft.options)
        ids = {recipient: self._ids.next() for recipient in recipients}
        self._connection.executemany(
            "INSERT INTO messages (id, sender, recipient, chat_type, type, body, ext, options, timestamp, dropped)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (number, draft.sender, name, chat_type, draft.type, body, ext, options, timestamp, name in dropped)
                for name, number in ids.items()
            ],
        )
        return ids

    def newest_id(self) -> int:
        """Return the id given out last."""
        row = self._connection.execute(
            "SELECT max(coalesce((SELECT max(id) FROM messages), 0), coalesce((SELECT max(id) FROM broadcasts), 0))"
        ).fetchone()
        return int(row[0])


def record(message: sqlite3.Row) -> dict[str, Any]:
    """Describe a message as history files do."""
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
