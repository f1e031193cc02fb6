"""Calls with more items than the service takes at once, made as several.

Which argument is divided, and into parts of how many, is said by the declaration: it is the one whose check names a
`most_at_once`. The parts go out together, each through the quota. A part that fails does not undo the others, so what
comes back tells of every item what became of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar, cast

from attrs import frozen

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

    def of(self, index: int) -> Any:
        """Return what the result says of one item: its entry, where the result has one for each, or else the whole."""
        result = cast("Any", self.result)
        if isinstance(result, Mapping):
            return cast("Mapping[Any, Any]", result).get(self.items[index])
        if isinstance(result, list | tuple) and len(cast("Sequence[Any]", result)) == len(self.items):
            return cast("Sequence[Any]", result)[index]
        return cast("Any", result)


@frozen
class ItemResult:
    """What became of one item."""

    item: Any
    result: Any
    """The item's own entry in the result of its call, or that whole result; None where the call failed."""
    error: AgoraChatError | None
    """Why its call failed."""


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
        """Tell of every item what became of it."""
        return [
            ItemResult(item, part.of(index), part.error) for part in self.parts for index, item in enumerate(part.items)
        ]


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
            return Part(items, result=await call(**{**arguments, name: part}))
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
