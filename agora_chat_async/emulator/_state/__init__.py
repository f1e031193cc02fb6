"""The data of the emulated app and its rules, a module a resource group; nothing here knows of HTTP.

A module has the `SCHEMA` of its tables and a class with the rules; both are named here. What a deleted user leaves
behind is cleared by the hooks in `Users.on_delete`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from agora_chat_async.emulator._database import Database
from agora_chat_async.emulator._state import messages, tokens, users
from agora_chat_async.emulator._state.messages import Messages
from agora_chat_async.emulator._state.tokens import Tokens
from agora_chat_async.emulator._state.users import Users

_SCHEMAS: Final = (users.SCHEMA, messages.SCHEMA, tokens.SCHEMA)


class State:
    """Everything that the app remembers; its methods run in the database's thread."""

    def __init__(self, path: str, now: Callable[[], float]) -> None:
        def now_ms() -> int:
            return int(now() * 1000)

        self.database = Database(path, _SCHEMAS)
        connection = self.database.connection
        self.users = Users(connection, now_ms)
        self.messages = Messages(connection, now_ms)
        self.tokens = Tokens(connection, now_ms)
        self.users.on_delete += [self.messages.forget, self.tokens.forget]

    def counts(self) -> dict[str, int]:
        """Tell how many rows each table has."""
        connection = self.database.connection
        tables = [
            str(row["name"])
            for row in connection.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
            )
        ]
        return {table: _scalar(connection.execute(f"SELECT count(*) FROM {table}")) for table in tables}  # noqa: S608

    def clear(self) -> None:
        """Empty every table."""
        for table in self.counts():
            self.database.connection.execute(f"DELETE FROM {table}")  # noqa: S608


def _scalar(rows: Any) -> int:
    return int(rows.fetchone()[0])
