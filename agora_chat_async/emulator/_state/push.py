"""Push: how users want to be notified, templates, and notifications on their way."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from agora_chat_async.emulator._errors import Refusal, illegal, no_user_property, push_illegal, push_limit
from agora_chat_async.emulator._state.ids import RisingIds
from agora_chat_async.emulator._state.queries import scalar
from agora_chat_async.emulator._state.users import Users, entity

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS push_users (
    user INTEGER PRIMARY KEY,
    notification_display_style INTEGER,
    notification_no_disturbing INTEGER,
    notification_no_disturbing_start INTEGER,
    notification_no_disturbing_end INTEGER,
    language TEXT
);
CREATE TABLE IF NOT EXISTS push_notifications (
    user INTEGER NOT NULL,
    chat_type TEXT NOT NULL,
    key TEXT NOT NULL,
    type TEXT,
    ignoreInterval TEXT,
    ignoreDuration INTEGER,
    PRIMARY KEY (user, chat_type, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS push_templates (
    name TEXT PRIMARY KEY,
    title_pattern TEXT NOT NULL,
    content_pattern TEXT NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS push_tasks (
    id INTEGER PRIMARY KEY,
    done INTEGER NOT NULL
);
"""

_DISPLAYED: Final = (
    "notification_display_style",
    "notification_no_disturbing",
    "notification_no_disturbing_start",
    "notification_no_disturbing_end",
)
_SETTINGS: Final = ("type", "ignoreInterval", "ignoreDuration")
_HOUR_MS: Final = 3_600_000
_LATEST_MS: Final = 30 * 24 * _HOUR_MS
_MAX_TASKS: Final = 3
_SERVICES_ONLY: Final = 2
_ONLINE_ONLY: Final = 4


