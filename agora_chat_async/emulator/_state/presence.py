"""Presence: states of devices, and who is told about them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from attrs import frozen

from agora_chat_async.emulator._state.queries import json_text

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS presence_devices (
    username TEXT NOT NULL,
    resource TEXT NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (username, resource)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS presences (
    username TEXT PRIMARY KEY,
    ext TEXT NOT NULL,
    last_time INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS presence_subscriptions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    subscriber TEXT NOT NULL,
    username TEXT NOT NULL,
    expiry INTEGER NOT NULL,
    UNIQUE (subscriber, username)
);
"""

MAX_EXPIRY: Final = 30 * 86_400
MAX_SUBSCRIPTIONS: Final = 3000

_MS: Final = 1000


@frozen
class Subscription:
    """A user whose presence somebody is told about, until a moment in seconds since 1970."""

    username: str
    expiry: int


class Presence:
    """The presence of all users; names that nobody has are users without a device."""

    def __init__(self, connection: sqlite3.Connection, now_ms: Callable[[], int]) -> None:
        self._connection = connection
        self._now_ms = now_ms

    def set_status(self, username: str, resource: str, status: str, ext: str) -> None:
        """Set the state of one device and the text that all devices share."""
        self._connection.execute(
            "INSERT OR REPLACE INTO presence_devices VALUES (?, ?, ?)", (username, resource, status)
        )
        self._connection.execute("INSERT OR REPLACE INTO presences VALUES (?, ?, ?)", (username, ext, self._now()))

    def came_or_went(self, username: str) -> None:
        """Note that a user just logged in or out."""
        self._connection.execute(
            "INSERT INTO presences VALUES (?, '', ?) ON CONFLICT DO UPDATE SET last_time = excluded.last_time",
            (username, self._now()),
        )

    def get(self, usernames: Iterable[str]) -> list[dict[str, Any]]:
        """Describe the presence of each user as the service does."""
        names = list(dict.fromkeys(usernames))
        wanted = (json_text(names),)
        known = {
            row["username"]: row
            for row in self._connection.execute(
                "SELECT * FROM presences WHERE username IN (SELECT value FROM json_each(?))", wanted
            )
        }
        devices: dict[str, dict[str, str]] = {name: {} for name in names}
        for row in self._connection.execute(
            "SELECT * FROM presence_devices WHERE username IN (SELECT value FROM json_each(?))", wanted
        ):
            devices[row["username"]][row["resource"]] = row["status"]
        return [
            {
                "uid": name,
                "last_time": str(known[name]["last_time"] if name in known else 0),
                "ext": known[name]["ext"] if name in known else "",
                "status": devices[name],
            }
            for name in names
        ]

    def subscribe(self, subscriber: str, usernames: Iterable[str], seconds: int) -> int:
        """Subscribe to users, and return the moment at which that ends; too many push out the shortest."""
        self._end_old()
        expiry = self._now() + min(seconds, MAX_EXPIRY)
        self._connection.executemany(
            "INSERT INTO presence_subscriptions (subscriber, username, expiry) VALUES (?, ?, ?)"
            " ON CONFLICT (subscriber, username) DO UPDATE SET expiry = excluded.expiry",
            [(subscriber, username, expiry) for username in usernames],
        )
        self._connection.execute(
            "DELETE FROM presence_subscriptions WHERE seq IN (SELECT seq FROM presence_subscriptions"
            " WHERE subscriber = ? ORDER BY expiry DESC, seq DESC LIMIT -1 OFFSET ?)",
            (subscriber, MAX_SUBSCRIPTIONS),
        )
        return expiry

    def unsubscribe(self, subscriber: str, usernames: Iterable[str]) -> None:
        """End subscriptions, where there are any."""
        self._connection.executemany(
            "DELETE FROM presence_subscriptions WHERE subscriber = ? AND username = ?",
            [(subscriber, username) for username in usernames],
        )

    def subscriptions(self, subscriber: str, number: int, size: int) -> tuple[int, list[Subscription]]:
        """Return how many subscriptions a user has, and one page of them."""
        self._end_old()
        rows = self._connection.execute(
            "SELECT * FROM presence_subscriptions WHERE subscriber = ? ORDER BY seq", (subscriber,)
        ).fetchall()
        page = rows[(number - 1) * size : number * size]
        return len(rows), [Subscription(row["username"], row["expiry"]) for row in page]

    def forget(self, gone: Sequence[sqlite3.Row]) -> None:
        """Drop the presence and the subscriptions of deleted users."""
        names = [(user["username"],) for user in gone]
        self._connection.executemany("DELETE FROM presence_devices WHERE username = ?", names)
        self._connection.executemany("DELETE FROM presences WHERE username = ?", names)
        self._connection.executemany("DELETE FROM presence_subscriptions WHERE ? IN (subscriber, username)", names)

    def _end_old(self) -> None:
        self._connection.execute("DELETE FROM presence_subscriptions WHERE expiry <= ?", (self._now(),))

    def _now(self) -> int:
        return self._now_ms() // _MS
