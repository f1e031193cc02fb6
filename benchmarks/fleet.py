"""Several processes on one quota, which they share through a store: how much is used, how fairly, and what it costs."""

import argparse
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from benchmarks._peers import Contestant
from benchmarks._processes import server, workers
from benchmarks._report import Outcome, Table, Target, at_least, at_most, spread
from benchmarks.quota import SECOND, seen

MEMBER = Contestant("agora_chat_async", "limiters/agora_fleet.py")
PROCESSES = 4
CALLERS = 60
"""Of each process."""
SETTLE: Final = 2.0
"""Seconds after which shares are counted: who comes first has the first quota to itself."""

Found = dict[str, Any]


def run(options: argparse.Namespace) -> Outcome:
    """Measure both stores."""
    figures = dict[str, list[Found]]()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        places = {"SQLite": str(Path(folder) / "quotas")}
        if shutil.which("redis-server"):
            places["Redis"] = stack.enter_context(redis(Path(folder) / "redis.sock"))
        else:
            print("no redis-server here: Redis is left out")
        for turn in range(min(options.repeats, 2)):
            for store, place in places.items():
                # A file of its own each time; Redis begins anew by itself, as the windows are over by then.
                figures.setdefault(store, []).append(_together(place if "://" in place else f"{place}{turn}", options))
    return Outcome([_table(figures)], [one for name in figures for one in _targets(name, figures[name])], figures)


@contextmanager
def redis(socket: Path) -> Iterator[str]:
    """Start a Redis of our own."""
    command = ["redis-server", "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(socket.parent)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            while not socket.exists():
                time.sleep(0.02)
            yield f"unix://{socket}"
        finally:
            process.terminate()


def _together(place: str, options: argparse.Namespace) -> Found:
    seconds = 6 * options.seconds  # calls go in bursts, so that a short time sees one more of some than of others
    members = tuple(MEMBER for _ in range(PROCESSES))
    with (
        server(SECOND.calls, SECOND.period, 0.02) as target,
        workers(members, core=-1, environment={"BENCH_STORE": place}) as started,
    ):
        for worker in started:
            worker.order(
                url=target.url, call="second", in_flight=CALLERS, seconds=seconds, to_the_end=False, settle=SETTLE
            )
        answers = [worker.answer() for worker in started]
        (log,) = target.log().values()
    whole = seen(log, SECOND, seconds)
    done = [answer["done"] for answer in answers]
    messages = sum(answer["messages"] for answer in answers)
    return {
        "used": whole.used,
        "refused": whole.refused,
        "done": done,
        "unfair": max(abs(one * PROCESSES / sum(done) - 1) for one in done),
        "messages_a_call": messages / len(log),
        "ms_a_message": 1000 * sum(answer["talking"] for answer in answers) / messages,
        "cpu_ms_a_call": 1000 * sum(answer["cpu"] for answer in answers) / len(log),
    }


def _middle(found: list[Found], key: str) -> float:
    return spread(one[key] for one in found).median


def _table(figures: dict[str, list[Found]]) -> Table:
    rows = [
        [
            store,
            f"{_middle(found, 'used'):.1%}",
            f"{sum(one['refused'] for one in found)}",
            f"{_middle(found, 'unfair'):.0%}",
            f"{_middle(found, 'messages_a_call'):.2f}",
            f"{_middle(found, 'ms_a_message'):.2f} ms",
            f"{_middle(found, 'cpu_ms_a_call'):.2f} ms",
        ]
        for store, found in figures.items()
    ]
    title = f"{PROCESSES} processes with {CALLERS} callers each on 100 calls a second, 20 ms jitter"
    columns = (
        "store",
        "used",
        "refused",
        "farthest from an equal share",
        "messages a call",
        "each takes",
        "CPU a call",
    )
    return Table(title, columns, rows)


def _targets(store: str, found: list[Found]) -> list[Target]:
    return [
        at_least(f"{PROCESSES} processes on one quota, {store}: use", 100 * _middle(found, "used"), 95, "%"),
        at_most(f"refusals, {store}", sum(one["refused"] for one in found), 0),
        at_most(f"how far a process is from an equal share, {store}", 100 * _middle(found, "unfair"), 15, "%"),
    ]
