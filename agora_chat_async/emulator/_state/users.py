"""Users: who is registered, banned, online."""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from attrs import field, frozen

from agora_chat_async.emulator._errors import Refusal, illegal, name_taken, no_such_user, no_user_property
from agora_chat_async.emulator._state.cursors import cursor_of, place_of
from agora_chat_async.emulator._state.queries import json_text, scalar

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS users (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL UNIQUE,
    uuid TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    activated INTEGER NOT NULL DEFAULT 1,
    online INTEGER NOT NULL DEFAULT 0,
    nickname TEXT,
    password TEXT
);
"""

_LEGAL: Final = re.compile(r"[a-z0-9_.\-]{1,64}")
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CHUNK: Final = 10_000


@frozen
class Applicant:
    """A user to register."""

    username: str
    password: str | None = field(default=None, repr=False)
    nickname: str | None = None


@frozen
class Page:
    """Some users, oldest first, and where the next ones begin."""

    users: Sequence[sqlite3.Row]
    cursor: str | None


class Users:
    """The users of the app, in the order of registration."""

    def __init__(self, connection: sqlite3.Connection, now_ms: Callable[[], int]) -> None:
        self._connection = connection
        self._now_ms = now_ms
        self.on_delete: list[Callable[[Sequence[sqlite3.Row]], None]] = []
        """Called with users that are about to go, so that other groups drop what belongs to them."""
        self.on_login: list[Callable[[str], None]] = []
        """Called with the name of a user who logged in or out."""

    def create(self, applicant: Applicant) -> sqlite3.Row:
        """Register one user."""
        created, taken = self.create_many([applicant])
        if taken:
            raise name_taken(taken[0])
        return created[0]

    def create_many(
        self, applicants: Sequence[Applicant], *, all_or_none: bool = False
    ) -> tuple[list[sqlite3.Row], list[str]]:
        """Register users, and return those created and the names that were taken, both in the order given."""
        for applicant in applicants:
            if not _LEGAL.fullmatch(applicant.username):
                raise illegal(f"username {applicant.username} is not legal: 1 to 64 of the characters a-z 0-9 _ - .")
        passwords = dict[str, str | None]()
        for applicant in applicants:
            if passwords.setdefault(applicant.username, applicant.password) != applicant.password:
                raise name_taken(applicant.username)
        used = {str(row["username"]) for row in self._named(passwords)}
        fresh, taken = list[Applicant](), list[str]()
        for applicant in applicants:
            if applicant.username in used:
                taken.append(applicant.username)
            else:
                fresh.append(applicant)
                used.add(applicant.username)
        if taken and all_or_none:
            raise name_taken(taken[0])
        self._insert(fresh)
        rows = {str(row["username"]): row for row in self._named(applicant.username for applicant in fresh)}
        return [rows[applicant.username] for applicant in fresh], taken

    def seed(self, applicants: Iterable[Applicant]) -> int:
        """Register many users at once, leaving out the names that are taken; return how many are new."""
        before, waiting = self.count(), list[Applicant]()
        for applicant in applicants:
            if not _LEGAL.fullmatch(applicant.username):
                raise illegal(f"username {applicant.username} is not legal")
            waiting.append(applicant)
            if len(waiting) == _CHUNK:
                self._insert(waiting, or_ignore=True)
                waiting.clear()
        self._insert(waiting, or_ignore=True)
        return self.count() - before

    def count(self) -> int:
        """Tell how many users there are."""
        return scalar(self._connection, "SELECT count(*) FROM users")

    def are_more_than(self, most: int) -> bool:
        """Whether there are more users than so many; counted only where that can be."""
        newest = scalar(self._connection, "SELECT coalesce(max(seq), 0) FROM users")
        return newest > most and self.count() > most

    def find(self, name: str) -> sqlite3.Row | None:
        """Look a user up by name, whose case does not matter, else by uuid."""
        name = name.lower()
        row: sqlite3.Row | None = self._connection.execute("SELECT * FROM users WHERE username = ?", (name,)).fetchone()
        if row is None and _UUID.fullmatch(name):
            row = self._connection.execute("SELECT * FROM users WHERE uuid = ?", (name,)).fetchone()
        return row

    def get(self, name: str) -> sqlite3.Row:
        """Look a user up by name or uuid, who has to exist."""
        row = self.find(name)
        if row is None:
            raise no_such_user(name)
        return row

    def page(self, limit: int, cursor: str | None) -> Page:
        """Return the users after a cursor."""
        rows = self._after(cursor, limit + 1)
        return Page(rows[:limit], cursor_of("user", rows[limit - 1]["seq"]) if len(rows) > limit else None)

    def delete(self, name: str) -> sqlite3.Row:
        """Delete one user and return what was there."""
        user = self.get(name)
        self._delete([user])
        return user

    def delete_oldest(self, limit: int, cursor: str | None) -> Page:
        """Delete users in the order of registration, beginning after a cursor."""
        page = self.page(limit, cursor)
        self._delete(page.users)
        return page

    def set_password(self, name: str, password: str) -> sqlite3.Row:
        """Change the password; devices are logged out. Here the service has another name for an unknown user."""
        user = self.find(name)
        if user is None:
            raise Refusal(404, "entity_not_found", f"Entity user {name} not found", other=no_user_property(name))
        self._connection.execute(
            "UPDATE users SET password = ?, modified = ? WHERE seq = ?",
            (_digest(password), self._now_ms(), user["seq"]),
        )
        self._go(user, online=False)
        return user

    def ban(self, name: str) -> sqlite3.Row:
        """Deactivate a user, who goes offline."""
        user = self.get(name)
        self._connection.execute("UPDATE users SET activated = 0 WHERE seq = ?", (user["seq"],))
        self._go(user, online=False)
        return self.get(user["username"])

    def unban(self, name: str) -> None:
        """Activate a user, who stays offline until the next login."""
        self._connection.execute("UPDATE users SET activated = 1 WHERE seq = ?", (self.get(name)["seq"],))

    def set_online(self, name: str, *, online: bool) -> sqlite3.Row:
        """Log a user in or out; a banned one cannot log in."""
        user = self.get(name)
        if online and not user["activated"]:
            raise illegal(f"user {name} is banned and cannot log in")
        self._go(user, online=online)
        return user

    def online_among(self, names: Iterable[str]) -> set[str]:
        """Return those of the names whose users are online."""
        return {str(row["username"]) for row in self._named(names) if row["online"]}

    def _go(self, user: sqlite3.Row, *, online: bool) -> None:
        if bool(user["online"]) != online:
            self._connection.execute("UPDATE users SET online = ? WHERE seq = ?", (online, user["seq"]))
            for told in self.on_login:
                told(user["username"])

    def _named(self, names: Iterable[str]) -> list[sqlite3.Row]:
        return self._connection.execute(
            "SELECT * FROM users WHERE username IN (SELECT value FROM json_each(?))", (json_text(list(names)),)
        ).fetchall()

    def _insert(self, applicants: Sequence[Applicant], *, or_ignore: bool = False) -> None:
        now = self._now_ms()
        self._connection.executemany(
            f"INSERT {'OR IGNORE ' if or_ignore else ''}INTO users"  # noqa: S608
            " (username, uuid, created, modified, nickname, password) VALUES (?, ?, ?, ?, ?, ?)",
            [
                (one.username, uuid, now, now, one.nickname, _digest(one.password))
                for one, uuid in zip(applicants, _uuids(len(applicants), now), strict=True)
            ],
        )

    def _after(self, cursor: str | None, limit: int) -> list[sqlite3.Row]:
        return self._connection.execute(
            "SELECT * FROM users WHERE seq > ? ORDER BY seq LIMIT ?", (place_of("user", cursor) if cursor else 0, limit)
        ).fetchall()

    def _delete(self, users: Sequence[sqlite3.Row]) -> None:
        for hook in self.on_delete:
            hook(users)
        self._connection.executemany("DELETE FROM users WHERE seq = ?", [(user["seq"],) for user in users])


def entity(user: sqlite3.Row) -> dict[str, Any]:
    """Return a user as the service describes one."""
    described: dict[str, Any] = {
        "uuid": user["uuid"],
        "type": "user",
        "created": user["created"],
        "modified": user["modified"],
        "username": user["username"],
        "activated": bool(user["activated"]),
    }
    if user["nickname"] is not None:
        described["nickname"] = user["nickname"]
    return described


def _uuids(count: int, now_ms: int) -> list[str]:
    # Beginning with the time they come in rising order, which keeps their index quick to fill.
    time, digits = f"{now_ms:012x}", os.urandom(10 * count).hex()
    return [
        f"{time[:8]}-{time[8:]}-7{one[:3]}-a{one[3:6]}-{one[6:18]}"
        for one in (digits[start : start + 20] for start in range(0, len(digits), 20))
    ]


def _digest(password: str | None) -> str | None:
    return None if password is None else hashlib.sha256(password.encode()).hexdigest()
