"""Groups `threads` and `thread_members`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from attrs import frozen

from agora_chat_async import Session, Text, errors
from agora_chat_async.emulator import Emulator
from agora_chat_async.models.thread_members import ThreadRemoval


@frozen
class Place:
    """A group of anna, bob and carl, and a message of anna in it; dora is no member."""

    group: str
    message: str


@pytest.fixture
async def place(chat: Session) -> Place:
    group = await chat.groups.create("anna", public=True, members=["bob", "carl"])
    return Place(group, await send(chat, group))


async def send(chat: Session, group: str) -> str:
    """Send a message of anna to a group."""
    return (await chat.messages.send_to_chatgroups([group], Text("hi"), sender="anna"))[group]


async def start(chat: Session, group: str, name: str, owner: str = "anna") -> str:
    """Make a thread on a new message."""
    return await chat.threads.create(group, name, await send(chat, group), owner)


async def refused(call: Awaitable[Any], status: int, error: str = "group_error") -> errors.APIError:
    """Await a call that the service refuses, with the status and name that it documents."""
    with pytest.raises(errors.APIError) as caught:
        await call
    assert (caught.value.status, caught.value.error) == (status, error), caught.value
    return caught.value


def names(listing: Any) -> Any:
    """Read a listing of threads to its end, for their names."""

    async def read() -> list[str]:
        return [thread.name async for thread in listing]

    return read()


async def test_create(chat: Session, place: Place) -> None:
    """A thread hangs on its message, and its owner is its first member."""
    thread_id = await chat.threads.create(place.group, "Lunch", place.message, "bob")
    assert thread_id.isdecimal()
    (thread,) = [thread async for thread in chat.threads.list_joined("bob")]
    assert (thread.id, thread.name, thread.owner) == (thread_id, "Lunch", "bob")
    assert (thread.msg_id, thread.group_id, thread.extra) == (place.message, place.group, {})
    assert thread.created_at is not None
    assert thread.created_at.year >= 2024
    assert [name async for name in chat.thread_members.list(thread_id)] == ["bob"]


async def test_create_takes_ids_as_numbers(chat: Session, place: Place) -> None:
    """Group and message may also be named by numbers."""
    body = {"group_id": int(place.group), "name": "n", "msg_id": int(place.message), "owner": "anna"}
    answer = (await chat.request("POST", "/thread", json=body)).json()
    assert answer.keys() == {
        *("action", "organization", "applicationName", "uri", "properties", "data", "timestamp", "duration")
    }
    assert answer["data"].keys() == {"thread_id"}
    for wrong in (True, [], ""):
        await refused(chat.request("POST", "/thread", json={**body, "group_id": wrong}), 400, "param_illegal")


async def test_create_refused(chat: Session, place: Place) -> None:
    """Who and what a thread needs has to exist and to belong together, and a message has one thread."""
    other = await chat.groups.create("dora", public=True)
    private = (await chat.messages.send_to_users(["bob"], Text("hi"), sender="anna"))["bob"]
    create = chat.threads.create
    assert isinstance(await refused(create("7", "n", place.message, "anna"), 404), errors.NotFound)
    await refused(create(place.group, "n", "7", "anna"), 404)
    await refused(create(place.group, "n", "no number", "anna"), 404)
    await refused(create(place.group, "n", "9" * 40, "anna"), 404)
    await refused(create(place.group, "n", place.message, "dora"), 404)
    await refused(create(place.group, "n", place.message, "nobody"), 404)
    assert isinstance(await refused(create(other, "n", place.message, "dora"), 400), errors.BadRequest)
    await refused(create(place.group, "n", private, "anna"), 400)
    await create(place.group, "n", place.message, "anna")
    assert isinstance(await refused(create(place.group, "n", place.message, "bob"), 403), errors.Forbidden)
    assert len(await chat.threads.list()) == 1


async def test_name_too_long_at_the_service(chat: Session, place: Place) -> None:
    """The service itself takes at most 64 characters."""
    body = {"group_id": place.group, "name": "x" * 65, "msg_id": place.message, "owner": "anna"}
    await refused(chat.request("POST", "/thread", json=body), 400)
    thread_id = await start(chat, place.group, "x" * 64)
    await refused(chat.request("PUT", f"/thread/{thread_id}", json={"name": "x" * 65}), 400)


@pytest.mark.parametrize("emulator_settings", [{"limits": {"threads_per_user": 1, "threads": 2}}])
async def test_numbers_of_threads(chat: Session, place: Place) -> None:
    """App and user may have so many threads only."""
    thread_id = await start(chat, place.group, "one")
    await refused(start(chat, place.group, "two"), 403)
    second = await start(chat, place.group, "two", owner="bob")
    await refused(chat.thread_members.add(second, ["carl", "anna"]), 403)
    assert [name async for name in chat.thread_members.list(second)] == ["bob"]
    await chat.thread_members.add(thread_id, ["anna"])
    await refused(start(chat, place.group, "three", owner="carl"), 403)


async def test_update(chat: Session, place: Place) -> None:
    """The name changes and nothing else."""
    thread_id = await start(chat, place.group, "old")
    assert await chat.threads.update(thread_id, "new") == "new"
    assert await names(chat.threads.list_joined("anna")) == ["new"]
    await refused(chat.threads.update("7", "new"), 404)


async def test_delete(chat: Session, place: Place) -> None:
    """A thread goes with its members, and only once."""
    thread_id = await start(chat, place.group, "n")
    await chat.thread_members.add(thread_id, ["bob"])
    await chat.threads.delete(thread_id)
    assert len(await chat.threads.list()) == len(await chat.threads.list_joined("bob")) == 0
    await refused(chat.threads.delete(thread_id), 404)
    await refused(chat.thread_members.list(thread_id), 404)


async def test_list(chat: Session, emulator: Emulator, place: Place) -> None:
    """All threads are listed, newest or oldest first, page by page; a full last page needs one look behind it."""
    ids = [await start(chat, place.group, f"t{number}") for number in range(4)]
    first = await chat.threads.list(limit=3)
    assert [thread.id for thread in first] == ids[:0:-1]
    assert first.extra["properties"] == {"cursor": first.cursor}
    assert [thread.id async for thread in chat.threads.list(limit=3, cursor=first.cursor)] == [ids[0]]
    assert [thread.id async for thread in chat.threads.list(limit=2, sort="asc")] == ids
    (newest,) = await chat.threads.list(limit=1, sort="desc")
    assert (newest.id, newest.name, newest.group_id) == (ids[3], None, None)
    targets = [entry["target"].partition("/demo-app")[2] for entry in emulator.log.requests(route="GET /thread")]
    assert targets[0] == "/thread?limit=3"
    assert targets[3].startswith("/thread?limit=2&sort=asc")
    assert len(targets) == 1 + 2 + 3 + 1


async def test_list_refused(chat: Session) -> None:
    """A page has 1 to 50 threads, and a cursor is one that the service gave out."""
    for query in ({"limit": 51}, {"limit": 0}, {"limit": "many"}):
        await refused(chat.request("GET", "/thread", query=query), 400)
    for wrong in ({"sort": "up"}, {"cursor": "made up"}, {"page": 1}):
        await refused(chat.request("GET", "/thread", query=wrong), 400, "illegal_argument")
    assert len(await chat.threads.list()) == 0


async def test_list_joined(chat: Session, emulator: Emulator, place: Place) -> None:
    """A user's threads are listed over all groups or in one, in the order of their creation."""
    other = await chat.groups.create("bob", public=True, members=["anna"])
    first, _, third = [
        await start(chat, group, name) for group, name in ((place.group, "a"), (place.group, "b"), (other, "c"))
    ]
    await chat.thread_members.add(third, ["bob"])
    await chat.thread_members.add(first, ["bob"])
    assert await names(chat.threads.list_joined("bob")) == ["c", "a"]
    assert await names(chat.threads.list_joined("anna", limit=1, sort="asc")) == ["a", "b", "c"]
    assert await names(chat.threads.list_joined_in_group(place.group, "anna", limit=1)) == ["b", "a"]
    assert await names(chat.threads.list_joined_in_group(other, "bob", sort="asc")) == ["c"]
    assert await names(chat.threads.list_joined("dora")) == []
    assert await names(chat.threads.list_joined_in_group(place.group, "dora")) == []
    missing = "service_resource_not_found"
    await refused(chat.threads.list_joined("nobody"), 404, missing)
    await refused(chat.threads.list_joined_in_group(place.group, "nobody"), 404, missing)
    await refused(chat.threads.list_joined_in_group("7", "anna"), 404, missing)
    await refused(chat.request("GET", "/threads/user/anna", query={"limit": 51}), 400)
    targets = [entry["target"].partition("/demo-app")[2] for entry in emulator.log.requests()]
    assert "/threads/user/bob?limit=50" in targets
    assert f"/threads/chatgroups/{other}/user/bob?limit=50&sort=asc" in targets


