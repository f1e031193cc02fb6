"""User attributes, through a session against the emulator."""

from __future__ import annotations

import httpx
import pytest

from agora_chat_async import errors

FULL = {
    "nickname": "n" * 64,
    "avatarurl": "https://host/" + "a" * 243,
    "phone": "1" * 32,
    "mail": "m" * 64,
    "gender": "2",
    "sign": "s" * 256,
    "birth": "b" * 64,
    "ext": "{}",
}


async def test_set_and_get(chat):
    """What is set comes back; other attributes stay, and texts stay texts."""
    assert await chat.user_attributes.set("anna", FULL) == FULL
    more = {"level": "7", "nickname": "Änna & b=c", "empty": ""}
    assert await chat.user_attributes.set("anna", more) == more
    assert await chat.user_attributes.get("anna") == FULL | more
    assert await chat.user_attributes.set("bob", await chat.user_attributes.get("anna")) == FULL | more


async def test_unknown_users_have_none(chat):
    """Nobody checks whether a user exists."""
    assert await chat.user_attributes.get("nobody") == {}
    assert await chat.user_attributes.delete("nobody") is True
    assert await chat.user_attributes.set("nobody", {"a": "b"}) == {"a": "b"}


async def test_get_many(chat):
    """Each user comes with those of the wanted attributes that there are."""
    await chat.user_attributes.set("anna", {"nickname": "Anna", "level": "7", "mail": "a@b"})
    await chat.user_attributes.set("bob", {"level": "8"})
    found = await chat.user_attributes.get_many(["anna", "bob", "nobody"], ["nickname", "level", "none"])
    assert found == {"anna": {"nickname": "Anna", "level": "7"}, "bob": {"level": "8"}, "nobody": {}}
    with pytest.raises(errors.BadRequest) as caught:
        await chat.request(
            "POST", "/metadata/user/get", json={"targets": [f"u{n}" for n in range(101)], "properties": ["a"]}
        )
    assert (caught.value.status, caught.value.error) == (400, "BAD_REQUEST")
    for body in ({"targets": ["a"]}, {"targets": [], "properties": ["a"]}, {"targets": ["a"], "properties": []}):
        with pytest.raises(errors.IllegalArgument):
            await chat.request("POST", "/metadata/user/get", json=body)


async def test_total_size_and_delete(chat):
    """The size is that of all names and values in bytes, and deleting frees it."""
    assert await chat.user_attributes.get_total_size() == 0
    await chat.user_attributes.set("anna", {"ab": "ä"})
    await chat.user_attributes.set("bob", {"abc": "1234"})
    assert await chat.user_attributes.get_total_size() == 4 + 7
    assert await chat.user_attributes.delete("anna") is True
    assert await chat.user_attributes.get("anna") == {}
    assert await chat.user_attributes.get_total_size() == 7


async def test_attributes_go_with_their_user(chat):
    """A user of the same name begins without any."""
    await chat.user_attributes.set("anna", {"a": "b"})
    await chat.users.delete("anna")
    assert await chat.user_attributes.get("anna") == {}


async def test_a_user_has_room_for_2_kb(chat):
    """What passes the limit in several calls is refused by the service, and nothing of it is kept."""
    await chat.user_attributes.set("anna", {"a": "x" * 2000})
    with pytest.raises(errors.Forbidden) as caught:
        await chat.user_attributes.set("anna", {"b": "x" * 47})
    assert (caught.value.status, caught.value.error) == (403, "FORBIDDEN")
    await chat.user_attributes.set("anna", {"b": "x" * 46})
    await chat.user_attributes.set("anna", {"a": "y"})
    assert await chat.user_attributes.get("anna") == {"a": "y", "b": "x" * 46}


