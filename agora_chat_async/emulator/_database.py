"""The one SQLite connection, which lives in a thread of its own so that no query holds up the event loop."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Final, TypeVar
from zlib import crc32

T = TypeVar("T")

_MODES: Final = slice(18, 20)
"""Bytes of a database file that tell its journal's kind; a database in memory has no write-ahead log."""
_NO_WAL: Final = b"\x01\x01"
_LARGEST_VERSION: Final = 0x7FFF_FFFF


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

    async def snapshot(self) -> bytes:
        """Return the whole database as the bytes of a file."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, self._copied)

    async def restore(self, content: bytes) -> None:
        """Put what a snapshot holds in the place of everything."""
        await asyncio.get_running_loop().run_in_executor(self._worker, self._replace, content)

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

    def _copied(self) -> bytes:
        with closing(sqlite3.connect(":memory:")) as copy:
            self.connection.backup(copy)
            content = copy.serialize()
        return content[: _MODES.start] + _NO_WAL + content[_MODES.stop :]

    def _replace(self, content: bytes) -> None:
        with closing(sqlite3.connect(":memory:")) as given:
            try:
                given.deserialize(content)
                version = _version(given)
            except (sqlite3.Error, MemoryError):
                raise ValueError("this is no snapshot") from None
            if version != _version(self.connection):
                raise ValueError("this is no snapshot of this version of the emulator")
            given.backup(self.connection)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _refuse_stranger(connection: sqlite3.Connection, path: str, version: int) -> None:
    is_new = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    if not is_new and _version(connection) != version:
        raise ValueError(f"{path} was not made by this version of the emulator")


def _open(path: str, schemas: tuple[str, ...]) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path, isolation_level=None, cached_statements=512)
    except sqlite3.Error as error:
        raise ValueError(f"database {path}: {error}") from None
    try:
        connection.row_factory = sqlite3.Row
        if path != ":memory:":
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA temp_store = MEMORY")
        version = crc32("".join(schemas).encode()) & _LARGEST_VERSION
        _refuse_stranger(connection, path, version)
        for schema in schemas:
            connection.executescript(schema)
        connection.execute(f"PRAGMA user_version = {version}")
    except BaseException:
        connection.close()
        raise
    return connection
