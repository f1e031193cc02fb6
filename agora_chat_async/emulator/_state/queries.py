"""What the queries of several modules have in common."""

from __future__ import annotations

import sqlite3
from typing import Any

from agora_chat_async._json import encode


def scalar(connection: sqlite3.Connection, query: str, *values: Any) -> int:
    """Run a query that has one number as its result."""
    return int(connection.execute(query, values).fetchone()[0])


def json_text(value: Any) -> str:
    """Write a value as JSON, to be kept, or to be read by SQLite's `json_each`."""
    return encode(value).decode()
