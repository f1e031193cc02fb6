"""What a call costs its client: CPU and calls a second, beside calls by hand and SDKs of other services.

Client and server have a core each. Every contestant is a process of its own that waits while another is measured;
each round measures all of them, so that what else happens on the machine meets all alike.
"""

import argparse
from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmarks._peers import BY_HAND, OVER_AIOHTTP, PLAIN_HTTPX, SDKS, US, Contestant
from benchmarks._plots import grouped_bars
from benchmarks._processes import server, workers
from benchmarks._report import Outcome, Table, at_least, at_most, spread
from benchmarks.drive import PATIENCE

IN_FLIGHT = (1, 32, 256, 1000)
CALLS = ("users.create", "users.get", "users.list", "messages.send_to_users")
COMPARED = (US, *BY_HAND)

Figures = dict[str, dict[str, dict[int, list[dict[str, Any]]]]]
"""By call, contestant and calls in flight: what each repeat found."""


def run(options: argparse.Namespace) -> Outcome:
    """Measure all contestants."""
    figures: Figures = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    with server() as target, workers((*COMPARED, *SDKS)) as started:
        for _ in range(options.repeats):
            for call in CALLS:
                for in_flight in IN_FLIGHT:
                    for worker in started:
                        if call != CALLS[0] and worker.contestant not in COMPARED:
                            continue  # other services have other calls; one is enough to see what an SDK costs
                        found = worker.measure(
                            url=target.url, call=call, in_flight=in_flight, seconds=options.slice, warm_up=0.15
                        )
                        figures[call][worker.contestant.name][in_flight].append(found)
    return Outcome([_table(call, figures) for call in CALLS], _targets(figures), figures, lambda to: _plot(figures, to))


def cost(found: list[dict[str, Any]]) -> list[float]:
    """Microseconds of CPU a call, of each repeat."""
    return [one["cpu"] / one["done"] * 1e6 for one in found if one["done"]]


def pace(found: list[dict[str, Any]]) -> list[float]:
    """Calls a second, of each repeat."""
    return [one["done"] / one["seconds"] for one in found]


def _table(call: str, figures: Figures) -> Table:
    rows = list[list[str]]()
    ours = figures[call][US.name]
    for name, by_flight in figures[call].items():
        cells = [name]
        for in_flight in IN_FLIGHT:
            costs = cost(by_flight[in_flight])
            unfinished = "P" if any(one["cut_off"] for one in by_flight[in_flight]) else ""
            cells.append(f"{spread(costs)}{unfinished}" if costs else "-")
        cells.append(f"{spread(pace(by_flight[32])).median:,.0f}")
        ratio = _ratio(by_flight[32], ours[32])
        cells.append(f"{ratio:.2f}" if ratio else "-")
        rows.append(cells)
    columns = ("", *(f"{in_flight:,} in flight" for in_flight in IN_FLIGHT), "calls/s at 32", "CPU to ours at 32")
    title = f"{call}: CPU in us a call, median (least-most); P: calls were still pending {PATIENCE:g} s after the end"
    if call == CALLS[0]:
        title += "; SDKs of other services make a call of about that size"
    return Table(title, columns, rows)


def _ratio(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> float | None:
    """CPU of one to that of another: the median over the rounds, so that noise of a round meets both."""
    ratios = [
        (a["cpu"] / a["done"]) / (b["cpu"] / b["done"])
        for a, b in zip(one, other, strict=True)
        if a["done"] and b["done"]
    ]
    return spread(ratios).median if ratios else None


def _targets(figures: Figures) -> list[Any]:
    create = figures["users.create"]
    ours = create[US.name]

    def ratio(other: Contestant, in_flight: int) -> float:
        return _ratio(ours[in_flight], create[other.name][in_flight]) or float("inf")

    return [
        at_most(
            "CPU of users.create to the same by hand on the same transport, 32 in flight", ratio(OVER_AIOHTTP, 32), 0.9
        ),
        at_most("the same, 1,000 in flight", ratio(OVER_AIOHTTP, 1000), 0.9),
        at_most("CPU of users.create to plain httpx by hand, 32 in flight", ratio(PLAIN_HTTPX, 32), 0.2),
        at_least("calls a second on one core, 32 in flight", spread(pace(ours[32])).median, 2500),
    ]


def _plot(figures: Figures, folder: Path) -> None:
    create = figures["users.create"]
    grouped_bars(
        folder / "call.png",
        "CPU a call, by calls in flight",
        "us (log)",
        {name: {f"{n:,}": spread(cost(by[n]) or [0.0]).median for n in IN_FLIGHT} for name, by in create.items()},
        log=True,
    )
