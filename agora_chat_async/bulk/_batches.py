"""Rows gathered into batches, in the order of the input.

A batch is a stretch of the input, so that first and last line tell which rows it holds. A run that is resumed cuts the
same batches again where the journal says that they are not done, and passes over the rows of those that are.

A name may stand once in a stretch of rows that is longer than all batches under way together: a second row of the same
name is not sent. So of two rows of one name the first has its result before the second is sent, and the service's own
record of when a user was registered tells which of them did it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from attrs import define, field, frozen

from agora_chat_async.bulk.rows import Row, RowResult, RowStatus
from agora_chat_async.errors import InvalidArgument

ROWS_COMPARED: Final = 30_000
"""Rows among which each name may stand once, at least."""
MOST_ROWS: Final = 1000
"""Rows of a batch at most, those that are not sent included."""


@define(eq=False)
class Batch:
    """Some consecutive rows, and what is known of their results."""

    number: int
    again: bool = False
    """Whether it was sent before, by a run that did not learn what became of it."""
    newest: int | None = None
    """When the newest user that the service had told of was registered, as the batch was first sent."""
    rows: dict[str, Row] = field(factory=dict[str, Row])
    """The rows to send, by name."""
    results: list[RowResult] = field(factory=list[RowResult])
    first: int = 0
    last: int = 0
    size: int = 0
    """All rows, those that are not sent included."""

    @property
    def complete(self) -> bool:
        """Whether every row has its result."""
        return len(self.results) == self.size


@frozen
class Stretch:
    """The lines of a batch that an earlier run began."""

    number: int
    first: int
    last: int
    again: bool
    newest: int | None


@define
class Past:
    """What earlier runs left to do."""

    stretches: Sequence[Stretch] = ()
    """Batches that are not done, by line."""
    covered: int = 0
    """Last line of all batches that were ever begun; between them all others are done."""
    batches: int = 0
    """The highest number of a batch."""

    def __attrs_post_init__(self) -> None:
        self._lasts = [stretch.last for stretch in self.stretches]

    _lasts: list[int] = field(init=False)

    def of(self, line: int) -> Stretch | None:
        """The batch of a line, if it is not done."""
        at = bisect_left(self._lasts, line)
        stretch = self.stretches[at] if at < len(self.stretches) else None
        return stretch if stretch is not None and stretch.first <= line else None

    @property
    def read_after(self) -> int:
        """The line up to which nothing has to be read."""
        first = self.stretches[0].first if self.stretches else self.covered + 1
        return max(first - 1 - ROWS_COMPARED, 0)


class BatchMaker:
    """Gathers rows into batches in which no name is twice."""

    def __init__(self, size: int, past: Past | None = None, *, under_way: int = 0) -> None:
        self._size = size
        self._compared = max(ROWS_COMPARED, under_way)
        self._ordered = past is not None
        self._past = past or Past()
        self._number = self._past.batches
        self._seen = OrderedDict[str, int]()
        self._batch: Batch | None = None
        self._stretch: Stretch | None = None
        self._line = 0

    def add(self, row: Row) -> tuple[Sequence[Batch], RowResult | None]:
        """Take a row; return the batches that are complete, and the result of a row that is not sent."""
        if self._ordered and row.line <= self._line:
            raise InvalidArgument("users", f"line {row.line} after line {self._line}", "lines in rising order")
        self._line = row.line
        stretch = self._past.of(row.line)
        ready = self.take() if stretch is not self._stretch else ()
        refused = self._refused(row)
        if stretch is None and row.line <= self._past.covered:
            return ready, None
        if self._batch is None:
            self._begin(row, stretch)
        batch = self._batch
        assert batch is not None  # noqa: S101 - for type checkers
        batch.last = row.line
        batch.size += 1
        if refused is not None:
            batch.results.append(refused)
        elif row.user is not None:
            batch.rows[row.user.username] = row
        if stretch is None and (len(batch.rows) >= self._size or batch.size >= MOST_ROWS):
            ready = [*ready, *self.take()]
        return ready, refused

    def take(self) -> Sequence[Batch]:
        """End the batch that is being gathered, if there is one."""
        batch, self._batch, self._stretch = self._batch, None, None
        return [] if batch is None else [batch]

    def done_before(self, line: int) -> bool:
        """Whether an earlier run has the result of a line."""
        return line <= self._past.covered and self._past.of(line) is None

    def _begin(self, row: Row, stretch: Stretch | None) -> None:
        if stretch is None:
            self._number += 1
            self._batch = Batch(self._number, first=row.line)
        else:
            self._batch = Batch(stretch.number, stretch.again, stretch.newest, first=stretch.first)
        self._stretch = stretch

    def _refused(self, row: Row) -> RowResult | None:
        if row.user is None:
            return RowResult(row.line, row.username, RowStatus.INVALID, "invalid", row.problem)
        first = self._seen.setdefault(row.user.username, row.line)
        if len(self._seen) > self._compared:
            self._seen.popitem(last=False)
        if first == row.line:
            return None
        return RowResult(row.line, row.username, RowStatus.INVALID, "duplicate", f"the same name as line {first}")
