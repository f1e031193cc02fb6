"""How much of a quota is used, and how many calls are refused, when more wants to be sent than the quota allows.

The server counts calls in an exact sliding window. This SDK stands beside limiters that are commonly put in front of
an HTTP client, each as its documentation has it, over the same transport.
"""

import argparse
import math
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks._peers import LIMITERS, Contestant
from benchmarks._plots import lines
from benchmarks._processes import Worker, server, workers
from benchmarks._report import Outcome, Table, Target, at_least, at_most

CALLERS = 250
JITTERS = (0.0, 0.02, 0.1)
US = LIMITERS[0]


class Case(NamedTuple):
    """A quota, as the server counts it."""

    name: str
    title: str
    calls: int
    period: float
    counts: str = ""


SECOND = Case("second", "100 calls a second", 100, 1.0)
SLOW = (
    Case("minute", "600 calls a minute", 600, 60.0),
    Case("weighted", "6,000 recipients a minute, 1 to 100 a call", 6000, 60.0, "to"),
)


class Seen(NamedTuple):
    """What the server saw of one contestant."""

    used: float
    """Admitted, as a share of what so many windows admit, the last of which may have only begun."""
    sent: int
    refused: int
    most: int
    """Admitted and refused, in the fullest window."""
    burst: float
    """Seconds until the first quota was used up."""
    log: list[tuple[float, int, bool]]

    @property
    def cells(self) -> list[str]:
        """The figures, for a table."""
        return [
            f"{self.used:.1%}",
            f"{self.refused:,}",
            f"{self.refused / self.sent:.1%}",
            f"{self.most:,}",
            f"{self.burst:.2f} s",
        ]


COLUMNS = ("", "of the quota", "refused", "of all sent", "most in a window", "first quota in")


def run(options: argparse.Namespace) -> Outcome:
    """Measure all limiters."""
    with workers(LIMITERS) as started:
        slow = _slow(started, options.slow_seconds)
        fast = {jitter: {one.contestant.name: _fast(one, jitter, options) for one in started} for jitter in JITTERS}
    tables = [
        Table(
            f"{SECOND.title}, {CALLERS} callers, each answer held back by up to {jitter * 1000:g} ms",
            COLUMNS,
            [[name, *seen.cells] for name, seen in by_name.items()],
        )
        for jitter, by_name in fast.items()
    ]
    tables += [
        Table(
            f"{case.title}, {CALLERS} callers, {options.slow_seconds:g} s",
            COLUMNS,
            [[name, *seen.cells] for name, seen in slow[case.name].items()],
        )
        for case in SLOW
    ]
    figures = {"second": fast, **slow}
    return Outcome(tables, _targets(fast[0.02][US.name]), figures, lambda to: _plot(fast[0.02], to))


def _fast(worker: Worker, jitter: float, options: argparse.Namespace) -> Seen:
    seconds = options.long_seconds if jitter == 0.02 and worker.contestant is US else options.seconds
    with server(SECOND.calls, SECOND.period, jitter) as target:
        worker.measure(url=target.url, call=SECOND.name, in_flight=CALLERS, seconds=seconds, to_the_end=False)
        return seen(_only(target.log()), SECOND, seconds)


def _slow(started: Sequence[Worker], seconds: float) -> dict[str, dict[str, Seen]]:
    """Measure quotas a minute, of all contestants at once: they send little."""
    found = dict[str, dict[str, Seen]]()
    for case in SLOW:
        found[case.name] = {}
    with ExitStack() as stack:
        more = stack.enter_context(workers(tuple(worker.contestant for worker in started)))
        running = list[tuple[Case, Worker, Any]]()
        for case, group in zip(SLOW, (started, more), strict=True):
            for worker in group:
                target = stack.enter_context(server(case.calls, case.period, 0.02, case.counts))
                worker.order(url=target.url, call=case.name, in_flight=CALLERS, seconds=seconds, to_the_end=False)
                running.append((case, worker, target))
        for case, worker, target in running:
            if "missing" not in worker.answer():
                found[case.name][worker.contestant.name] = seen(_only(target.log()), case, seconds)
    return found


def _only(log: dict[str, list[tuple[float, int, bool]]]) -> list[tuple[float, int, bool]]:
    (entries,) = log.values()
    return entries


def seen(log: list[tuple[float, int, bool]], case: Case, seconds: float) -> Seen:
    """Read a server's log."""
    admitted = sum(cost for _, cost, fine in log if fine)
    return Seen(
        used=admitted / (case.calls * math.ceil(seconds / case.period)),
        sent=len(log),
        refused=sum(not fine for _, _, fine in log),
        most=_most(log, case.period),
        burst=_burst(log, case.calls),
        log=log,
    )


def _most(log: Sequence[tuple[float, int, bool]], period: float) -> int:
    most = inside = begin = 0
    for at, cost, _ in log:
        inside += cost
        while log[begin][0] <= at - period:
            inside -= log[begin][1]
            begin += 1
        most = max(most, inside)
    return most


def _burst(log: Sequence[tuple[float, int, bool]], calls: int) -> float:
    total = 0
    for at, cost, _ in log:
        total += cost
        if total >= 0.95 * calls:  # calls that count as several seldom fill a quota exactly
            return at - log[0][0]
    return float("inf")


def _targets(ours: Seen) -> list[Target]:
    return [
        at_least("use of 100 calls a second, 20 ms jitter", 100 * ours.used, 98, "%"),
        at_most("refusals in that time", ours.refused, 0),
        at_most("a burst of the whole quota at once, seconds", ours.burst, 0.5),
    ]


def windows(log: Sequence[tuple[float, int, bool]], period: float, step: float) -> tuple[list[float], list[float]]:
    """How much arrived in the window before each moment."""
    if not log:
        return [], []
    start, xs, ys, begin, end, inside = log[0][0], list[float](), list[float](), 0, 0, 0
    moment = start
    while moment <= log[-1][0]:
        while end < len(log) and log[end][0] <= moment:
            inside += log[end][1]
            end += 1
        while begin < end and log[begin][0] <= moment - period:
            inside -= log[begin][1]
            begin += 1
        xs.append(moment - start)
        ys.append(inside)
        moment += step
    return xs, ys


def _plot(by_name: dict[str, Seen], folder: Path) -> None:
    shown = {
        name: windows([e for e in one.log if e[0] - one.log[0][0] <= 6], 1.0, 0.02) for name, one in by_name.items()
    }
    shown.pop("none, with retries", None)
    lines(
        folder / "quota.png",
        "Calls in the last second, as the server saw them",
        "seconds",
        "calls a second, refused ones included",
        shown,
        limit=SECOND.calls,
    )


__all__ = ["CALLERS", "Case", "Contestant", "Seen", "run", "seen", "windows"]
