"""The demo's figures as a table, and what is not as it should be."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from math import ceil
from typing import Final, NamedTuple

from agora_chat_async.api.users import MAX_REGISTERED_AT_ONCE
from agora_chat_async.bulk import RowStatus
from agora_chat_async.cli._demo_run import FIRST_PAGE, Measured

LEAST_SHARE: Final = 0.98
"""Share of the quota below which the demo fails."""
ATTAINABLE: Final = 1.05
"""How much longer than the shortest possible time a good run takes."""
_KINDS_OF_CONTENT: Final = 8


class Line(NamedTuple):
    """One figure."""

    name: str
    value: str
    explanation: str = ""


def users_per_second(measured: Measured) -> float:
    """Users registered by the time from the first row read to the last answer."""
    return measured.report.count(RowStatus.CREATED) / measured.report.elapsed


def users_by_quota(measured: Measured) -> float:
    """Users a second that the quota allows."""
    return MAX_REGISTERED_AT_ONCE * measured.rate.calls / measured.rate.period


def shortest(measured: Measured) -> float:
    """Seconds between the first call and the last where each window of the quota is full."""
    return (len(measured.arrivals) - 1) // measured.rate.calls * measured.rate.period


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that so large a share of the values does not exceed; 0 of no values."""
    return ordered[max(ceil(share * len(ordered)) - 1, 0)] if ordered else 0.0


def lines_of(measured: Measured) -> list[Line]:
    """Write the figures."""
    report, quota = measured.report, users_by_quota(measured)
    speed = users_per_second(measured)
    calls = len(measured.arrivals)
    spread = measured.arrivals[-1] - measured.arrivals[0] if measured.arrivals else 0.0
    p50, p95, p99 = (percentile(measured.latencies, share) * 1000 for share in (0.50, 0.95, 0.99))
    kinds = ", ".join(measured.message_ids)
    lines = [
        Line("users registered", f"{report.count(RowStatus.CREATED):,} of {measured.asked:,}", f"{report.calls} calls"),
        Line("users a second", f"{speed:,.0f}", f"from the first row to the last answer, {report.elapsed:.2f} s"),
        Line(
            "share of the quota",
            f"{speed / quota:.1%}",
            f"of {quota:,.0f} users/s = {MAX_REGISTERED_AT_ONCE} a call x {measured.rate}; above 100% in a short run, "
            f"since the first {measured.rate.calls} calls may go at once",
        ),
    ]
    if spread > 0 and shortest(measured) > 0:
        lines.append(
            Line(
                "pace at the emulator",
                f"{shortest(measured) / spread:.1%}",
                f"{calls} calls need {shortest(measured):.2f} s from first to last by the quota, took {spread:.2f} s, "
                "each window being 2% longer against the network's jitter",
            )
        )
    return [
        *lines,
        Line("refused calls", f"{measured.refused}", "429 answers, counted by the emulator"),
        Line(
            f"most calls in any {measured.rate.per}",
            f"{measured.busiest['arrived']['calls']}",
            f"arrived at the emulator, wherever the window begins; the quota is {measured.rate}",
        ),
        Line(
            "latency of a call",
            f"{p50:.0f} / {p95:.0f} / {p99:.0f} ms",
            f"p50 / p95 / p99 of {len(measured.latencies)} batches, without the wait for the quota, answer decoded",
        ),
        Line("calls sent again", f"{measured.stats.retries}", f"of {measured.stats.calls} calls of the session"),
        Line("messages", f"{sum(measured.message_ids.values()):,}", f"{kinds}, each to {measured.receivers} users"),
        Line("first page", f"{measured.first_page}", "users"),
        Line("users read back", f"{measured.read_back:,}", f"page by page in {measured.reading_seconds:.2f} s"),
        Line("total time", f"{measured.total_seconds:.1f} s"),
    ]


def faults_of(measured: Measured) -> list[str]:
    """Name everything that is not as it should be."""
    report, asked = measured.report, measured.asked
    created, most = report.count(RowStatus.CREATED), int(measured.busiest["arrived"]["calls"])
    page = min(asked, FIRST_PAGE)
    share = users_per_second(measured) / users_by_quota(measured)
    # A run of a few calls may not be able to reach the quota's mean speed, whoever makes them.
    speed_counts = asked >= users_by_quota(measured) * shortest(measured) * ATTAINABLE > 0
    verdicts = [
        (created == asked, f"{created:,} of {asked:,} users were registered"),
        (not measured.bad_rows, "; ".join(f"{r.username}: {r.status.value}, {r.message}" for r in measured.bad_rows)),
        (measured.refused == 0, f"the emulator refused {measured.refused} calls"),
        (measured.stats.refused == 0, f"the session was refused {measured.stats.refused} times"),
        (measured.stats.retries == 0, f"{measured.stats.retries} calls had to be sent again"),
        (most <= measured.rate.calls, f"{most} registrations arrived in one {measured.rate.per}, over the quota"),
        (share >= LEAST_SHARE or not speed_counts, f"the speed was {share:.1%} of the quota, not {LEAST_SHARE:.0%}"),
        (len(measured.message_ids) == _KINDS_OF_CONTENT, f"{len(measured.message_ids)} types of message were sent"),
        (measured.first_page == page, f"the first page had {measured.first_page} users"),
        (measured.read_back == asked, f"{measured.read_back:,} users were read back"),
        (measured.missing == 0, f"{measured.missing} users were not found"),
        (measured.strangers == 0, f"{measured.strangers} users were found that nobody registered, or twice"),
    ]
    verdicts += [
        (count == measured.receivers, f"{kind}: {count} message ids for {measured.receivers} receivers")
        for kind, count in measured.message_ids.items()
    ]
    return [fault for as_it_should_be, fault in verdicts if not as_it_should_be]


def show(lines: Sequence[Line]) -> None:
    """Print the table: with rich on a terminal, else as plain lines."""
    if not (sys.stdout.isatty() and _show_with_rich(lines)):
        for line in lines:
            print(f"{line.name:<26}{line.value:>20}  {line.explanation}".rstrip())


def _show_with_rich(lines: Sequence[Line]) -> bool:
    try:
        from rich.console import Console
        from rich.table import Table
    except ModuleNotFoundError:
        return False
    table = Table(show_header=False)
    for line in lines:
        table.add_row(line.name, f"[bold]{line.value}[/bold]", line.explanation)
    Console().print(table)
    return True
