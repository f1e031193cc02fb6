"""Many waiting calls, and many routes at their quotas at once."""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks._peers import HERE, Contestant
from benchmarks._plots import lines
from benchmarks._processes import CLIENT_CORE, pin, server, workers
from benchmarks._report import Outcome, Table, Target, at_most, spread

ORDERS = ("in order", "random")
QUOTA = 100
ROUTED = Contestant("agora_chat_async", "limiters/agora_routes.py")
WAITERS = ("agora_chat_async", "AsyncLimiter alone")


def run(options: argparse.Namespace) -> Outcome:
    """Measure waiting and routes."""
    waiting = {who: _waiting(who, options) for who in WAITERS}
    queue = _wake_ups(options)
    routes = _routes(options)
    tables = [_waiting_table(waiting), queue[0], _routes_table(routes)]
    figures = {"waiting": waiting, "wake_ups": queue[1], "routes": routes}
    return Outcome(
        tables, _targets(waiting["agora_chat_async"], options.waiting[-1]), figures, lambda to: _plot(routes, to)
    )


def _waiting(who: str, options: argparse.Namespace) -> dict[str, list[dict[str, float]]]:
    found = dict[str, list[dict[str, float]]]()
    for calls in options.waiting:
        for order in ORDERS:
            found[f"{calls:,} {order}"] = [_one(who, calls, order) for _ in range(options.repeats)]
    return found


def _one(who: str, calls: int, order: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks._waiting", who, str(calls), order]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE.parent) as process:
        pin(process.pid, CLIENT_CORE)
        assert process.stdout is not None
        found: dict[str, float] = json.loads(process.stdout.read())
    return found


def _waiting_table(waiting: dict[str, dict[str, list[dict[str, float]]]]) -> Table:
    rows = [
        [
            f"{who}, {what}",
            f"{_middle(found, 'bytes'):,.0f}",
            f"{_middle(found, 'made'):.2f} s",
            f"{_middle(found, 'cancelled'):.2f} s",
        ]
        for who, by_what in waiting.items()
        for what, found in by_what.items()
    ]
    return Table(
        "Waiting calls, made and cancelled; seconds of CPU", ("", "bytes each", "made in", "cancelled in"), rows
    )


def _middle(found: list[dict[str, float]], key: str) -> float:
    return spread(one[key] for one in found).median


def _wake_ups(options: argparse.Namespace) -> tuple[Table, Any]:
    """What a call costs while many others wait behind it."""
    rows, figures = list[list[str]](), dict[int, list[float]]()
    with server() as target, workers((ROUTED,)) as (worker,):
        for callers in (200, 10_000):
            costs = list[float]()
            for _ in range(options.repeats):
                found = worker.measure(url=target.url, call="16", in_flight=callers, seconds=3.0, to_the_end=False)
                costs.append(found["cpu"] / found["done"] * 1e6)
            figures[callers] = costs
            rows.append([f"{callers:,} callers on 16 routes", str(spread(costs))])
    return Table(
        "CPU a call in us while others wait, the making of the callers included", ("", "us a call"), rows
    ), figures


def _routes(options: argparse.Namespace) -> dict[int, dict[str, Any]]:
    found = dict[int, dict[str, Any]]()
    with workers((ROUTED,)) as (worker,):
        for routes in options.routes:
            with server(QUOTA, 1.0) as target:
                seconds = options.seconds
                answer = worker.measure(
                    url=target.url, call=str(routes), in_flight=40 * routes, seconds=seconds, to_the_end=False
                )
                logs = target.log()
            admitted = sum(fine for log in logs.values() for _, _, fine in log)
            sent = sum(map(len, logs.values()))
            used = admitted / (routes * QUOTA * seconds)
            found[routes] = {"used": used, "refused": sent - admitted, "cpu": answer["cpu"] / answer["seconds"]}
    return found


def _routes_table(routes: dict[int, dict[str, Any]]) -> Table:
    rows = [
        [f"{n}", f"{n * QUOTA:,}", f"{one['used']:.1%}", f"{one['refused']:,}", f"{one['cpu']:.0%}"]
        for n, one in routes.items()
    ]
    title = f"Routes of {QUOTA} calls a second each, all at once, from one core"
    return Table(title, ("routes", "calls/s allowed", "used", "refused", "of the core"), rows)


def _targets(waiting: dict[str, list[dict[str, float]]], calls: int) -> list[Target]:
    found = waiting[f"{calls:,} in order"]
    spent = spread(one["made"] + one["cancelled"] for one in found).median
    return [
        at_most(f"bytes a waiting call, of {calls:,}", _middle(found, "bytes"), 4096),
        at_most(f"CPU seconds to make {calls:,} waiting calls and cancel them", spent, 3 * calls / 100_000),
    ]


def _plot(routes: dict[int, dict[str, Any]], folder: Path) -> None:
    xs = list(routes)
    lines(
        folder / "routes.png",
        "Routes at full quota from one core",
        "routes of 100 calls a second",
        "calls a second",
        {
            "admitted": (xs, [n * QUOTA * one["used"] for n, one in routes.items()]),
            "allowed": (xs, [n * QUOTA for n in xs]),
        },
    )
