"""A million users, from a file through the emulator, as `agora-chat users import` does it."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agora_chat_async.emulator import spawn
from benchmarks._plots import lines
from benchmarks._processes import CLIENT_CORE, Server, pin, server
from benchmarks._report import Outcome, Table, at_least, at_most, spread

QUOTA = 6000
"""Users a second: 100 calls of 60."""
LIFTED = "users.create=1000000/second"


class Memory(threading.Thread):
    """Samples how much memory a process has resident."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self.samples = list[tuple[float, float]]()
        self._process = process
        self._over = threading.Event()

    def run(self) -> None:
        begun, page = time.monotonic(), os.sysconf("SC_PAGE_SIZE")
        while not self._over.wait(0.5):
            try:
                pages = int(Path(f"/proc/{self._process}/statm").read_text().split()[1])
            except (OSError, IndexError):
                return
            self.samples.append((time.monotonic() - begun, pages * page / 2**20))

    def stop(self) -> None:
        self._over.set()
        self.join()


@contextmanager
def users(number: int) -> Iterator[Path]:
    """A file of users, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "users.csv"
        with path.open("w") as file:
            file.write("username,password,nickname\n")
            file.writelines(f"bench-{n},secret-{n},User {n}\n" for n in range(number))
        yield path


def load(path: Path, url: str, token: str, *, org: str, app: str, journal: bool, quota: str = "") -> dict[str, Any]:
    """Import a file and return the command's own report, its memory over time and its CPU."""
    words = ["users", "import", str(path), "--json", "--result", str(path.with_suffix(".jsonl"))]
    words += ["--journal", str(path.with_suffix(".journal"))] if journal else []
    words += ["--quota", quota] if quota else []
    environment = {
        **os.environ,
        "AGORA_CHAT_ORG": org,
        "AGORA_CHAT_APP": app,
        "AGORA_CHAT_HOST": url,
        "AGORA_CHAT_TOKEN": token,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "agora_chat_async.cli", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    pin(process.pid, CLIENT_CORE)
    memory = Memory(process.pid)
    memory.start()
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    memory.stop()
    if not said:
        raise RuntimeError(f"the import ended with code {process.returncode} and said nothing")
    report = json.loads(said)
    cpu = usage.ru_utime + usage.ru_stime
    return {**report, "cpu": cpu, "memory": memory.samples, "most_mb": usage.ru_maxrss / 1024}


def run(options: argparse.Namespace) -> Outcome:
    """Measure provisioning."""
    with spawn() as info, users(options.users) as path:
        from agora_chat_async import AppToken

        token = AppToken(info.app_id, info.certificate).make()
        whole = load(path, info.url, token, org=info.org, app=info.app, journal=True)
    with server() as target, users(options.lifted_users) as path:
        lifted = {
            name: [_lifted(path, target, journal=name == "with a journal") for _ in range(options.repeats)]
            for name in ("with a journal", "without")
        }
    rate = whole["created"] / whole["seconds"]
    tables = [_whole_table(whole, rate), _lifted_table(lifted)]
    targets = [
        at_least(
            f"{options.users:,} users at the documented quota: users/s, of {QUOTA:,}", 100 * rate / QUOTA, 98, "%"
        ),
        at_most("memory of the process at its most, MB", whole["most_mb"], 120),
        at_most("refused calls", whole["refused"], 0),
        at_least("users created", whole["created"], options.users),
    ]
    return Outcome(tables, targets, {"whole": whole, "lifted": lifted}, lambda to: _plot(whole, to))


def _lifted(path: Path, target: Server, *, journal: bool) -> dict[str, Any]:
    for old in path.parent.glob("users.j*"):
        old.unlink()
    return load(path, target.url, "t", org="org", app="app", journal=journal, quota=LIFTED)


def _whole_table(whole: dict[str, Any], rate: float) -> Table:
    bound = whole["created"] / QUOTA
    samples = [mb for at, mb in whole["memory"] if at > 5] or [0.0]
    rows = [
        ["users created", f"{whole['created']:,}"],
        ["seconds, and the quota's own bound", f"{whole['seconds']:.1f}, {bound:.1f}"],
        ["users a second", f"{rate:,.0f}"],
        ["refused calls", f"{whole['refused']:,}"],
        ["CPU, of one core", f"{whole['cpu'] / whole['seconds']:.0%}"],
        ["memory after 5 s, least and most", f"{min(samples):.0f} MB, {max(samples):.0f} MB"],
    ]
    return Table("Users from a CSV file, with a journal and a result file", ("", ""), rows)


def _lifted_table(lifted: dict[str, list[dict[str, Any]]]) -> Table:
    rows = [
        [
            name,
            f"{spread(one['rows'] / one['seconds'] for one in found).median:,.0f}",
            f"{spread(one['cpu'] / one['rows'] * 1e6 for one in found).median:.1f} us",
        ]
        for name, found in lifted.items()
    ]
    return Table("With the quota lifted, against a server that only answers", ("", "users/s", "CPU a user"), rows)


def _plot(whole: dict[str, Any], folder: Path) -> None:
    times, megabytes = zip(*whole["memory"], strict=True)
    lines(
        folder / "provision.png",
        f"Memory while {whole['created']:,} users are provisioned",
        "seconds",
        "MB resident",
        {"agora-chat users import": (times, megabytes)},
    )
