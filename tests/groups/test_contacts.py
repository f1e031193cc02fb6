"""Contacts and block lists, through a session against the emulator."""

from __future__ import annotations

from typing import Any

import pytest

from agora_chat_async import AppToken, NewUser, Session, Text, errors
from agora_chat_async.emulator import Emulator, serve
from agora_chat_async.models.contacts import Contact


async def register(chat: Session, count: int) -> list[str]:
    names = [f"user{number}" for number in range(count)]
    for start in range(0, count, 60):
        await chat.users.create_many([NewUser(name) for name in names[start : start + 60]])
    return names


async def test_contacts_are_mutual(chat):
    """One call makes two users contacts of each other, and one call ends it."""
    bob = await chat.contacts.add("anna", "bob")
    assert (bob.username, bob.uuid) == ("bob", (await chat.users.get("bob")).uuid)
    await chat.contacts.add("anna", "carl")
    assert (await chat.contacts.add("anna", "bob")).username == "bob", "a repeat changes nothing"
    assert await chat.contacts.list("anna") == ("carl", "bob")
    assert await chat.contacts.list("bob") == ("anna",)
    assert (await chat.contacts.remove("bob", "anna")).username == "anna"
    assert (await chat.contacts.remove("bob", "anna")).username == "anna", "a repeat changes nothing"
    assert await chat.contacts.list("anna") == ("carl",)
    assert await chat.contacts.list("bob") == ()


async def test_contacts_page_by_page(chat):
    """Newest first, page after page, with a remark only where it is asked for."""
    names = await register(chat, 7)
    for name in names:
        await chat.contacts.add("anna", name)
    listing = chat.contacts.list_page("anna", limit=3)
    assert [contact.username async for contact in listing] == names[::-1]
    pages = [len(page) async for page in chat.contacts.list_page("anna", limit=3).pages()]
    assert pages == [3, 3, 1]
    (first, *_) = await chat.contacts.list_page("anna", need_return_remark=True)
    assert first == Contact(username="user6", remark=None)
    first_page = await chat.contacts.list_page("anna", limit=5)
    rest = await chat.contacts.list_page("anna", cursor=first_page.cursor)
    assert [contact.username for contact in rest] == ["user1", "user0"]
    with pytest.raises(errors.IllegalArgument):
        await chat.contacts.list_page("anna", cursor="nonsense")
    for query in ({"limit": 51}, {"limit": "ten"}, {"needReturnRemark": "perhaps"}, {"pageSize": 5}):
        with pytest.raises(errors.IllegalArgument):
            await chat.request("GET", "/user/anna/contacts", query=query)


async def test_a_full_contact_list(clock):
    """The plan's number holds for both sides, and the error says whose list is full."""
    async with (
        Emulator(enforce_quotas=False, plan="free", now=clock) as emulator,
        serve(emulator) as info,
        Session(info.org, info.app, host=info.url, token=AppToken(info.app_id, info.certificate)) as chat,
    ):
        names = await register(chat, 102)
        for name in names[:100]:
            await chat.contacts.add("user101", name)
        with pytest.raises(errors.LimitReached, match="Inviter"):
            await chat.contacts.add("user101", "user100")
        with pytest.raises(errors.LimitReached, match="Invitee"):
            await chat.contacts.add("user100", "user101")
        await chat.contacts.add("user101", "user0")
        assert len(await chat.contacts.list("user101")) == 100
        assert await chat.contacts.list("user100") == ()


async def test_blocked_users(chat):
    """The list grows, is read whole or in pages, newest first, and shrinks one by one."""
    assert await chat.contacts.block_users("anna", ["bob", "carl"]) == ("bob", "carl")
    assert await chat.contacts.block_users("anna", ["dora", "bob"]) == ("dora", "bob")
    assert [name async for name in chat.contacts.list_blocked("anna")] == ["dora", "carl", "bob"]
    assert (await chat.contacts.list_blocked("anna")).cursor is None
    pages = [page.items async for page in chat.contacts.list_blocked("anna", page_size=2).pages()]
    assert pages == [("dora", "carl"), ("bob",)]
    assert (await chat.contacts.unblock_user("anna", "carl")).username == "carl"
    assert (await chat.contacts.unblock_user("anna", "carl")).username == "carl", "a repeat changes nothing"
    assert [name async for name in chat.contacts.list_blocked("anna")] == ["dora", "bob"]
    assert [name async for name in chat.contacts.list_blocked("bob")] == []


async def test_a_full_block_list(chat):
    """It holds 500 users, 50 of them a call; what does not fit is refused as a whole."""
    names = await register(chat, 501)
    for start in range(0, 500, 50):
        await chat.contacts.block_users("anna", names[start : start + 50])
    with pytest.raises(errors.LimitReached):
        await chat.contacts.block_users("anna", names[500:])
    assert [name async for name in chat.contacts.list_blocked("anna")] == names[499::-1]
    assert [name async for name in chat.contacts.list_blocked("anna", page_size=50)] == names[499::-1]
    with pytest.raises(errors.IllegalArgument):
        await chat.request("POST", "/users/anna/blocks/users", json={"usernames": names[:51]})


async def test_blocked_messages_do_not_arrive(chat):
    """The blocking user gets nothing from the blocked one, who still gets everything."""
    await chat.contacts.block_users("anna", ["bob"])
    for sender in ("bob", "carl"):
        await chat.messages.send_to_users(["anna", "dora"], Text("hi"), sender=sender)
    await chat.messages.send_to_users(["bob"], Text("hi"), sender="anna")
    assert [await chat.users.count_offline_messages(name) for name in ("anna", "dora", "bob")] == [1, 2, 1]


