"""`agora-chat users import FILE`: users of a file, registered at the pace of the quota."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections import Counter
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final

import anyio
from anyio import to_thread

from agora_chat_async import Session
from agora_chat_async.bulk import InputError, Progress, Report, ResultFile, RowResult, RowStatus
from agora_chat_async.bulk.provisioning import provision_users
from agora_chat_async.bulk.reading import count_lines, format_of, iter_users, read_users
from agora_chat_async.cli._displays import Display, duration, progress_display
from agora_chat_async.cli._exits import CommandError, ExitCode, code_of, in_one_line, say
from agora_chat_async.cli._session_options import add_session_options, make_session
from agora_chat_async.cli._stopping import two_step_stop

MOST_SHOWN: Final = 10
"""Rows that went wrong, shown one by one."""

_IN_WORDS: Final = {
    RowStatus.CREATED: "created",
    RowStatus.EXISTS: "existed before",
    RowStatus.FAILED: "failed",
    RowStatus.INVALID: "invalid",
    RowStatus.UNKNOWN: "of unknown outcome",
    RowStatus.NOT_DONE: "not done",
}

_DESCRIPTION: Final = """\
Register the users of a CSV or JSONL file, plain or .gz. CSV begins with a header; the columns, and the members of a
line of JSONL, are username (must be there), password and nickname."""

_EXIT_CODES: Final = """\
exit codes: 0 all users are registered; 1 some rows failed or are invalid; 2 bad usage or input; 4 a local file could
not be read or written; 5 the token or the price plan forbids it; 6 the service cannot be reached; 130 interrupted.
Ctrl-C lets calls under way finish, a second one stops at once."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    action = actions.add_parser(
        "import", help="register the users of a file", description=_DESCRIPTION, epilog=_EXIT_CODES, allow_abbrev=False
    )
    action.add_argument("file", metavar="FILE", help="path, or - for standard input")
    action.add_argument("--format", choices=("csv", "jsonl"), help="where the name of the file does not tell")
    action.add_argument("--result", metavar="FILE", help="write what became of each row, as JSONL; replaces the file")
    action.add_argument("--batch-size", type=int, default=60, metavar="N", help="users a call, 1 to 60 [60]")
    action.add_argument("--workers", type=int, default=100, metavar="N", help="batches under way at once [100]")
    action.add_argument(
        "--on-existing", choices=("skip", "fail"), default="skip", help="is a taken name fine, or a failure? [skip]"
    )
    action.add_argument("--json", action="store_true", help="print the final report as JSON on stdout")
    add_session_options(action)


def run(options: argparse.Namespace) -> int:
    """Register the users and tell what was done."""
    _check_files(options)
    outcome = _Outcome(options, make_session(options))
    try:
        with ExitStack() as stack:
            if options.result:
                outcome.result_file = stack.enter_context(ResultFile(options.result))
            display = stack.enter_context(progress_display())
            asyncio.run(_import(options, outcome, display))
    except (InputError, OSError) as error:
        if outcome.progress is None:
            raise
        outcome.problem = error
    outcome.tell()
    if outcome.interrupted and options.file == "-":
        # A thread may still wait for standard input, and the interpreter would wait for the thread.
        sys.stdout.flush()
        os._exit(outcome.exit_code)
    return outcome.exit_code


def _check_files(options: argparse.Namespace) -> None:
    options.format = options.format or format_of(options.file)
    if options.file == "-":
        return
    with closing(iter_users(options.file, format=options.format)) as rows:
        next(rows, None)  # a bad header or no file at all is told before anything else happens
    if options.result and Path(options.result).exists() and Path(options.result).samefile(options.file):
        raise CommandError(f"--result {options.result} would overwrite the input")


