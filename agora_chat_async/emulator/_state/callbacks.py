"""Callbacks that could not be delivered, by ten minutes; the emulator itself sends none."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from agora_chat_async.emulator._errors import illegal

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS stored_callbacks (
    at INTEGER PRIMARY KEY,
    size INTEGER NOT NULL,
    retry INTEGER NOT NULL DEFAULT 0
);
"""

_BATCH_MS: Final = 600_000
_KEPT_MS: Final = 3 * 86_400_000


class Callbacks:
    """What was stored in the last three days."""

    def __init__(self, connection: sqlite3.Connection, now_ms: Callable[[], int]) -> None:
        self._connection = connection
        self._now_ms = now_ms

    def store(self, count: int) -> str:
        """Store some callbacks that failed just now, and return the date of their batch."""
        at = self._now_ms() // _BATCH_MS * _BATCH_MS
        self._connection.execute(
            "INSERT INTO stored_callbacks (at, size) VALUES (?, ?)"
            " ON CONFLICT (at) DO UPDATE SET size = size + excluded.size",
            (at, count),
        )
        return _date(at)

    def batches(self) -> list[dict[str, str | int]]:
        """Describe what is stored, oldest first."""
        self._connection.execute("DELETE FROM stored_callbacks WHERE at <= ?", (self._now_ms() - _KEPT_MS,))
        rows = self._connection.execute("SELECT * FROM stored_callbacks ORDER BY at")
        return [{"date": _date(row["at"]), "size": row["size"], "retry": row["retry"]} for row in rows]

    def resend(self, date: str) -> None:
        """Count that a batch was sent again."""
        if date not in {batch["date"] for batch in self.batches()}:
            raise illegal(f"invalid request: no callbacks are stored under {date}")
        at = int(datetime.strptime(date, "%Y%m%d%H%M").replace(tzinfo=UTC).timestamp() * 1000)
        self._connection.execute("UPDATE stored_callbacks SET retry = retry + 1 WHERE at = ?", (at,))


def _date(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y%m%d%H%M")
