"""`agora-chat users import FILE`: users of a file, registered at the pace of the quota."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import anyio
from anyio import to_thread

from agora_chat_async import Session
from agora_chat_async.bulk import InputError, Journal, JournalError, Progress, Report, ResultFile, Row
from agora_chat_async.bulk.earlier import LeftOver, left_over
from agora_chat_async.bulk.provisioning import provision_users
from agora_chat_async.bulk.reading import count_lines, format_of, iter_users, read_users
from agora_chat_async.cli._displays import Display, progress_display
from agora_chat_async.cli._dry_run import tell_plan
from agora_chat_async.cli._exits import CommandError, say
from agora_chat_async.cli._import_outcome import Outcome
from agora_chat_async.cli._session_options import add_session_options, make_session
from agora_chat_async.cli._stopping import two_step_stop

PASSES: Final = 3
"""Times that rows are tried, where there is a journal and they fail through no fault of their own."""
PAUSE: Final = 2.0
"""Seconds between two passes."""

_DESCRIPTION: Final = """\
Register the users of a CSV or JSONL file, plain or .gz. CSV begins with a header; the columns, and the members of a
line of JSONL, are username (must be there), password and nickname."""

_EXIT_CODES: Final = """\
exit codes: 0 all users are registered; 1 some rows failed or are invalid; 2 bad usage or input; 3 more rows went wrong
than --max-errors or --max-error-rate allow; 4 a local file could not be read or written; 5 the token or the price plan
forbids it; 6 the service cannot be reached; 130 interrupted. Ctrl-C lets calls under way finish, a second one stops at
once. After any of them, and after a crash, the same command with --resume goes on, if it had a --journal."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    action = actions.add_parser(
        "import", help="register the users of a file", description=_DESCRIPTION, epilog=_EXIT_CODES, allow_abbrev=False
    )
    add = action.add_argument
    add("file", metavar="FILE", help="path, or - for standard input")
    add("--format", choices=("csv", "jsonl"), help="where the name of the file does not tell")
    add("--result", metavar="FILE", help="write what became of each row, as JSONL; replaces the file")
    add("--journal", metavar="FILE", help="note how far the run came, so that --resume can go on with it")
    add("--resume", action="store_true", help="go on with the run of --journal; begins it where there is none yet")
    add("--force", action="store_true", help="resume although the input or the options are not what they were")
    add("--retry-failed", metavar="RESULT", help="take only rows that an earlier result has as failed or not done")
    add("--dry-run", action="store_true", help="read and check the file, and tell what a run would do; sends nothing")
    add("--assume-unique", action="store_true", help="with --dry-run: do not look for names that are there twice")
    add("--batch-size", type=int, default=60, metavar="N", help="users a call, 1 to 60 [60]")
    add("--workers", type=int, default=100, metavar="N", help="batches under way at once [100]")
    add(
        "--on-existing",
        choices=("skip", "update", "fail"),
        default="skip",
        help="what of a taken name: leave the user, set nickname and password, or call it a failure [skip]",
    )
    add("--max-errors", type=int, metavar="N", help="end the run when more rows than that went wrong")
    add("--max-error-rate", type=float, metavar="SHARE", help="the same as a share, such as 0.05, from 100 rows on")
    add("--json", action="store_true", help="print the final report as JSON on stdout")
    add_session_options(action)


def run(options: argparse.Namespace) -> int:
    """Register the users and tell what was done."""
    _check_options(options)
    choice = LeftOver(options.retry_failed) if options.retry_failed else None
    if options.dry_run:
        return tell_plan(options, choice)
    outcome = Outcome(options, make_session(options))
    try:
        with ExitStack() as stack:
            if options.result and not options.journal:
                outcome.result_file = stack.enter_context(ResultFile(options.result))
            display = stack.enter_context(progress_display())
            asyncio.run(_import(options, choice, outcome, display))
    except (InputError, JournalError, OSError) as error:
        if outcome.progress is None:
            raise
        outcome.problem = error
    outcome.tell()
    if outcome.interrupted and options.file == "-":
        # A thread may still wait for standard input, and the interpreter would wait for the thread.
        sys.stdout.flush()
        os._exit(outcome.exit_code)
    return outcome.exit_code


