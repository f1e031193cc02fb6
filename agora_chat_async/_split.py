"""Calls with more items than the service takes at once, made as several.

Which argument is divided, and into parts of how many, is said by the declaration: it is the one whose check names a
`most_at_once`. The parts go out together, each through the quota. A part that fails does not undo the others, so what
comes back tells of every item what became of it.

How an answer is divided among its items is said by the type of the result. A mapping has an entry by name. Of a list
of names, those in it were done. The entries of other lists name their item in the field that their class calls
`item_key`, and in `result` or the like whether it was done. A result that tells done and failed apart has
`outcome_of`. And where there is no result, all was done. What is not named was not done, unless the declaration says
`sparse`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar, cast

from attrs import field, frozen

from agora_chat_async._compile import marks_of
from agora_chat_async._endpoint import Endpoint
from agora_chat_async.errors import AgoraChatError, InvalidArgument

R = TypeVar("R")


@frozen
class Part(Generic[R]):
    """One of the calls that a divided one became."""

    items: Sequence[Any]
    """Its items; of a mapping, the keys."""
    result: R | None = None
    """What the call returned; None where it failed."""
    error: AgoraChatError | None = None
    """Why it failed."""
    sparse: bool = field(default=False, repr=False)
    """Whether the answer leaves out those items of which there is nothing to tell."""

    def by_item(self) -> Sequence[ItemResult]:
        """Tell of every item of the part what became of it."""
        if self.error is not None:
            return [ItemResult(item, error=self.error) for item in self.items]
        told = _outcomes(self.items, self.result, sparse=self.sparse)
        return [ItemResult(item, *each) for item, each in zip(self.items, told, strict=True)]


@frozen
class ItemResult:
    """What became of one item."""

    item: Any
    result: Any = None
    """What the service says of it: its own entry of the answer; None where it says nothing of it."""
    ok: bool = False
    """False where the item's call failed, or the service says that nothing was done for it, or says nothing of it."""
    reason: str | None = None
    """The service's words, where it was not done although the call succeeded."""
    error: AgoraChatError | None = None
    """Why the item's call failed."""


@frozen
class Parts(Generic[R]):
    """What became of a divided call, in the order of its items."""

    parts: Sequence[Part[R]]

    def __iter__(self) -> Iterator[Part[R]]:
        return iter(self.parts)

    def __len__(self) -> int:
        return len(self.parts)

    @property
    def ok(self) -> bool:
        """Whether every part succeeded."""
        return not self.errors

    @property
    def errors(self) -> Sequence[AgoraChatError]:
        """Errors of the parts that failed."""
        return [part.error for part in self.parts if part.error is not None]

    @property
    def results(self) -> Sequence[R]:
        """Results of the parts that succeeded."""
        return [cast("R", part.result) for part in self.parts if part.error is None]

    def by_item(self) -> Sequence[ItemResult]:
        """Tell of every item what became of it, in the order in which they were given."""
        return [one for part in self.parts for one in part.by_item()]


def divisible(endpoint: Endpoint) -> tuple[str, int] | None:
    """Tell which argument of an endpoint can be divided, and how many items the service takes at once."""
    for name, parameter in endpoint.signature.parameters.items():
        for mark in marks_of(parameter.annotation):
            most = getattr(mark, "most_at_once", None)
            if most is not None:
                return name, most
    return None


async def split(
    endpoint: Endpoint, call: Callable[..., Awaitable[R]], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Parts[R]:
    """Make as many calls as the items need, at once, and gather what became of them."""
    found = divisible(endpoint)
    if found is None:
        raise InvalidArgument("endpoint", endpoint.id, "an endpoint that takes a list of a limited length")
    name, most = found
    arguments = dict(endpoint.signature.bind(None, *args, **kwargs).arguments)
    del arguments["self"]
    value = arguments.get(name)
    if isinstance(value, str | bytes) or not isinstance(value, Sequence | Mapping | set | frozenset):
        raise InvalidArgument(name, type(value).__name__, "a list of values")
    parts = [*_divided(cast("Any", value), most)]
    _check_all(endpoint, name, parts)

    async def make(part: Any) -> Part[R]:
        items: list[Any] = [*part]
        try:
            return Part(items, await call(**{**arguments, name: part}), sparse=endpoint.sparse)
        except AgoraChatError as error:
            return Part(items, error=error)

    async with asyncio.TaskGroup() as tasks:
        made = [tasks.create_task(make(part)) for part in parts]
    outcomes = [task.result() for task in made]
    for part in outcomes:
        if isinstance(part.error, InvalidArgument):  # of another argument, and so of every part alike
            raise part.error
    return Parts(outcomes)


def _check_all(endpoint: Endpoint, name: str, parts: Sequence[Any]) -> None:
    """Refuse a wrong item before any part is sent."""
    for mark in marks_of(endpoint.signature.parameters[name].annotation):
        if callable(mark):
            for part in parts:
                mark(name, part)


def _divided(value: Sequence[Any] | Mapping[Any, Any], most: int) -> Iterator[Any]:
    items: list[Any] = [*value.items()] if isinstance(value, Mapping) else [*value]
    for begin in range(0, len(items), most):
        part = items[begin : begin + most]
        yield dict(part) if isinstance(value, Mapping) else part


Told = tuple[Any, bool, str | None]
"""An item's own entry, whether it was done, and why not."""


def _outcomes(items: Sequence[Any], result: Any, *, sparse: bool) -> Sequence[Told]:
    """Divide the answer of one call among its items."""
    keys = [str(getattr(item, "item_key", item)) for item in items]
    if result is None:
        return [(None, True, None)] * len(items)
    if hasattr(result, "outcome_of"):
        return [_told(result.outcome_of(key), sparse=sparse) for key in keys]
    entries = cast("Mapping[str, Any]", result) if isinstance(result, Mapping) else _by_key(result, keys)
    return [_told(entries.get(key), sparse=sparse) for key in keys]


def _by_key(entries: Sequence[Any], keys: Sequence[str]) -> Mapping[str, Any]:
    named = {_key_of(entry): entry for entry in entries}
    if None in named and len(entries) == len(keys):  # some name no item, but there is one for each
        return dict(zip(keys, entries, strict=True))
    return {key: entry for key, entry in named.items() if key is not None}


def _key_of(entry: Any) -> str | None:
    key: Any = entry if isinstance(entry, str) else entry.item_key
    return None if key is None else str(key)


def _told(entry: Any, *, sparse: bool) -> Told:
    ok = sparse if entry is None else getattr(entry, "ok", True)
    return entry, ok, None if ok else getattr(entry, "reason", None)
