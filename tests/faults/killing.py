"""Imports in processes of their own that are killed, by time or at a certain step, and what came of them.

A process costs half a second to start, so they are forked from one that has everything loaded: this module, run as a
program, reads a request a line from stdin and answers with how the process ended.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from attrs import define, field


@define
class Nursery:
    """A process that forks imports."""

    environment: Mapping[str, str]
    folder: Path
    _process: subprocess.Popen[str] = field(init=False)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-W", "error", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **self.environment},
        )
        return self

    def __exit__(self, *error: object) -> None:
        with self._process:  # which closes its pipes, and so ends it
            pass

    def run(
        self,
        *arguments: object,
        after: float | None = None,
        step: int | None = None,
        stop: int = 9,
        go_on: float | None = None,
        file_size: int | None = None,
    ) -> int:
        """Run an import, and send it a signal after some seconds or before one of its steps; return how it ended.

        Where `go_on` is given, it is told to go on so many seconds later; its files may not exceed `file_size`.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        log = str(self.folder / "log.txt")
        request = {"arguments": list(map(str, arguments)), "log": log, "file_size": file_size}
        request |= {"after": after, "step": step, "signal": stop, "go_on": go_on}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    @property
    def log(self) -> str:
        """What the last import wrote on stdout and stderr."""
        return (self.folder / "log.txt").read_text()


@define
class Tally:
    """What a result file says."""

    statuses: Counter[str]
    lines: Counter[int]
    torn: int

    @classmethod
    def of(cls, path: Path) -> Tally:
        tally = cls(Counter(), Counter(), 0)
        for raw in path.read_bytes().splitlines(keepends=True):
            try:
                entry = json.loads(raw)
            except ValueError:
                tally.torn += 1
            else:
                tally.statuses[entry["status"]] += 1
                tally.lines[entry["line"]] += 1
        return tally


def write_users(path: Path, count: int) -> Path:
    with path.open("w") as file:
        file.write("username,password\n")
        file.writelines(f"u{number},hunter2\n" for number in range(count))
    return path


def kill_and_resume(
    nursery: Nursery, command: Sequence[object], *, kills: int, longest: float, seed: int
) -> tuple[int, float]:
    """Kill an import at random moments and resume it each time; return how often it was killed, and the seconds."""
    draw, began, killed = random.Random(seed), time.monotonic(), 0  # noqa: S311 - moments, no secrets
    for number in range(kills):
        # Every third one early: on opening, the first transaction, the first calls.
        after = draw.uniform(0, 0.06) if number % 3 == 0 else draw.uniform(0, longest)
        killed += nursery.run(*command, after=after) == -signal.SIGKILL
    assert nursery.run(*command) == 0, nursery.log
    return killed, time.monotonic() - began


def kill_at_step(nursery: Nursery, folder: Path, command: Sequence[object], step: int) -> bool:
    """Kill an import before one of its steps, and resume it; False where it has fewer steps."""
    for path in (folder / "run.journal", folder / "run.journal-wal", folder / "result.jsonl"):
        path.unlink(missing_ok=True)
    ended = nursery.run(*command, step=step)
    assert ended in {0, -signal.SIGKILL}, nursery.log
    assert nursery.run(*command) == 0, nursery.log
    return ended != 0


def _serve() -> None:
    import agora_chat_async.bulk.journal
    import agora_chat_async.cli.users  # noqa: F401 - loaded before the forks
    from agora_chat_async import Session

    Session.from_env()
    import aiohttp  # noqa: F401 - as above
    import httpx_aiohttp  # noqa: F401 - as above

    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            os._exit(_import(request))
        ended = _wait(child, request["after"], request["signal"], request["go_on"])
        sys.stdout.write(f"{ended}\n")
        sys.stdout.flush()


def _wait(child: int, after: float | None, number: int, go_on: float | None) -> int:
    if after is not None:
        ends = time.monotonic() + after
        while time.monotonic() < ends:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.001)
        os.kill(child, number)
    if go_on is not None:
        time.sleep(go_on)
        os.kill(child, signal.SIGCONT)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _import(request: dict[str, Any]) -> int:
    from agora_chat_async.cli import main

    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, file in enumerate((nothing, log, log)):
        os.dup2(file, number)
    if request["file_size"] is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (request["file_size"], resource.RLIM_INFINITY))
    if request["step"] is not None:
        _count_steps(request["step"], request["signal"])
    code = main(["users", "import", *request["arguments"]])
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _count_steps(last: int, number: int) -> None:
    """Let the process get its signal before one of the steps that reach the disk."""
    from agora_chat_async.bulk import _result_lines, _store

    steps = 0

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def count(*arguments: Any, **options: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps == last:
                os.kill(os.getpid(), number)
            return function(*arguments, **options)

        return count

    class Connection(_store.sqlite3.Connection):
        execute = counted(_store.sqlite3.Connection.execute)
        executemany = counted(_store.sqlite3.Connection.executemany)
        close = counted(_store.sqlite3.Connection.close)

    connect = _store.sqlite3.connect
    _store.sqlite3.connect = lambda *arguments, **options: connect(*arguments, factory=Connection, **options)
    _result_lines.os.write = counted(os.write)
    _result_lines.os.ftruncate = counted(os.ftruncate)
    _result_lines._sync = counted(_result_lines._sync)


if __name__ == "__main__":
    _serve()
