"""Forms, headers, names joined by commas and listings by page number, as they stand on the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Annotated

import pytest
from raw_server import RawServer, answer, raw_server

from agora_chat_async import Session, errors, per_second
from agora_chat_async._checks import EXISTING_USER, Int, Items
from agora_chat_async._compile import JOINED, Header, SentAs
from agora_chat_async._endpoint import Group
from agora_chat_async._pages import Pages
from agora_chat_async._verbs import DELETE, GET, PUT


class Things(Group, name="things", page="https://example.org"):
    """Made up, one operation for each way of sending."""

    @PUT("/things/{name}", per_second(100), form=True, pick="data", retry_safe=True)
    async def set(self, name: str, *, nickname: str | None = None, sign: str | None = None) -> Mapping[str, str]: ...

    @GET("/things/{name}", per_second(100), pick="data", retry_safe=True)
    async def get(
        self, name: str, *, thumbnail: bool | None = None, secret: Annotated[str, Header("share-secret")] | None = None
    ) -> Mapping[str, str]: ...

    @DELETE("/things/{names}", per_second(100), pick="data", retry_safe=True)
    async def delete(
        self, names: Annotated[Sequence[str], Items(3, each=EXISTING_USER), JOINED]
    ) -> Mapping[str, str]: ...

    @GET("/things", per_second(100), pick="data", numbered=("pagenum", "pagesize"), retry_safe=True)
    def list(
        self,
        *,
        page: Annotated[int, Int(1, 1000), SentAs("pagenum")] = 1,
        page_size: Annotated[int, Int(1, 20), SentAs("pagesize")] = 2,
    ) -> Pages[str]: ...


@pytest.fixture
async def server() -> AsyncIterator[RawServer]:
    async def respond(_: object) -> bytes:
        return answer(body=b'{"data":{}}')

    async with raw_server(respond) as running:
        yield running


@pytest.fixture
async def things(server: RawServer) -> AsyncIterator[Things]:
    async with Session("org", "app", host=server.url, token="t") as chat:
        yield Things(chat._calls)


async def test_a_form(things: Things, server: RawServer) -> None:
    """Fields are sent urlencoded, and absent ones not at all."""
    await things.set("anna", nickname="Ä & b")
    (request,) = server.requests
    assert request.header("content-type") == "application/x-www-form-urlencoded"
    assert request.body == b"nickname=%C3%84+%26+b"


async def test_a_header(things: Things, server: RawServer) -> None:
    """A value is sent in its header, where it can stand there."""
    await things.get("anna", secret="abc")
    await things.get("anna")
    assert [request.header("share-secret") for request in server.requests] == ["abc", None]
    for value in ("a\r\nX: y", "é"):
        with pytest.raises(errors.InvalidArgument, match=r"share-secret=\(hidden"):
            await things.get("anna", secret=value)
    assert len(server.requests) == 2


async def test_names_joined_by_commas(things: Things, server: RawServer) -> None:
    """One segment holds them all, and none of them may hold a comma."""
    await things.delete(["anna", "b/c"])
    assert server.targets == ["DELETE /org/app/things/anna,b%2Fc"]
    for names in (["a,b"], [""], [".."], []):
        with pytest.raises(errors.InvalidArgument, match="names"):
            await things.delete(names)
    assert len(server.requests) == 1


async def test_a_listing_by_page_number(things: Things, server: RawServer) -> None:
    """It goes on until a page is not full, and can be stored and resumed like any other."""
    pages = [b'{"data":["a","b"]}', b'{"data":["c","d"]}', b'{"data":["e"]}']

    async def respond(_: object) -> bytes:
        return answer(body=pages[len(server.requests) - 1])

    server.respond = respond
    listing = things.list()
    first = await listing
    assert ([*first], first.cursor) == (["a", "b"], "2")
    assert [item async for item in things.list().resume(listing.state)] == ["c", "d", "e"]
    assert [target.partition("?")[2] for target in server.targets] == [
        "pagenum=1&pagesize=2",
        "pagenum=2&pagesize=2",
        "pagenum=3&pagesize=2",
    ]
