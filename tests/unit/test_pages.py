import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agora_chat_async._pages import Page, Pages
from agora_chat_async.errors import InvalidArgument

SMALL = [["a", "b"], ["c", "d"], ["e"]]


class Service:
    """A listing whose cursors are numbers of pages, and that fails where it is told to."""

    def __init__(
        self, pages: Sequence[Sequence[str]], *, failures: Sequence[int] = (), last: str | None = None
    ) -> None:
        self.pages = pages
        self.asked = list[str | None]()
        self.failures = list(failures)
        self.last = last

    async def fetch(self, cursor: str | None) -> Page[str]:
        number = int(cursor or 0)
        self.asked.append(cursor)
        if number in self.failures:
            self.failures.remove(number)
            raise ConnectionError(number)
        following = str(number + 1) if number + 1 < len(self.pages) else self.last
        return Page(tuple(self.pages[number]), following, {"count": len(self.pages[number])})

    def listing(self) -> Pages[str]:
        return Pages(self.fetch)


async def test_await_gives_page_after_page() -> None:
    """Each await is one request and one page, and after the last one pages are empty."""
    service = Service(SMALL)
    pages = service.listing()
    first = await pages
    assert (list(first), len(first), first.cursor, first.extra) == (["a", "b"], 2, "1", {"count": 2})
    assert service.asked == [None]
    assert (await pages).items == ("c", "d")
    last = await pages
    assert (last.items, last.cursor) == (("e",), None)
    assert len(await pages) == 0
    assert service.asked == [None, "1", "2"]


async def test_async_for_gives_every_item() -> None:
    """Iterating crosses pages, and asks for the next one only when it is needed."""
    service = Service(SMALL)
    seen = list[str]()
    async for item in service.listing():
        seen.append(item)
        assert len(service.asked) == {"a": 1, "b": 1, "c": 2, "d": 2, "e": 3}[item]
    assert seen == ["a", "b", "c", "d", "e"]


async def test_pages_gives_every_page() -> None:
    """Whole pages can be iterated too."""
    assert [page.items async for page in Service(SMALL).listing().pages()] == [("a", "b"), ("c", "d"), ("e",)]


async def test_nothing_is_asked_before_it_is_read() -> None:
    """Making a listing sends nothing."""
    service = Service(SMALL)
    service.listing()
    assert service.asked == []


async def test_begins_at_a_given_cursor() -> None:
    """A cursor of an earlier listing is where this one begins."""
    assert [item async for item in Pages(Service(SMALL).fetch, "1")] == ["c", "d", "e"]


async def test_an_empty_page_ends_the_listing() -> None:
    """A service that keeps giving cursors with empty pages is not asked for ever."""
    service = Service([["a"], []], last="9")
    assert [item async for item in service.listing()] == ["a"]
    assert service.asked == [None, "1"]


@pytest.mark.parametrize("given", range(6))
async def test_state_resumes_in_a_new_object(given: int) -> None:
    """A place stored as JSON goes on elsewhere with the very next item."""
    pages = Service(SMALL).listing()
    items = aiter(pages)
    seen = [await anext(items) for _ in range(min(given, 5))]
    state = pages.state
    json.loads(state)
    resumed = Service(SMALL).listing().resume(state)
    assert resumed.state == state
    assert seen + [item async for item in resumed] == ["a", "b", "c", "d", "e"]


async def test_state_of_a_finished_listing() -> None:
    """A listing that was read to its end stays at its end."""
    service = Service(SMALL)
    pages = service.listing()
    assert len([item async for item in pages]) == 5
    again = Service(SMALL)
    resumed = again.listing().resume(pages.state)
    assert [item async for item in resumed] == []
    assert [page async for page in resumed.pages()] == []
    assert again.asked == []


async def test_resume_drops_the_page_at_hand() -> None:
    """Going back in the same object asks anew."""
    pages = Service(SMALL).listing()
    start = pages.state
    await anext(aiter(pages))
    assert [item async for item in pages.resume(start)] == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    "state",
    [
        "",
        "null",
        "[]",
        "7",
        "{}",
        '{"cursor": 1, "given": 0, "done": false}',
        '{"cursor": null, "given": -1, "done": false}',
        '{"cursor": null, "given": "0", "done": false}',
    ],
)
def test_a_foreign_state_is_refused(state: str) -> None:
    """Text that no listing wrote is refused, and the place is kept."""
    pages = Service(SMALL).listing()
    before = pages.state
    with pytest.raises(InvalidArgument, match=r"^state="):
        pages.resume(state)
    assert pages.state == before


@pytest.mark.parametrize("failing", [0, 1, 2])
async def test_the_same_loop_goes_on_after_an_error(failing: int) -> None:
    """An error in the middle loses nothing and repeats nothing."""
    service = Service(SMALL, failures=[failing])
    pages = service.listing()
    seen = list[str]()
    with pytest.raises(ConnectionError):
        async for item in pages:
            seen.append(item)
    assert len(seen) == 2 * failing
    seen += [item async for item in pages]
    assert seen == ["a", "b", "c", "d", "e"]


async def test_await_repeats_a_failed_page() -> None:
    """After an error the next await asks for the page that failed."""
    pages = Service(SMALL, failures=[1]).listing()
    await pages
    with pytest.raises(ConnectionError):
        await pages
    assert (await pages).items == ("c", "d")


async def test_await_inside_the_loop_takes_the_rest_of_the_page() -> None:
    """Whoever takes a page out of a running loop gets what is left of it, and the loop goes on behind it."""
    pages = Service([["a", "b", "c"], ["d", "e"]]).listing()
    seen = list[str]()
    async for item in pages:
        seen.append(item)
        if item == "a":
            rest = await pages
            assert rest.items == ("b", "c")
    assert seen == ["a", "d", "e"]


async def test_leaving_a_loop_keeps_the_place() -> None:
    """A second loop goes on where the first one was left, without asking again."""
    service = Service(SMALL)
    pages = service.listing()
    async for item in pages:
        if item == "c":
            break
    assert pages.cursor == "1"
    assert [item async for item in pages] == ["d", "e"]
    assert service.asked == [None, "1", "2"]


@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=6),
    st.lists(st.sampled_from(["item", "page", "store"]), max_size=30),
    st.lists(st.integers(0, 5), max_size=4),
)
async def test_any_mix_of_reading_gives_every_item_once(
    sizes: list[int], steps: list[str], failures: list[int]
) -> None:
    """Items, pages, errors and stored states in any order: each item comes once, in order."""
    numbers = iter(range(100))
    content = [[str(next(numbers)) for _ in range(size)] for size in sizes]
    service = Service(content, failures=failures)
    pages = service.listing()
    seen = list[str]()
    for step in steps:
        try:
            if step == "item":
                async for item in pages:
                    seen.append(item)
                    break
            elif step == "page":
                seen += await pages
            else:
                pages = service.listing().resume(pages.state)
        except ConnectionError:
            continue
    while True:
        try:
            async for item in pages:
                seen.append(item)
        except ConnectionError:
            continue
        break
    assert seen == [item for page in content for item in page]
