"""The tables of a journal: which batches were sent, which are done, and every row that was not simply registered.

Ten million rows make 170,000 batches, so done rows cost nothing: only a row whose result is another one, or that
belongs to a batch that is not done, has an entry of its own. There is no column that could hold a password.

One process at a time uses a journal: SQLite keeps the file locked, and the system frees the lock with the process.
"""

from __future__ import annotations

import errno
import json
import sqlite3
import time
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from agora_chat_async.bulk._batches import Batch, Past, Stretch
from agora_chat_async.bulk.rows import RowResult, RowStatus

SCHEMA_VERSION: Final = 1
_APPLICATION: Final = 0x41434A4C
_SCHEMA: Final = """
CREATE TABLE run (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE batches (
    number INTEGER PRIMARY KEY,
    first_line INTEGER NOT NULL,
    last_line INTEGER NOT NULL,
    size INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('planned', 'sent', 'done', 'unknown')),
    attempts INTEGER NOT NULL,
    newest INTEGER
);
CREATE TABLE exceptions (
    line INTEGER PRIMARY KEY,
    batch INTEGER NOT NULL,
    username TEXT,
    status TEXT NOT NULL,
    error TEXT,
    message TEXT
);
"""
_ERRNO: Final = {
    "SQLITE_FULL": errno.ENOSPC,
    "SQLITE_READONLY": errno.EROFS,
    "SQLITE_CANTOPEN": errno.EACCES,
    "SQLITE_CORRUPT": errno.EBADMSG,
    "SQLITE_NOTADB": errno.EBADMSG,
}
_NOT_REGISTERED: Final = {RowStatus.FAILED, RowStatus.INVALID, RowStatus.NOT_DONE}
_WAL_PAGES: Final = 100
"""Pages of 4 KB, to take little room beside a journal that is small itself."""
_PATIENCE: Final = 0.5
"""Seconds that another process gets to close the journal."""


class JournalError(ValueError):
    """The journal cannot be used for this run; the text says why."""