async def test_the_service_judges_forms(chat, emulator):
    """Values that are too long, empty forms and bodies that are no form are refused."""
    token = (await chat.with_options()._calls.keeper.get()).value
    headers = {"Authorization": f"Bearer {token}"}
    base = "http://emulator/demo-org/demo-app"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(emulator), base_url=base, headers=headers) as client:
        too_long = await client.put("/metadata/user/anna", data={"nickname": "x" * 65})
        assert (too_long.status_code, too_long.json()["error"]) == (403, "FORBIDDEN")
        as_json = await client.put("/metadata/user/anna", json={"nickname": "x"})
        assert (as_json.status_code, as_json.json()["error"]) == (415, "web_application")
        form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        for body in (b"", b"=x", b"a=%FF", b"a=\xff"):
            refused = await client.put("/metadata/user/anna", content=body, headers=form)
            assert (refused.status_code, refused.json()["error"]) == (400, "illegal_argument"), body
        fine = await client.put("/metadata/user/anna", content=b"a=1+2&b=", headers=form)
        assert fine.json().keys() == {"data", "timestamp", "duration"}
        assert fine.json()["data"] == {"a": "1 2", "b": ""}


async def test_wire_of_set(wire):
    """A form, of UTF-8."""
    wire.answers({"nickname": "Ä", "level": 7})
    assert await wire.chat.user_attributes.set("an/na", {"nickname": "Ä & b", "level": "7"}) == {
        "nickname": "Ä",
        "level": "7",
    }
    (request,) = wire.server.requests
    assert (request.method, request.target) == ("PUT", "/org/app/metadata/user/an%2Fna")
    assert request.header("content-type") == "application/x-www-form-urlencoded"
    assert request.body == b"nickname=%C3%84+%26+b&level=7"


@pytest.mark.parametrize(
    ("call", "data", "sent"),
    [
        (lambda a: a.get("anna"), {"a": "b"}, ("GET", "/metadata/user/anna", None)),
        (
            lambda a: a.get_many(("anna", "bob"), ["a"]),
            {"anna": {"a": "b"}},
            ("POST", "/metadata/user/get", {"targets": ["anna", "bob"], "properties": ["a"]}),
        ),
        (lambda a: a.get_total_size(), 6_000_000_000, ("GET", "/metadata/user/capacity", None)),
        (lambda a: a.delete("anna"), True, ("DELETE", "/metadata/user/anna", None)),
    ],
)
async def test_wire(wire, call, data, sent):
    """Method, path and body, and the answer as it came."""
    wire.answers(data)
    assert await call(wire.chat.user_attributes) == data
    assert wire.sent == sent


@pytest.mark.parametrize(
    "call",
    [
        lambda a: a.set("anna", {}),
        lambda a: a.set("anna", [("a", "b")]),
        lambda a: a.set("anna", {"a": 1}),
        lambda a: a.set("anna", {"": "a"}),
        lambda a: a.set("anna", {7: "a"}),
        lambda a: a.set("anna", {"a": None}),
        lambda a: a.set("anna", {"nickname": "x" * 65}),
        lambda a: a.set("anna", {"avatarurl": "x" * 257}),
        lambda a: a.set("anna", {"phone": "x" * 33}),
        lambda a: a.set("anna", {"gender": "female"}),
        lambda a: a.set("anna", {"a": "x" * 1024, "b": "ä" * 512}),
        lambda a: a.set("x" * 65, {"a": "b"}),
        lambda a: a.get("capacity"),
        lambda a: a.get(""),
        lambda a: a.get_many([], ["a"]),
        lambda a: a.get_many(["anna"], []),
        lambda a: a.get_many(["anna"], "nickname"),
        lambda a: a.get_many([f"u{n}" for n in range(101)], ["a"]),
        lambda a: a.delete(".."),
    ],
)
async def test_bad_arguments_are_not_sent(wire, call):
    """What breaks a documented limit is refused before it is sent."""
    with pytest.raises(errors.InvalidArgument):
        await call(wire.chat.user_attributes)
    assert wire.server.requests == []