async def test_members(chat: Session, place: Place) -> None:
    """Users come in together and go one by one, the owner first in the list and the others as they joined."""
    thread_id = await start(chat, place.group, "n", owner="bob")
    await chat.thread_members.add(thread_id, ["carl", "bob", "anna"])
    await chat.thread_members.add(thread_id, ["carl"])
    assert [name async for name in chat.thread_members.list(thread_id)] == ["bob", "carl", "anna"]
    assert [name async for name in chat.thread_members.list(thread_id, limit=1)] == ["bob", "carl", "anna"]
    page = await chat.thread_members.list(thread_id, limit=2)
    assert page.items == ("bob", "carl")
    assert await chat.thread_members.list(thread_id, cursor=page.cursor)
    removed = await chat.thread_members.remove(thread_id, ["dora", "carl", "nobody"])
    assert removed == (
        ThreadRemoval(user="dora", result=False),
        ThreadRemoval(user="carl", result=True),
        ThreadRemoval(user="nobody", result=False),
    )
    assert [name async for name in chat.thread_members.list(thread_id)] == ["bob", "anna"]


async def test_members_refused(chat: Session, place: Place) -> None:
    """One outsider keeps all the others out, a thread has to exist, and at most ten come or go at once."""
    thread_id = await start(chat, place.group, "n")
    await refused(chat.thread_members.add(thread_id, ["bob", "dora"]), 404)
    assert [name async for name in chat.thread_members.list(thread_id)] == ["anna"]
    await refused(chat.thread_members.add("7", ["bob"]), 404)
    await refused(chat.thread_members.remove("7", ["bob"]), 404)
    await refused(chat.thread_members.list("7"), 404)
    path, many = f"/thread/{thread_id}/users", {"usernames": [f"u{number}" for number in range(11)]}
    await refused(chat.request("POST", path, json=many), 400)
    await refused(chat.request("DELETE", path, json=many), 400)
    await refused(chat.request("GET", path, query={"limit": 51}), 400)
    await refused(chat.request("POST", path, json={"usernames": []}), 400, "illegal_argument")
    await refused(chat.request("POST", path, json={"usernames": ["bob"], "who": 1}), 400, "illegal_argument")


