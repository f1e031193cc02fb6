"""Fault 25: answers that are no JSON, or JSON that no sane writer makes."""

from __future__ import annotations

import pytest
from raw_server import always, answer, raw_server

from agora_chat_async import Session, StaticToken, errors

ANNA = b'{"entities":[{"username":"anna"%s}]}'
LONG = b'{"entities":[{"username":"anna","nickname":"' + b"x" * 5000

WRONG = {
    "invalid UTF-8": ANNA % b',"nickname":"\xff\xfe"',
    "half a surrogate": ANNA % b',"nickname":"\\ud800"',
    "a byte order mark": b"\xef\xbb\xbf" + ANNA % b"",
    "UTF-16": (ANNA % b"").decode().encode("utf-16"),
    "NaN": ANNA % b',"created":NaN',
    "Infinity": ANNA % b',"created":-Infinity',
    "an int of 5,000 digits": ANNA % b',"created":' + b"9" * 5000,
    "100,000 arrays": b"[" * 100_000 + b"]" * 100_000,
    "100,000 arrays in a member": ANNA % (b',"x":' + b"[" * 100_000 + b"]" * 100_000),
    "100,000 arrays without an end": b"[" * 100_000,
    "100,000 objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "cut short": (ANNA % b"")[:-3],
    "cut short after 5 KB": LONG,
    "two documents": ANNA % b"" * 2,
    "nothing": b"",
    "white space": b" \r\n ",
    "a page": b"<html><body>Sign in</body></html>",
    "a list": b"[]",
    "null": b"null",
    "a number": b"7",
    "no entities": b"{}",
    "entities that are none": b'{"entities":"anna"}',
    "an entity that is none": b'{"entities":[["anna"]]}',
    "an entity without its name": b'{"entities":[{"uuid":"8ea0"}]}',
}


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG)
async def test_fault_25_one_error_with_what_was_answered(body: bytes) -> None:
    """A DecodeError that tells the call, the status, the type and the first 2 KB; the session goes on."""
    async with raw_server() as server, Session("o", "a", host=server.url, token=StaticToken("t")) as chat:
        server.respond = always(answer(200, body, content_type="application/json;charset=UTF-8"))
        with pytest.raises(errors.DecodeError) as caught:
            await chat.users.get("anna")
        error = caught.value
        assert (error.call, error.status, error.content_type) == (
            "GET /users/anna",
            200,
            "application/json;charset=UTF-8",
        )
        assert error.body == body[:2048]
        assert error.reason
        assert len(str(error)) < 300
        server.respond = always(answer())
        assert (await chat.users.get("anna")).username == "anna"
        assert server.targets == ["GET /o/a/users/anna"] * 2  # what cannot be read is not asked for again


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG)
async def test_fault_25_in_an_error_the_status_counts(body: bytes) -> None:
    """What cannot be read does not hide what the status says."""
    async with raw_server() as server, Session("o", "a", host=server.url, token=StaticToken("t")) as chat:
        server.respond = always(answer(404, body))
        with pytest.raises(errors.NotFound) as caught:
            await chat.users.get("anna")
        assert caught.value.status == 404
        assert len(caught.value.body) <= 2048


async def test_fault_25_of_a_name_that_comes_twice_the_last_holds() -> None:
    """As in most JSON readers; presence answers do so."""
    async with raw_server() as server, Session("o", "a", host=server.url, token=StaticToken("t")) as chat:
        server.respond = always(answer(200, ANNA % b',"nickname":"A","nickname":"B"'))
        assert (await chat.users.get("anna")).nickname == "B"
