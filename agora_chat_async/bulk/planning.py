"""What a run over an input would do, without the network: rows, calls and time."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from typing import Final

from attrs import frozen

from agora_chat_async._endpoint import Endpoint, endpoint_of
from agora_chat_async._gate import Overrides, Quotas
from agora_chat_async.api import all_endpoints
from agora_chat_async.api.push import Push
from agora_chat_async.api.users import Users
from agora_chat_async.bulk._batches import BatchMaker
from agora_chat_async.bulk.reporting import OnExisting
from agora_chat_async.bulk.rows import Row, RowResult, RowStatus
from agora_chat_async.quota import Plan

_CACHE_KIB: Final = 32 * 1024


@frozen
class RunPlan:
    """What a run would do."""

    rows: int
    invalid: int
    """Rows that break a rule, and would not be sent."""
    duplicates: int | None
    """Rows whose name stands on an earlier line; None where that was not looked for."""
    calls: Mapping[str, int]
    """Calls by route; those that update existing users are the most that there can be."""
    seconds: float
    """Time at the full quota."""

    @property
    def valid(self) -> int:
        """Rows that would be sent."""
        return self.rows - self.invalid - (self.duplicates or 0)

    @property
    def ok(self) -> bool:
        """Whether every row is good."""
        return self.valid == self.rows


def plan_users(
    rows: Iterable[Row],
    on_bad_row: Callable[[RowResult], object],
    *,
    batch_size: int = 60,
    on_existing: OnExisting = "skip",
    assume_unique: bool = False,
    plan: Plan | None = None,
    quotas: Overrides | None = None,
) -> RunPlan:
    """Read an input to its end and tell what a run over it would do.

    Args:
        rows: The input.
        on_bad_row: Called with each row that is not good.
        batch_size: Users a call.
        on_existing: As in `provision_users`.
        assume_unique: Do not look for names that stand there twice, which takes a table on disk.
        plan: The price plan.
        quotas: Rates other than the documented ones.
    """
    counts, calls = Counter[str](), Counter[Endpoint]()
    register, password = endpoint_of(Users.create_many), endpoint_of(Users.set_password)
    nickname = endpoint_of(Push.set_display_nickname)
    maker = BatchMaker(batch_size)
    with closing(_Names()) as names:
        for row in rows:
            counts["rows"] += 1
            batches, bad = maker.add(row)
            calls[register] += sum(bool(batch.rows) for batch in batches)
            first = None if assume_unique or row.user is None else names.first_line(row.user.username, row.line)
            if bad is None and first is not None:
                bad = RowResult(
                    row.line, row.username, RowStatus.INVALID, "duplicate", f"the same name as line {first}"
                )
            if bad is not None:
                counts[bad.error or ""] += 1
                on_bad_row(bad)
            elif row.user is not None and on_existing == "update":
                calls[password] += row.user.password is not None
                calls[nickname] += row.user.nickname is not None
    calls[register] += sum(bool(batch.rows) for batch in maker.take())
    return RunPlan(
        rows=counts["rows"],
        invalid=counts["invalid"],
        duplicates=None if assume_unique and not counts["duplicate"] else counts["duplicate"],
        calls={f"{endpoint.method} {endpoint.path}": count for endpoint, count in calls.items() if count},
        seconds=_seconds(+calls, plan, quotas or {}),
    )


def _seconds(calls: Mapping[Endpoint, int], plan: Plan | None, overrides: Overrides) -> float:
    """Tell how long the slowest quota takes for some calls; a plan's total takes them all."""
    quotas = Quotas(all_endpoints(), plan=plan, overrides=overrides, margin=None, in_flight=1)
    drawn = Counter[str]()
    rates = dict[str, float]()
    for endpoint, count in calls.items():
        for bucket in quotas.gate(endpoint).buckets:
            drawn[bucket.name] += count
            rates[bucket.name] = bucket.rate.calls / bucket.rate.period
    return max((count / rates[name] for name, count in drawn.items()), default=0.0)


class _Names:
    """Names and the lines where they stand first, on disk."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)  # a file without a name, gone with its connection
        for statement in (
            f"PRAGMA cache_size = -{_CACHE_KIB}",
            "PRAGMA journal_mode = OFF",
            "CREATE TABLE names (name TEXT PRIMARY KEY, line INTEGER NOT NULL) WITHOUT ROWID",
            "BEGIN",
        ):
            self._connection.execute(statement)

    def first_line(self, name: str, line: int) -> int | None:
        """Take a name; return the earlier line where it stands, if there is one."""
        added = self._connection.execute("INSERT OR IGNORE INTO names VALUES (?, ?)", (name, line)).rowcount
        if added:
            return None
        rows: Sequence[int] = self._connection.execute("SELECT line FROM names WHERE name = ?", (name,)).fetchone()
        return rows[0]

    def close(self) -> None:
        self._connection.close()