async def test_other_form_of_the_route(chat: Session, place: Place) -> None:
    """Members can be removed under the plural too, which one of the vendor's pages names."""
    thread_id = await start(chat, place.group, "n")
    answer = await chat.request("DELETE", f"/threads/{thread_id}/users", json={"usernames": ["anna"]})
    assert answer.json()["entities"] == [{"result": True, "user": "anna"}]


@pytest.mark.parametrize("leave", ["remove", "delete_group", "delete_user"])
async def test_leaving_the_group_is_leaving_its_threads(chat: Session, place: Place, leave: str) -> None:
    """Who is removed from a group leaves its threads, and a deleted group has none."""
    other = await chat.groups.create("bob", public=True)
    thread_id, elsewhere = await start(chat, place.group, "here"), await start(chat, other, "there", owner="bob")
    await chat.thread_members.add(thread_id, ["bob"])
    if leave == "remove":
        await chat.group_members.remove(place.group, "bob")
        assert [name async for name in chat.thread_members.list(thread_id)] == ["anna"]
        assert await names(chat.threads.list_joined("bob")) == ["there"]
    elif leave == "delete_group":
        await chat.groups.delete(place.group)
        assert [thread.id async for thread in chat.threads.list()] == [elsewhere]
        assert await names(chat.threads.list_joined("bob")) == ["there"]
    else:
        await chat.users.delete("bob")
        assert [name async for name in chat.thread_members.list(thread_id)] == ["anna"]
        assert [thread.id async for thread in chat.threads.list()] == [thread_id]