def _check_options(options: argparse.Namespace) -> None:
    options.format = options.format or format_of(options.file)
    if not options.journal and (options.resume or options.force):
        raise CommandError("--resume and --force need a --journal")
    if options.file == "-":
        if options.journal or options.retry_failed:
            raise CommandError("standard input can be read only once: --journal and --retry-failed need a file")
        return
    with closing(iter_users(options.file, format=options.format)) as rows:
        next(rows, None)  # a bad header or no file at all is told before anything else happens
    named = {"--result": options.result, "--journal": options.journal, "--retry-failed": options.retry_failed}
    kept = {"the input": options.file, **{name: path for name, path in named.items() if path and name != "--result"}}
    for name, path in named.items():
        for other, kept_path in kept.items():
            if path and name != other and _same(path, kept_path):
                raise CommandError(f"{name} {path} would overwrite {other}")


def _same(path: str, other: str) -> bool:
    one, two = Path(path), Path(other)
    return one.absolute() == two.absolute() or (one.exists() and two.exists() and one.samefile(two))


async def _import(options: argparse.Namespace, choice: LeftOver | None, outcome: Outcome, display: Display) -> None:
    async with outcome.session as chat:  # the outermost, so that a second Ctrl-C leaves it to close in order
        if not options.journal:
            await _provision(options, choice, outcome, display, chat, None)
            return
        for further in reversed(range(PASSES)):
            async with _journal(options, choice) as journal:
                outcome.resume(journal)
                if journal.finished is not None and not journal.rebuilding:
                    _tell_finished(options, outcome, journal)
                    return
                await _provision(options, choice, outcome, display, chat, journal)
            if not further or not outcome.left_open:
                return
            say(f"{outcome.left_open:,} rows failed through no fault of their own, and are tried again")
            options.resume = True
            await anyio.sleep(PAUSE)


def _tell_finished(options: argparse.Namespace, outcome: Outcome, journal: Journal) -> None:
    when = datetime.fromtimestamp(journal.finished or 0, UTC)
    say(f"{options.file} was done on {when:%Y-%m-%d %H:%M UTC}, so nothing is sent")
    outcome.report = Report(
        counts=journal.counts,
        started=when,
        elapsed=0.0,
        calls=0,
        on_existing=options.on_existing,
        rows_before=journal.counts.total(),
    )


def _journal(options: argparse.Namespace, choice: LeftOver | None) -> Journal:
    bind = {name: getattr(options, name) or os.environ.get(f"AGORA_CHAT_{name.upper()}", "") for name in ("org", "app")}
    bind |= {"--on-existing": options.on_existing, "--format": options.format}
    if choice is not None:
        bind["--retry-failed"] = choice.digest
    return Journal(
        options.journal,
        source=options.file,
        result=options.result,
        resume=options.resume,
        force=options.force,
        bind=bind,
    )


async def _provision(  # noqa: PLR0917 - what a pass needs
    options: argparse.Namespace,
    choice: LeftOver | None,
    outcome: Outcome,
    display: Display,
    chat: Session,
    journal: Journal | None,
) -> None:
    lines = outcome.lines = await to_thread.run_sync(count_lines, options.file)
    stop = anyio.Event()

    def ask_to_stop() -> None:
        outcome.interrupted = True
        say("stopping: calls under way are finished; Ctrl-C again stops at once")
        stop.set()

    def show(progress: Progress) -> None:
        outcome.progress = progress
        display(progress)

    if choice is not None:
        total: int | None = choice.count
    else:
        total = None if lines is None else lines - (options.format == "csv")
    with anyio.CancelScope() as scope, two_step_stop(ask_to_stop, scope.cancel):
        outcome.report = await provision_users(
            chat,
            _rows(options, choice, 0 if journal is None else journal.read_after),
            on_result=outcome.add,
            on_progress=show,
            batch_size=options.batch_size,
            workers=options.workers,
            on_existing=options.on_existing,
            total=total,
            stop=stop,
            journal=journal,
            max_errors=options.max_errors,
            max_error_rate=options.max_error_rate,
        )


def _rows(options: argparse.Namespace, choice: LeftOver | None, after: int) -> AsyncGenerator[Row, None]:
    rows = read_users(options.file, format=options.format, after=after)
    return rows if choice is None else left_over(rows, choice)