async def _import(options: argparse.Namespace, outcome: _Outcome, display: Display) -> None:
    lines = await to_thread.run_sync(count_lines, options.file)
    header = options.format == "csv"
    outcome.lines = lines
    stop = anyio.Event()

    def ask_to_stop() -> None:
        outcome.interrupted = True
        say("stopping: calls under way are finished; Ctrl-C again stops at once")
        stop.set()

    def show(progress: Progress) -> None:
        outcome.progress = progress
        display(progress)

    # The scope is the inner one, so that a second Ctrl-C leaves the session to close in order.
    async with outcome.session as chat:
        with anyio.CancelScope() as scope, two_step_stop(ask_to_stop, scope.cancel):
            outcome.report = await provision_users(
                chat,
                read_users(options.file, format=options.format),
                on_result=outcome.add,
                on_progress=show,
                batch_size=options.batch_size,
                workers=options.workers,
                on_existing=options.on_existing,
                total=None if lines is None else lines - header,
                stop=stop,
            )


class _Outcome:
    """What is known of a run, however it ends."""

    def __init__(self, options: argparse.Namespace, session: Session) -> None:
        self.counts = Counter[RowStatus]()
        self.report: Report | None = None
        self.progress: Progress | None = None
        self.lines: int | None = None
        """Lines of the file, where they can be counted beforehand."""
        self.session = session
        self.result_file: ResultFile | None = None
        self.problem: InputError | OSError | None = None
        self.interrupted = False
        self._as_json: bool = options.json
        self._result: str | None = options.result
        self._existing_is_bad = options.on_existing == "fail"
        self._shown = list[RowResult]()
        self._bad = 0
        self._last_line = 1 if options.format == "csv" else 0

    def add(self, result: RowResult) -> None:
        """Take a row's result."""
        self.counts[result.status] += 1
        self._last_line = max(self._last_line, result.line)
        fine = result.status in {RowStatus.CREATED, RowStatus.NOT_DONE}
        if not fine and (result.status is not RowStatus.EXISTS or self._existing_is_bad):
            self._bad += 1
            if len(self._shown) < MOST_SHOWN:
                self._shown.append(result)
        if self.result_file is not None:
            self.result_file.write(result)

    @property
    def exit_code(self) -> ExitCode:
        """How the command ends."""
        if self.interrupted:
            return ExitCode.INTERRUPTED
        if self.problem is not None:
            return ExitCode.LOCAL_IO if isinstance(self.problem, OSError) else ExitCode.BAD_INPUT
        if self.report is not None and self.report.aborted is not None:
            return code_of(self.report.aborted)
        return ExitCode.DONE if self.report is not None and self.report.ok else ExitCode.SOME_FAILED

    def tell(self) -> None:
        """Print what was done."""
        for result in self._shown:
            say(_in_words(result))
        if self._bad > len(self._shown):
            where = f"{self._result} has them all" if self._result else "--result FILE writes them all"
            say(f"and {self._bad - len(self._shown):,} more; {where}")
        if self.problem is not None:
            say(in_one_line(self.problem))
        if self.report is not None and self.report.aborted is not None:
            say(f"given up: {in_one_line(self.report.aborted)}")
        if self.counts or self.problem is None:
            say(self._summary())
        if self._as_json:
            print(json.dumps(self._described()))

    def _summary(self) -> str:
        counts = [f"{self.counts[status]:,} {words}" for status, words in _IN_WORDS.items() if self.counts[status]]
        elapsed = self.progress.elapsed if self.progress else 0.0
        done = self.counts[RowStatus.CREATED] + self.counts[RowStatus.EXISTS]
        rate = f", {done / elapsed:,.0f} users/s" if elapsed > 0 else ""
        return f"{', '.join(counts) or 'no rows'} in {duration(elapsed)}{rate}{self._rest()}"

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
            "not_read": self._not_read,
            **{status.value: self.counts[status] for status in RowStatus},
            "seconds": round(self.progress.elapsed, 3) if self.progress else 0.0,
            "calls": self.report.calls if self.report else None,
            "retries": stats.retries,
            "refused": stats.refused,
            "interrupted": self.interrupted,
            "error": in_one_line(error) if error else None,
        }


def _in_words(result: RowResult) -> str:
    place = f"line {result.line}"
    message = result.message or result.error or "no reason given"
    # The problem of an invalid row names its line by itself.
    where = "" if message.startswith(place) else f"{place} ({result.username}): "
    return f"{where}{message}" if result.status is RowStatus.INVALID else f"{where}{result.status.value}: {message}"