async def test_on_the_wire(wire: Any) -> None:
    """Method, path and body of each call that has one."""
    chat: Session = wire.chat
    wire.answers({"thread_id": 177, "name": "n"})
    assert await chat.threads.create("1", "n", "2", "anna") == "177"
    assert wire.sent == ("POST", "/thread", {"group_id": "1", "name": "n", "msg_id": "2", "owner": "anna"})
    assert await chat.threads.update("3", "n") == "n"
    assert wire.sent == ("PUT", "/thread/3", {"name": "n"})
    await chat.threads.delete("a/b")
    assert wire.sent == ("DELETE", "/thread/a%2Fb", None)
    await chat.thread_members.add("3", ("anna", "bob"))
    assert wire.sent == ("POST", "/thread/3/users", {"usernames": ["anna", "bob"]})
    wire.answers(entities=[{"result": False, "user": "anna", "reason": "new"}])
    (removed,) = await chat.thread_members.remove("3", ["anna"])
    assert (removed.result, removed.extra) == (False, {"reason": "new"})
    assert wire.sent == ("DELETE", "/thread/3/users", {"usernames": ["anna"]})
    wire.answers({"affiliations": ["anna"]}, properties={"cursor": "c"})
    page = await chat.thread_members.list("3", limit=1, cursor="b")
    assert (page.items, page.cursor) == (("anna",), "c")
    assert wire.sent == ("GET", "/thread/3/users?limit=1&cursor=b", None)
    wire.answers(entities=[{"id": 1, "topic": "x"}], properties={"cursor": ""})
    (thread,) = page = await chat.threads.list_joined_in_group("1", "anna")
    assert (thread.id, thread.extra, page.cursor) == ("1", {"topic": "x"}, None)
    assert wire.sent == ("GET", "/threads/chatgroups/1/user/anna?limit=50", None)
    wire.answers(entities=[{"id": "1"}], properties={})
    await chat.threads.list(limit=2, cursor="c", sort="asc")
    assert wire.sent == ("GET", "/thread?limit=2&sort=asc&cursor=c", None)
    await chat.threads.list_joined("anna", limit=2)
    assert wire.sent == ("GET", "/threads/user/anna?limit=2", None)


REFUSED_HERE: dict[str, Callable[[Session], Any]] = {
    "empty group": lambda chat: chat.threads.create("", "n", "2", "anna"),
    "empty name": lambda chat: chat.threads.create("1", "", "2", "anna"),
    "long name": lambda chat: chat.threads.create("1", "x" * 65, "2", "anna"),
    "empty message": lambda chat: chat.threads.create("1", "n", "", "anna"),
    "long owner": lambda chat: chat.threads.create("1", "n", "2", "a" * 65),
    "long new name": lambda chat: chat.threads.update("1", "x" * 65),
    "no thread": lambda chat: chat.threads.delete(".."),
    "page too large": lambda chat: chat.threads.list(limit=51),
    "page too small": lambda chat: chat.threads.list_joined("anna", limit=0),
    "unknown order": lambda chat: chat.threads.list_joined_in_group("1", "anna", sort="up"),  # type: ignore[arg-type]
    "members too many": lambda chat: chat.thread_members.list("1", limit=51),
    "nobody": lambda chat: chat.thread_members.add("1", []),
    "eleven": lambda chat: chat.thread_members.add("1", ["a"] * 11),
    "one text": lambda chat: chat.thread_members.remove("1", "anna"),
}


@pytest.mark.parametrize("call", REFUSED_HERE.values(), ids=REFUSED_HERE.keys())
async def test_refused_before_sending(wire: Any, call: Callable[[Session], Any]) -> None:
    """What breaks a documented limit is never sent."""
    with pytest.raises(errors.InvalidArgument):
        await call(wire.chat)
    assert not wire.server.requests
