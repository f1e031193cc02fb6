"""Starting the judge, and reading what it saw."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager


class Judge:
    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def log(self) -> tuple[list[float], int]:
        with urllib.request.urlopen(f"{self.url}/_log") as answer:
            seen = json.load(answer)
        return seen["arrivals"], seen["refused"]


@contextmanager
def judge(calls: int = 0, period: float = 1.0, jitter: float = 0.0) -> Iterator[Judge]:
    command = [sys.executable, "-m", "benchmarks.server", str(calls), str(period), str(jitter)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Judge(int(process.stdout.readline()))
        finally:
            process.terminate()


def most_in_any_window(times: list[float], length: float) -> int:
    most = begin = 0
    for end, at in enumerate(times):
        while times[begin] <= at - length:
            begin += 1
        most = max(most, end - begin + 1)
    return most
