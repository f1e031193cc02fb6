"""Quotas shared by the processes of one machine, in one SQLite file."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import orjson

from agora_chat_async._checks import seconds
from agora_chat_async.errors import InvalidArgument
from agora_chat_async.stores._ledger import BucketLog, converse, new_fleet, new_log
from agora_chat_async.stores._protocol import News, Reply

_SCHEMA: Final = "CREATE TABLE IF NOT EXISTS quota (app TEXT, part TEXT, state TEXT NOT NULL, PRIMARY KEY (app, part))"


def machine_time() -> int:
    """Microseconds of a clock that all processes of this machine share and that nobody sets, sleep included."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(clock) // 1000


class SQLiteStore:
    """Shares quotas among processes of one machine, through a file that all of them open.

    The file must be on a local disk, since SQLite's locks do not hold on network file systems. Quotas a day survive a
    restart in it. All work with the file is done in a thread of the store's own.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, timeout: float = 0.2, clock: Callable[[], int] = machine_time
    ) -> None:
        """Make a store for one session; the file is opened with the session.

        Args:
            path: The file, which is made where there is none; its directory has to exist.
            timeout: Seconds after which a file that is locked or slow is done without.
            clock: Microseconds of a clock that all users of the file share.

        Raises:
            InvalidArgument: The directory does not exist.
        """
        self._path = Path(path)
        if not self._path.parent.is_dir():
            raise InvalidArgument("path", str(path), "its directory has to exist")
        self.timeout: float = seconds("timeout", timeout)
        self._clock = clock
        self._app = ""
        self._database: sqlite3.Connection | None = None
        self._thread: ThreadPoolExecutor | None = None

    def __repr__(self) -> str:
        return f"SQLiteStore({str(self._path)!r})"

    async def open(self, app: str) -> None:
        """Start the thread; the file is opened when it is first used, and again after a failure."""
        if self._thread is not None:
            raise InvalidArgument("store", self, "a store that no other session uses")
        self._app = app
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="agora-chat-quota")

    async def converse(self, news: News) -> Reply:
        """Note a message in the file, in one transaction."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.note, news)

    async def aclose(self) -> None:
        """Close the file and end the thread."""
        thread, self._thread = self._thread, None
        if thread is not None:
            try:
                await asyncio.get_running_loop().run_in_executor(thread, self._close)
            finally:
                thread.shutdown(wait=False)

    def note(self, news: News) -> Reply:
        """As `converse`, in the thread that calls."""
        try:
            database = self._database or self._connect()
            with database:  # which commits, or rolls back
                database.execute("BEGIN IMMEDIATE")
                return self._converse(database, news)
        except sqlite3.Error:
            self._close()
            raise

    def _converse(self, database: sqlite3.Connection, news: News) -> Reply:
        now = self._clock()
        asked = ["", *(each.name for each in news.buckets)]
        marks = ",".join("?" * len(asked))
        query = f"SELECT part, state FROM quota WHERE app = ? AND part IN ({marks})"  # noqa: S608 - marks only
        parts: dict[str, Any] = {
            part: orjson.loads(state) for part, state in database.execute(query, (self._app, *asked))
        }
        fleet = parts.setdefault("", new_fleet())

        def log_of(name: str) -> BucketLog:
            log: BucketLog = parts.setdefault(name, new_log(now))
            return log

        reply = converse(fleet, log_of, news, now)
        database.executemany(
            "INSERT OR REPLACE INTO quota VALUES (?, ?, ?)",
            [(self._app, part, orjson.dumps(state)) for part, state in parts.items()],
        )
        return reply

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(
            self._path, timeout=0.8 * self.timeout, isolation_level=None, check_same_thread=False
        )
        try:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=NORMAL")  # a power cut costs the last moments, never the file
            database.execute(_SCHEMA)
        except BaseException:
            database.close()
            raise
        self._database = database
        return database

    def _close(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            database.close()
