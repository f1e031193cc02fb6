"""Listings of groups, rooms, threads and reactions over plain HTTP: defaults, bounds, and reading to the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from attrs import frozen


@frozen
class Listing:
    """One listing, and what is documented of its pages."""

    path: str
    size: str
    """Name of the parameter for a page's size."""
    default: int
    """Entries of a page where the size is not given."""
    most: int
    total: int
    """Entries that the app of the test has."""
    entries: str = "data"
    """Where the entries are in an answer."""
    cursor: str = ""
    """Where the cursor is; empty where pages have numbers."""
    unpaged: int = 0
    """Entries where nothing at all is said of pages, if that differs from the default."""
    too_large: str = ""
    """Error for a page that is too large; it is cut where that is empty."""


LISTINGS = {
    "groups.list": Listing("/chatgroups", "limit", 10, 1000, 25, cursor="cursor"),
    "groups.list_joined": Listing("/users/u000/joined_chatgroups", "pagesize", 5, 20, 25, unpaged=25),
    "group_members.list": Listing("/chatgroups/{group}/users", "pagesize", 10, 100, 111),
    "group_blocks.list": Listing(
        "/chatgroups/{group}/blocks/users", "pageSize", 50, 50, 55, cursor="cursor", unpaged=55
    ),
    "group_files.list": Listing("/chatgroups/{group}/share_files", "pagesize", 7, 1000, 7),
    "rooms.list": Listing("/chatrooms", "limit", 10, 100, 105, cursor="cursor", too_large="illegal_argument"),
    "rooms.list_joined": Listing("/users/u000/joined_chatrooms", "pagesize", 105, 1000, 105),
    "room_members.list": Listing("/chatrooms/{room}/users", "pagesize", 61, 1000, 61),
    "room_members.list_super_admins": Listing("/chatrooms/super_admin", "pagesize", 10, 1000, 12),
    "threads.list": Listing("/thread", "limit", 50, 50, 55, "entities", "properties.cursor", too_large="group_error"),
    "threads.list_joined": Listing(
        "/threads/user/u001", "limit", 50, 50, 55, "entities", "properties.cursor", too_large="group_error"
    ),
    "threads.list_joined_in_group": Listing(
        "/threads/chatgroups/{group}/user/u001",
        *("limit", 50, 50, 55, "entities", "properties.cursor"),
        too_large="group_error",
    ),
    "thread_members.list": Listing(
        "/thread/{thread}/users",
        *("limit", 50, 50, 55, "data.affiliations", "properties.cursor"),
        too_large="group_error",
    ),
    "reactions.get_detail": Listing(
        "/reaction/user/u001/detail?msgId={message}&message=a",
        *("limit", 50, 50, 55, "data.userList", "data.cursor"),
        too_large="Bad Request",
    ),
}


def names(first: int, last: int) -> list[str]:
    return [f"u{number:03}" for number in range(first, last)]


async def made(client: httpx.AsyncClient) -> dict[str, str]:
    """Make an app that has as many of everything as `LISTINGS` say, and name its things."""

    async def post(path: str, **options: Any) -> Any:
        response = await client.post(path, **options)
        assert response.status_code == 200, response.text
        return response.json().get("data")

    await client.post("http://emulator/_emulator/seed", json={"users": names(0, 200)})
    body = {"owner": "u000", "public": True}
    group = [(await post("/chatgroups", json=body))["groupid"] for _ in range(25)][-1]
    body = {"owner": "u000", "name": "r", "description": "d"}
    room = [(await post("/chatrooms", json=body))["id"] for _ in range(105)][-1]
    for users in (names(1, 61), names(61, 111), names(111, 166)):
        await post(f"/chatgroups/{group}/users", json={"usernames": users})
    await post(f"/chatgroups/{group}/blocks/users", json={"usernames": names(111, 166)})
    await post(f"/chatrooms/{room}/users", json={"usernames": names(1, 61)})
    for number in range(7):
        await post(f"/chatgroups/{group}/share_files", files={"file": (f"{number}.txt", b"content")})
    for user in names(0, 12):
        await post("/chatrooms/super_admin", json={"superadmin": user})
    text = {"from": "u000", "to": [group], "type": "txt", "body": {"msg": "hello"}}
    threads = list[str]()
    for _ in range(55):
        message = (await post("/messages/chatgroups", json=text))[group]
        thread = {"group_id": group, "name": "t", "msg_id": message, "owner": "u001"}
        threads.append((await post("/thread", json=thread))["thread_id"])
    for start in range(2, 52, 10):
        await post(f"/thread/{threads[0]}/users", json={"usernames": names(start, start + 10)})
    await post(f"/thread/{threads[0]}/users", json={"usernames": names(52, 56)})
    for user in names(1, 56):
        await post(f"/reaction/user/{user}", json={"msgId": message, "message": "a"})
    return {"group": group, "room": room, "thread": threads[0], "message": message}