class Push:
    """Settings of users, templates and tasks; nobody has a device that other push services know."""

    def __init__(self, connection: sqlite3.Connection, now_ms: Callable[[], int], users: Users) -> None:
        self._connection = connection
        self._now_ms = now_ms
        self._users = users
        self._task_ids = RisingIds(now_ms, self._newest_task, digits=5)

    def display(self, name: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change nickname, style or quiet hours of a user, and describe the user with what was ever set."""
        user = self._user(name)
        self._connection.execute(
            "UPDATE users SET nickname = coalesce(?, nickname), modified = ? WHERE seq = ?",
            (changes.get("nickname"), self._now_ms(), user["seq"]),
        )
        self._keep(user, {field: changes[field] for field in _DISPLAYED if field in changes})
        return self.described(self._user(name))

    def described(self, user: sqlite3.Row) -> dict[str, Any]:
        """Describe a user with what was ever set."""
        kept = self._kept(user)
        described: dict[str, Any] = entity(user) | {field: kept[field] for field in _DISPLAYED if field in kept}
        if "notification_no_disturbing" in kept:
            described["notification_no_disturbing"] = bool(kept["notification_no_disturbing"])
        return described

    def set_language(self, name: str, language: str) -> None:
        """Set the language of a user's notifications."""
        self._keep(self._user(name), {"language": language})

    def language(self, name: str) -> str | None:
        """Tell the language of a user's notifications."""
        language: str | None = self._kept(self._user(name)).get("language")
        return language

    def set_notifications(self, name: str, chat_type: str, key: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change what is pushed to a user; what is not named stays. A duration is kept as the moment of its end."""
        user = self._user(name)
        if changes.get("type") == "DEFAULT" and chat_type == "user" and key == user["username"]:
            raise illegal("parameters is invalid : type DEFAULT is for conversations only")
        settings = {**self.notifications(name, chat_type, key), **changes}
        if changes.get("ignoreDuration"):
            settings["ignoreDuration"] += self._now_ms()
        self._connection.execute(
            "INSERT OR REPLACE INTO push_notifications VALUES (?, ?, ?, ?, ?, ?)",
            (user["seq"], chat_type, key, *(settings.get(field) for field in _SETTINGS)),
        )
        return settings

    def notifications(self, name: str, chat_type: str, key: str) -> dict[str, Any]:
        """Tell what was set for a user's app or conversation."""
        row = self._connection.execute(
            "SELECT * FROM push_notifications WHERE user = ? AND chat_type = ? AND key = ?",
            (self._user(name)["seq"], chat_type, key),
        ).fetchone()
        return {field: row[field] for field in _SETTINGS if row is not None and row[field] is not None}

    def create_template(self, name: str, title_pattern: str, content_pattern: str) -> sqlite3.Row:
        """Make a template, whose name has to be free."""
        now = self._now_ms()
        try:
            self._connection.execute(
                "INSERT INTO push_templates VALUES (?, ?, ?, ?, ?)",
                (name, title_pattern, content_pattern, now, now),
            )
        except sqlite3.IntegrityError:
            raise Refusal(400, "duplicate_unique_property_exists", f"template {name} already exists") from None
        return self.template(name)

    def template(self, name: str) -> sqlite3.Row:
        """Look a template up, which has to exist."""
        row: sqlite3.Row | None = self._connection.execute(
            "SELECT * FROM push_templates WHERE name = ?", (name,)
        ).fetchone()
        if row is None:
            raise Refusal(400, "EntityNotFoundException", f"{name} template is not exist")
        return row

    def update_template(self, name: str, title_pattern: str, content_pattern: str) -> sqlite3.Row:
        """Change what a template says."""
        self.template(name)
        self._connection.execute(
            "UPDATE push_templates SET title_pattern = ?, content_pattern = ?, updated = ? WHERE name = ?",
            (title_pattern, content_pattern, self._now_ms(), name),
        )
        return self.template(name)

    def delete_template(self, name: str) -> sqlite3.Row:
        """Delete a template and return what it was."""
        template = self.template(name)
        self._connection.execute("DELETE FROM push_templates WHERE name = ?", (name,))
        return template

    def deliver(self, name: str, strategy: int) -> tuple[bool, str]:
        """Tell whether a user gets a notification now, and why not."""
        user = self._users.find(name)
        if user is None:
            return False, "appUser not exists"
        if strategy == _SERVICES_ONLY:
            return False, "no push binding"
        if strategy == _ONLINE_ONLY and not user["online"]:
            return False, "user is offline"
        return True, ""

    def start_task(self, start_ms: int | None, *, waits: bool) -> int:
        """Start a task, which is done at once; `waits` are those that take a place until their start."""
        now = self._now_ms()
        if start_ms is not None and not now + _HOUR_MS <= start_ms <= now + _LATEST_MS:
            raise push_illegal("startDate has to lie at least one hour and at most 30 days ahead")
        running = scalar(self._connection, "SELECT count(*) FROM push_tasks WHERE done > ?", now)
        if running >= _MAX_TASKS:
            raise push_limit(f"{_MAX_TASKS} push tasks are running")
        number = self._task_ids.next()
        self._connection.execute(
            "INSERT INTO push_tasks VALUES (?, ?)", (number, start_ms if waits and start_ms is not None else now)
        )
        return number

    def forget(self, users: Sequence[sqlite3.Row]) -> None:
        """Drop the settings of users that go."""
        gone = [(user["seq"],) for user in users]
        self._connection.executemany("DELETE FROM push_users WHERE user = ?", gone)
        self._connection.executemany("DELETE FROM push_notifications WHERE user = ?", gone)

    def _user(self, name: str) -> sqlite3.Row:
        user = self._users.find(name)
        if user is None:
            raise no_user_property(name)
        return user

    def _keep(self, user: sqlite3.Row, changes: Mapping[str, Any]) -> dict[str, Any]:
        kept = {**self._kept(user), **changes}
        fields = (*_DISPLAYED, "language")
        self._connection.execute(
            "INSERT OR REPLACE INTO push_users VALUES (?, ?, ?, ?, ?, ?)",
            (user["seq"], *(kept.get(field) for field in fields)),
        )
        return kept

    def _kept(self, user: sqlite3.Row) -> dict[str, Any]:
        row = self._connection.execute("SELECT * FROM push_users WHERE user = ?", (user["seq"],)).fetchone()
        return {} if row is None else {field: row[field] for field in row.keys()[1:] if row[field] is not None}

    def _newest_task(self) -> int:
        return scalar(self._connection, "SELECT coalesce(max(id), 0) FROM push_tasks")