async def test_deleted_users_leave_all_lists(chat):
    """Neither contact lists nor block lists keep a name that nobody has."""
    for name in ("bob", "carl"):
        await chat.contacts.add("anna", name)
    await chat.contacts.block_users("anna", ["bob", "dora"])
    await chat.users.delete("bob")
    assert await chat.contacts.list("anna") == ("carl",)
    assert [name async for name in chat.contacts.list_blocked("anna")] == ["dora"]
    await chat.users.create("bob")
    assert await chat.contacts.list("bob") == ()


@pytest.mark.parametrize(
    "call",
    [
        lambda contacts: contacts.add("anna", "nobody"),
        lambda contacts: contacts.add("nobody", "anna"),
        lambda contacts: contacts.remove("anna", "nobody"),
        lambda contacts: contacts.remove("nobody", "anna"),
        lambda contacts: contacts.list("nobody"),
        lambda contacts: contacts.list_page("nobody"),
        lambda contacts: contacts.block_users("nobody", ["anna"]),
        lambda contacts: contacts.block_users("anna", ["bob", "nobody"]),
        lambda contacts: contacts.list_blocked("nobody"),
        lambda contacts: contacts.unblock_user("anna", "nobody"),
        lambda contacts: contacts.unblock_user("nobody", "anna"),
    ],
)
async def test_unknown_users(chat, call):
    """Whoever is not there, owner or other, is told as such, and nothing changes."""
    with pytest.raises(errors.NotFound) as caught:
        await call(chat.contacts)
    assert caught.value.error == "service_resource_not_found"
    assert [name async for name in chat.contacts.list_blocked("anna")] == []


async def test_oneself(chat):
    """Nobody is a contact of oneself or blocks oneself."""
    with pytest.raises(errors.IllegalArgument):
        await chat.contacts.add("anna", "anna")
    with pytest.raises(errors.IllegalArgument):
        await chat.contacts.block_users("anna", ["anna"])


USER = [{"username": "bob", "uuid": "u-1", "type": "user", "nickname": "B", "colour": "red"}]


@pytest.mark.parametrize(
    ("call", "method", "target", "body"),
    [
        (lambda c: c.add("anna", "b/b"), "POST", "/users/anna/contacts/users/b%2Fb", None),
        (lambda c: c.remove("anna", "bob"), "DELETE", "/users/anna/contacts/users/bob", None),
        (lambda c: c.unblock_user("anna", "bob"), "DELETE", "/users/anna/blocks/users/bob", None),
    ],
)
async def test_wire_about_one_user(wire, call, method, target, body):
    """One user is in the path and comes back as entity, with what has no field in `extra`."""
    wire.answers(entities=USER)
    user = await call(wire.chat.contacts)
    assert wire.sent == (method, target, body)
    assert (user.username, user.nickname, user.extra) == ("bob", "B", {"colour": "red"})


@pytest.mark.parametrize(
    ("call", "method", "target", "body"),
    [
        (lambda c: c.list("anna"), "GET", "/users/anna/contacts/users", None),
        (
            lambda c: c.block_users("anna", {"bob": 1}.keys()),
            "POST",
            "/users/anna/blocks/users",
            {"usernames": ["bob"]},
        ),
        (lambda c: c.list_blocked("anna"), "GET", "/users/anna/blocks/users", None),
        (
            lambda c: c.list_blocked("anna", page_size=2, cursor="x=y"),
            "GET",
            "/users/anna/blocks/users?pageSize=2&cursor=x%3Dy",
            None,
        ),
    ],
)
async def test_wire_with_names(wire, call, method, target, body):
    """Lists of names are plain names."""
    wire.answers(["bob"])
    assert list(await call(wire.chat.contacts)) == ["bob"]
    assert wire.sent == (method, target, body)


@pytest.mark.parametrize("place", ["top", "data"])
async def test_wire_of_pages(wire, place):
    """The cursor is found beside the contacts or above them, and remarks are kept."""
    contacts: list[Any] = [{"username": "bob", "remark": "Bobby", "since": 7}]
    in_data, on_top = ({}, {"cursor": "c"}) if place == "top" else ({"cursor": "c"}, {})
    wire.answers({"contacts": contacts, **in_data}, **on_top)
    page = await wire.chat.contacts.list_page("anna", limit=1, need_return_remark=True)
    assert wire.sent == ("GET", "/user/anna/contacts?limit=1&needReturnRemark=true", None)
    assert (page.items, page.cursor) == ((Contact(username="bob", remark="Bobby", extra={"since": 7}),), "c")
    await wire.chat.contacts.list_page("anna", cursor=page.cursor, need_return_remark=False)
    assert wire.sent[1] == "/user/anna/contacts?limit=50&needReturnRemark=false&cursor=c"


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.add("", "bob"),
        lambda c: c.add("anna", "x" * 65),
        lambda c: c.remove("anna", ".."),
        lambda c: c.list("x" * 65),
        lambda c: c.list_page("anna", limit=51),
        lambda c: c.list_page("anna", limit=0),
        lambda c: c.list_blocked("anna", page_size=51),
        lambda c: c.block_users("anna", []),
        lambda c: c.block_users("anna", "bob"),
        lambda c: c.block_users("anna", [f"u{n}" for n in range(51)]),
        lambda c: c.block_users("anna", ["x" * 65]),
        lambda c: c.unblock_user("anna", "."),
    ],
)
async def test_bad_arguments_are_not_sent(wire, call):
    """What breaks a documented limit is refused before it is sent."""
    with pytest.raises(errors.InvalidArgument):
        await call(wire.chat.contacts)
    assert wire.server.requests == []