def part(answer: Any, path: str) -> Any:
    for name in path.split("."):
        answer = answer.get(name) if answer else None
    return answer


@frozen
class Reader:
    client: httpx.AsyncClient
    ids: Mapping[str, str]

    async def answer(self, listing: Listing, **query: Any) -> httpx.Response:
        path, _, fixed = listing.path.format(**self.ids).partition("?")
        return await self.client.get(
            path, params=[*(pair.split("=") for pair in fixed.split("&") if pair), *query.items()]
        )

    async def page(self, listing: Listing, **query: Any) -> tuple[list[Any], str | None]:
        response = await self.answer(listing, **query)
        assert response.status_code == 200, response.text
        answer = response.json()
        return part(answer, listing.entries), part(answer, listing.cursor) if listing.cursor else None

    async def whole(self, listing: Listing, size: int) -> list[Any]:
        """Read page after page as the service says that one should."""
        found, cursor, number = list[Any](), None, 1
        while True:
            place = {"pagenum": number} if not listing.cursor else {"cursor": cursor} if cursor else {}
            entries, cursor = await self.page(listing, **{listing.size: size}, **place)
            found += entries
            number += 1
            if len(entries) < size or (listing.cursor and cursor is None):
                return found
            assert len(entries) == size


@pytest.fixture
async def reader(connect) -> Reader:
    client = connect(enforce_quotas=False)
    return Reader(client, await made(client))


async def test_every_listing(reader, refused):
    for operation, listing in LISTINGS.items():
        everything = await reader.whole(listing, 3)
        assert len(everything) == listing.total, operation
        assert len({str(entry) for entry in everything}) == listing.total, operation
        for size in (7, listing.most):
            assert await reader.whole(listing, size) == everything, operation
        if listing.cursor:
            entries, cursor = await reader.page(listing, cursor="")
        else:
            entries, cursor = await reader.page(listing, pagenum=1)
        assert entries == everything[: listing.default], operation
        entries, cursor = await reader.page(listing)
        assert entries == everything[: listing.unpaged or listing.default], operation
        # Threads have a cursor behind their last page too.
        more = len(entries) < listing.total and not listing.unpaged
        assert bool(cursor) == bool(listing.cursor and (more or operation.startswith("thread"))), operation

        least = [] if operation == "room_members.list" else everything[:1]
        if listing.too_large:
            assert (await reader.answer(listing, **{listing.size: 0})).status_code == 400, operation
        else:
            assert (await reader.page(listing, **{listing.size: 0}))[0] == least, operation

        beyond = {listing.size: listing.most + 1}
        if listing.too_large:
            assert refused(await reader.answer(listing, **beyond)) == (400, listing.too_large), operation
        else:
            assert (await reader.page(listing, **beyond))[0] == everything[: listing.most], operation
        assert (await reader.answer(listing, **{listing.size: "x"})).status_code == 400, operation
        assert (await reader.answer(listing, colour="red")).status_code == 400, operation
        if listing.cursor:
            assert (await reader.answer(listing, cursor="x")).status_code == 400, operation
        else:
            for number in (0, 1):
                query = {"pagenum": number, listing.size: 3}
                assert (await reader.page(listing, **query))[0] == everything[:3], operation
            assert (await reader.page(listing, pagenum=1000))[0] == [], operation