class Store:
    """The journal's file, used by one thread."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def open(self, bound: Mapping[str, Any], *, resume: bool, force: bool) -> None:
        """Open the journal of a run, or make it.

        Args:
            bound: What has to be the same whenever the run is resumed.
            resume: Whether an older journal may be gone on with.
            force: Whether it may where `bound` differs.

        Raises:
            JournalError: It is in use, or belongs to another run.
            OSError: It cannot be read or written, or is damaged.
        """
        with self._errors_told():
            self._connection = sqlite3.connect(self._path, timeout=_PATIENCE, isolation_level=None)
            try:
                # Exclusive from the first access on, so that of two processes that come at once one gets it.
                self._run("PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE")
                fresh = self._check()
                if fresh:
                    self._create(bound)
                else:
                    self._check_run(bound, resume=resume, force=force)
                self._run("COMMIT", "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL")
                self._run(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        """Close the file."""
        with self._errors_told():
            self._connection.close()

    @contextmanager
    def transaction(self) -> Generator[None, None, None]:
        """Make all that is written inside durable at its end, or none of it."""
        with self._errors_told():
            self._run("BEGIN IMMEDIATE")
            try:
                yield
                self._run("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._run("ROLLBACK")
                raise

    def note_sent(self, batch: Batch) -> None:
        """Note that a batch is about to be sent."""
        self._note(batch, "sent", 1)
        self._connection.execute("DELETE FROM exceptions WHERE line BETWEEN ? AND ?", (batch.first, batch.last))

    def note_settled(self, batch: Batch) -> bool:
        """Note the results of a batch; return whether it is done, so that no later run has to take it again."""
        results = batch.results
        done = not any(result.open for result in results)
        if done:
            self._note(batch, "done", 0)
            results = [result for result in results if result.status is not RowStatus.CREATED]
        else:
            nobody = all(result.status in _NOT_REGISTERED for result in results)
            self._note(batch, "planned" if nobody else "unknown", 0)
        self._connection.executemany(
            "INSERT OR REPLACE INTO exceptions VALUES (?, ?, ?, ?, ?, ?)",
            [(row.line, batch.number, row.username, row.status.value, row.error, row.message) for row in results],
        )
        return done

    def set(self, key: str, value: object) -> None:
        """Keep a fact of the run."""
        self._connection.execute("INSERT OR REPLACE INTO run VALUES (?, ?)", (key, json.dumps(value)))

    def get(self, key: str) -> Any:
        """Return a fact of the run; None where it is not known."""
        row = self._connection.execute("SELECT value FROM run WHERE key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row[0])

    @property
    def began(self) -> float:
        """When the run began, in seconds since 1970."""
        return float(self.get("began") or 0)

    def past(self) -> Past:
        """Tell what there is to do still."""
        with self._errors_told():
            rows = self._connection.execute(
                "SELECT number, first_line, last_line, state IN ('sent', 'unknown'), newest FROM batches"
                " WHERE state <> 'done' ORDER BY first_line"
            )
            stretches = [
                Stretch(number, first, last, bool(again), newest) for number, first, last, again, newest in rows
            ]
            last, most = self._connection.execute("SELECT max(last_line), max(number) FROM batches").fetchone()
            return Past(stretches, last or 0, most or 0)

    def newest(self) -> int | None:
        """When the newest user was registered that was known as a batch was sent."""
        with self._errors_told():
            value: int | None = self._connection.execute("SELECT max(newest) FROM batches").fetchone()[0]
            return value

    def counts(self) -> Counter[RowStatus]:
        """Count the rows of done batches by their status."""
        with self._errors_told():
            counts = Counter(
                {
                    RowStatus(status): count
                    for status, count in self._connection.execute(
                        "SELECT status, count(*) FROM exceptions JOIN batches ON batch = number"
                        " WHERE state = 'done' GROUP BY status"
                    )
                }
            )
            size = self._connection.execute("SELECT sum(size) FROM batches WHERE state = 'done'").fetchone()[0] or 0
            counts[RowStatus.CREATED] = size - counts.total()
            return +counts

    def open_results(self) -> Iterator[RowResult]:
        """The rows of batches that are not done, as they stand."""
        rows = self._connection.execute(
            "SELECT line, username, status, error, message FROM exceptions JOIN batches ON batch = number"
            " WHERE state <> 'done' ORDER BY line"
        )
        return (RowResult(line, username, RowStatus(status), *rest) for line, username, status, *rest in rows)

    def results_between(self, first: int, last: int) -> Mapping[int, RowResult]:
        """Results other than `created`, by line."""
        rows = self._connection.execute(
            "SELECT line, username, status, error, message FROM exceptions WHERE line BETWEEN ? AND ?", (first, last)
        )
        return {line: RowResult(line, username, RowStatus(status), *rest) for line, username, status, *rest in rows}

    def note_end(self) -> None:
        """Note that the whole input was read; where every batch is done the run is finished."""
        left = self._connection.execute("SELECT count(*) FROM batches WHERE state <> 'done'").fetchone()[0]
        self.set("finished", time.time() if not left else None)

    def _note(self, batch: Batch, state: str, attempts: int) -> None:
        self._connection.execute(
            "INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (number) DO UPDATE SET"
            " state = excluded.state, size = excluded.size, attempts = attempts + excluded.attempts",
            (batch.number, batch.first, batch.last, batch.size, state, attempts, batch.newest),
        )

    def _check(self) -> bool:
        """Tell whether the file is new; refuse one that is no journal."""
        application, version, tables = (
            self._connection.execute(question).fetchone()[0]
            for question in ("PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_master")
        )
        if not tables and not application:
            return True
        if application != _APPLICATION:
            raise JournalError(f"{self._path} is no journal but another database")
        if version != SCHEMA_VERSION:
            raise JournalError(f"{self._path} has version {version}; this program writes version {SCHEMA_VERSION}")
        return False

    def _create(self, bound: Mapping[str, Any]) -> None:
        self._run(
            *_SCHEMA.split(";"),
            f"PRAGMA application_id = {_APPLICATION}",
            f"PRAGMA user_version = {SCHEMA_VERSION}",
        )
        self.set("bound", bound)
        self.set("began", time.time())

    def _check_run(self, bound: Mapping[str, Any], *, resume: bool, force: bool) -> None:
        """Refuse a run that is not the one of the journal."""
        if not resume:
            began = datetime.fromtimestamp(self.began, UTC).strftime("%Y-%m-%d %H:%M UTC")
            raise JournalError(
                f"{self._path} is the journal of a run that began {began}: resume it, or name another file"
            )
        if force:
            return
        before: dict[str, Any] = self.get("bound")
        now: dict[str, Any] = json.loads(json.dumps(bound))
        changed = [
            f"{name} was {before.get(name)!r} and is {now.get(name)!r}"
            for name in sorted({*before, *now})
            if before.get(name) != now.get(name)
        ]
        if changed:
            raise JournalError(f"{self._path} belongs to another run: {'; '.join(changed)}")

    def _run(self, *statements: str) -> None:
        for statement in statements:
            self._connection.execute(statement)

    @contextmanager
    def _errors_told(self) -> Generator[None, None, None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._told(error) from error

    def _told(self, error: sqlite3.Error) -> OSError | JournalError:
        name = getattr(error, "sqlite_errorname", "")
        kind = "_".join(name.split("_")[:2])
        if kind in {"SQLITE_BUSY", "SQLITE_LOCKED"}:
            return JournalError(f"{self._path}: another run is using this journal")
        number = _ERRNO.get(kind, errno.EIO)
        damaged = "not a journal, or damaged: " if number == errno.EBADMSG else ""
        return OSError(number, f"{damaged}{error}", str(self._path))
