"""The one SQLite connection, which lives in a thread of its own so that no query holds up the event loop."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Database:
    """Runs each piece of work as one transaction, one after the other."""

    def __init__(self, path: str, schemas: Iterable[str]) -> None:
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="emulator-database")
        self._closed = False
        try:
            self.connection: sqlite3.Connection = self._worker.submit(_open, path, tuple(schemas)).result()
        except BaseException:
            self._worker.shutdown()
            raise

    async def run(self, work: Callable[[], T]) -> T:
        """Do the work in a transaction that an error rolls back."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, self._transact, work)

    def run_blocking(self, work: Callable[[], T]) -> T:
        """Do the same without an event loop."""
        return self._worker.submit(self._transact, work).result()

    async def aclose(self) -> None:
        """Close the connection after the work that is under way."""
        if not self._closed:
            self._closed = True
            await asyncio.get_running_loop().run_in_executor(self._worker, self.connection.close)
            self._worker.shutdown()

    def _transact(self, work: Callable[[], T]) -> T:
        self.connection.execute("BEGIN")
        try:
            result = work()
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")
        return result


def _open(path: str, schemas: tuple[str, ...]) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=512)
    try:
        connection.row_factory = sqlite3.Row
        if path != ":memory:":
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA temp_store = MEMORY")
        for schema in schemas:
            connection.executescript(schema)
    except BaseException:
        connection.close()
        raise
    return connection
