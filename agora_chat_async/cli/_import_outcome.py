"""What became of an import, gathered while it runs and told at its end."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from typing import Any, Final

from agora_chat_async import Session
from agora_chat_async.bulk import InputError, Journal, JournalError, Progress, Report, ResultFile, RowResult, RowStatus
from agora_chat_async.bulk.reporting import GOOD, TooManyErrors
from agora_chat_async.cli._displays import duration
from agora_chat_async.cli._exits import ExitCode, code_of, in_one_line, say

MOST_SHOWN: Final = 10
"""Rows that went wrong, shown one by one."""

_IN_WORDS: Final = {
    RowStatus.CREATED: "created",
    RowStatus.EXISTS: "existed before",
    RowStatus.UPDATED: "updated",
    RowStatus.FAILED: "failed",
    RowStatus.INVALID: "invalid",
    RowStatus.UNKNOWN: "of unknown outcome",
    RowStatus.NOT_DONE: "not done",
}


class Outcome:
    """What is known of a run, however it ends."""

    def __init__(self, options: argparse.Namespace, session: Session) -> None:
        self.counts = Counter[RowStatus]()
        self.report: Report | None = None
        self.progress: Progress | None = None
        self.lines: int | None = None
        """Lines of the file, where they can be counted beforehand."""
        self.session = session
        self.result_file: ResultFile | None = None
        self.problem: InputError | JournalError | OSError | None = None
        self.rows_before = 0
        self.interrupted = False
        self._as_json: bool = options.json
        self._result: str | None = options.result
        self._journal: str | None = options.journal
        self._existing_is_bad = options.on_existing == "fail"
        self._shown = list[RowResult]()
        self._bad = 0
        self._open = 0
        self._last_line = 1 if options.format == "csv" else 0

    def resume(self, journal: Journal) -> None:
        """Take what earlier runs have done."""
        self.counts = Counter(journal.counts)
        self.rows_before = journal.counts.total()
        self._open = self._bad = 0
        self._shown.clear()
        self._last_line = max(self._last_line, journal.past.covered)

    def add(self, result: RowResult) -> None:
        """Take a row's result."""
        self.counts[result.status] += 1
        self._open += result.open
        self._last_line = max(self._last_line, result.line)
        fine = result.status in {*GOOD, RowStatus.NOT_DONE}
        if not fine or (result.status is RowStatus.EXISTS and self._existing_is_bad):
            self._bad += 1
            if len(self._shown) < MOST_SHOWN:
                self._shown.append(result)
        if self.result_file is not None:
            self.result_file.write(result)

    @property
    def left_open(self) -> int:
        """Rows that another pass may settle, where the run came to its end."""
        return 0 if self._ended_early else self._open

    @property
    def exit_code(self) -> ExitCode:
        """How the command ends."""
        if self.interrupted:
            return ExitCode.INTERRUPTED
        if self.problem is not None:
            return ExitCode.LOCAL_IO if isinstance(self.problem, OSError) else ExitCode.BAD_INPUT
        aborted = self.report.aborted if self.report is not None else None
        if aborted is not None:
            return ExitCode.TOO_MANY_ERRORS if isinstance(aborted, TooManyErrors) else code_of(aborted)
        return ExitCode.DONE if self.report is not None and self.report.ok else ExitCode.SOME_FAILED

    def tell(self) -> None:
        """Print what was done."""
        for result in self._shown:
            say(in_words(result))
        if self._bad > len(self._shown):
            where = f"{self._result} has them all" if self._result else "--result FILE writes them all"
            say(f"and {self._bad - len(self._shown):,} more; {where}")
        if self.problem is not None:
            say(in_one_line(self.problem))
        if self.report is not None and self.report.aborted is not None:
            say(f"given up: {in_one_line(self.report.aborted)}")
        if self.counts or self.problem is None:
            say(self._summary())
        if self._journal and self._ended_early:
            say(f"the same command with --resume goes on where this one ended; {self._journal} knows how far it came")
        if self._as_json:
            print(json.dumps(self._described()))

    def _summary(self) -> str:
        counts = [f"{self.counts[status]:,} {words}" for status, words in _IN_WORDS.items() if self.counts[status]]
        elapsed = self.progress.elapsed if self.progress else 0.0
        done = sum(self.counts[status] for status in GOOD) - self.rows_before
        rate = f", {max(done, 0) / elapsed:,.0f} users/s" if elapsed > 0 else ""
        before = f" ({self.rows_before:,} of these rows were done before)" if self.rows_before else ""
        return f"{', '.join(counts) or 'no rows'}{before} in {duration(elapsed)}{rate}{self._rest()}"

    def _rest(self) -> str:
        """Tell why a run ended early, and what it left."""
        if not self._ended_early:
            return ""
        how = "stopped" if self.interrupted else "given up"
        if self._not_read is None:
            return f"; {how} before the end, nothing read after line {self._last_line:,}"
        return f"; {how} before the end" + (f", {self._not_read:,} rows not read" if self._not_read else "")

    @property
    def _ended_early(self) -> bool:
        aborted = self.report is not None and self.report.aborted is not None
        return self.interrupted or aborted or self.problem is not None

    @property
    def _not_read(self) -> int | None:
        """Lines below the last one that was read; None where they cannot be counted."""
        if not self._ended_early:
            return 0
        return None if self.lines is None else max(self.lines - self._last_line, 0)

    def _described(self) -> dict[str, Any]:
        stats = self.session.stats
        error = self.problem or (self.report.aborted if self.report else None)
        return {
            "ok": self.exit_code == ExitCode.DONE,
            "rows": self.counts.total(),
            "rows_before": self.rows_before,
            "not_read": self._not_read,
            **{status.value: self.counts[status] for status in RowStatus},
            "seconds": round(self.progress.elapsed, 3) if self.progress else 0.0,
            "calls": self.report.calls if self.report else None,
            "retries": stats.retries,
            "refused": stats.refused,
            "interrupted": self.interrupted,
            "error": in_one_line(error) if error else None,
        }


def in_words(result: RowResult) -> str:
    """Tell what was wrong with a row."""
    place = f"line {result.line}"
    message = result.message or result.error or "no reason given"
    # The problem of an invalid row names its line by itself.
    where = "" if message.startswith(place) else f"{place} ({result.username}): "
    return f"{where}{message}" if result.status is RowStatus.INVALID else f"{where}{result.status.value}: {message}"
