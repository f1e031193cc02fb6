"""Listings: await one for a page, iterate it for all items, store its state and go on another day."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator, Sequence
from typing import Any, Generic, Self, TypeVar

from attrs import field, frozen

from agora_chat_async.errors import InvalidArgument

T = TypeVar("T")


@frozen
class Page(Generic[T]):
    """One page of a listing."""

    items: Sequence[T]
    cursor: str | None = None
    """Where the next page begins; None after the last one."""
    extra: dict[str, Any] = field(factory=dict[str, Any], repr=False)
    """What the answer held beside the items."""

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)


class Pages(Generic[T]):
    """A listing that is fetched as it is read.

    `await pages` fetches one page, the next one at each await. `async for item in pages` gives every item,
    `async for page in pages.pages()` every page. The place in the listing is kept in the object: after an error the
    same loop, started again, asks for the failed page again, and `state` stores the place for `resume` in another
    process.
    """

    __slots__ = ("_cursor", "_done", "_fetch", "_given", "_page")

    def __init__(self, fetch: Callable[[str | None], Awaitable[Page[T]]], cursor: str | None = None) -> None:
        self._fetch = fetch
        self._cursor = cursor
        self._given = 0
        self._page: Page[T] | None = None
        self._done = False

    @property
    def cursor(self) -> str | None:
        """Cursor of the page that is read next, or being read; None at the very beginning."""
        return self._cursor

    @property
    def state(self) -> str:
        """The place in the listing as JSON: the page's cursor and how many of its items were given out."""
        return json.dumps({"cursor": self._cursor, "given": self._given, "done": self._done})

    def resume(self, state: str) -> Self:
        """Go to a place that `state` told, and return this listing."""
        try:
            self._cursor, self._given, self._done = _place(json.loads(state))
        except (ValueError, TypeError, KeyError):
            raise InvalidArgument("state", state, "a text that Pages.state returned") from None
        self._page = None
        return self

    def __await__(self) -> Generator[Any, None, Page[T]]:
        return self._next_page().__await__()

    async def __aiter__(self) -> AsyncIterator[T]:
        while not self._done:
            page = await self._current()
            # Whoever gets an item may also await the listing or resume it elsewhere, which leaves this page.
            while self._page is page and self._given < len(page.items):
                self._given += 1
                yield page.items[self._given - 1]
            if self._page is page:
                self._leave(page)

    async def pages(self) -> AsyncIterator[Page[T]]:
        """Iterate over whole pages; one that was begun by item comes with the items that are left."""
        while not self._done:
            yield await self._next_page()

    async def _current(self) -> Page[T]:
        if self._page is None:
            self._page = await self._fetch(self._cursor)
        return self._page

    async def _next_page(self) -> Page[T]:
        if self._done:
            return Page(())
        page = await self._current()
        rest = Page(page.items[self._given :], page.cursor, page.extra) if self._given else page
        self._leave(page)
        return rest

    def _leave(self, page: Page[T]) -> None:
        # The service drops the cursor on the last page; some versions keep one on an empty page, which ends it too.
        self._done = page.cursor is None or not page.items
        self._cursor, self._given, self._page = page.cursor, 0, None


def _place(state: dict[str, Any]) -> tuple[str | None, int, bool]:
    cursor, given, done = state["cursor"], state["given"], state["done"]
    if isinstance(cursor, str | None) and isinstance(given, int) and given >= 0:
        return cursor, given, bool(done)
    raise ValueError("not a place in a listing")


def numbered_page(page: Page[T], number: int | None, size: int | None, sure: int) -> Page[T]:
    """Give a page of a listing by page number its cursor: the next number, or None after the last page.

    The last page is one that is not full. Some versions of the service give no more than `sure` items whatever size is
    asked for, so a page is full from there on. Without number or size the service gives one page that has no next.
    """
    if number is None or size is None or len(page.items) < min(size, sure):
        return Page(page.items, None, page.extra)
    return Page(page.items, str(number + 1), page.extra)
