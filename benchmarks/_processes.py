"""Processes of a measurement: the server on one core, the client that is measured on another."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from benchmarks._peers import HERE, Contestant

_CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
CLIENT_CORE = _CORES[0] if len(_CORES) > 1 else -1
SERVER_CORE = _CORES[1] if len(_CORES) > 1 else -1


def pin(process: int, core: int) -> None:
    """Keep a process on a core, where there are several."""
    if core >= 0:
        os.sched_setaffinity(process, {core})


class Server:
    """The server, as the measuring side sees it."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def log(self) -> dict[str, list[tuple[float, int, bool]]]:
        """By route: when each request arrived, what it counted, and whether it was admitted."""
        with urllib.request.urlopen(f"{self.url}/_log") as answer:
            log: dict[str, list[tuple[float, int, bool]]] = json.load(answer)
        return log


@contextmanager
def server(calls: int = 0, period: float = 1.0, jitter: float = 0.0, counts: str = "") -> Iterator[Server]:
    """Start the server."""
    words = [str(calls), str(period), str(jitter), *([counts] if counts else [])]
    command = [sys.executable, "-m", "benchmarks.server", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE.parent) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            pin(process.pid, SERVER_CORE)
            yield Server(port)
        finally:
            process.terminate()


class Worker:
    """A contestant's process, which waits between orders."""

    def __init__(
        self, contestant: Contestant, *, core: int = CLIENT_CORE, environment: Mapping[str, str] | None = None
    ) -> None:
        self.contestant = contestant
        self._process = subprocess.Popen(
            [contestant.python, "-W", "ignore", "benchmarks/drive.py", str(HERE / contestant.file), str(core)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # refusals and cancelled calls, as many as the contestant likes to tell of
            text=True,
            cwd=HERE.parent,
            env={**os.environ, **({} if contestant.needs else {"PYTHONPATH": str(HERE.parent)}), **(environment or {})},
        )

    def order(self, **order: Any) -> None:
        """Say what is to be measured; `answer` waits for it."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """Wait for what was measured."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.contestant.name} ended with code {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def measure(self, **order: Any) -> dict[str, Any]:
        """Measure something and return it."""
        self.order(**order)
        return self.answer()

    def close(self) -> None:
        """End the process."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()


@contextmanager
def workers(
    contestants: tuple[Contestant, ...], *, core: int = CLIENT_CORE, environment: Mapping[str, str] | None = None
) -> Iterator[list[Worker]]:
    """Start contestants, each in its process."""
    started = list[Worker]()
    try:
        for contestant in contestants:
            started.append(Worker(contestant, core=core, environment=environment))
        yield started
    finally:
        for worker in started:
            worker.close()
