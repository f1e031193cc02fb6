"""Fault 27: ids that come as numbers, some longer than a float holds."""

from __future__ import annotations

import gzip

import pytest
from raw_server import always, answer, raw_server

from agora_chat_async import Session, StaticToken, Text
from agora_chat_async.history import read_history
from agora_chat_async.push_payload import PushMessage

IDS = [0, 7, 2**53 - 1, 2**53 + 1, 1231231231231231231, 2**63, 2**64 - 1, 2**64, 10**30 + 1]


@pytest.mark.parametrize("number", IDS)
@pytest.mark.parametrize("form", [b"%d", b'"%d"'])
async def test_fault_27_ids_are_exact_text(number: int, form: bytes) -> None:
    """Number or text, every digit is there, and it is text."""
    written = form % number
    bodies = {
        b'{"data":{"anna":%s}}': lambda chat: chat.messages.send_to_users(["anna"], Text("x")),
        b'{"data":{"id":%s}}': lambda chat: chat.messages.broadcast_to_chatrooms(Text("x")),
        b'{"data":{"groupid":%s}}': lambda chat: chat.groups.create("anna", public=True),
        b'{"data":[{"id":%s,"created":1.5e3}]}': lambda chat: chat.rooms.get(["1"]),
        b'{"data":%s}': lambda chat: chat.push.send_to_all(PushMessage(title="t", content="c")),
        b'{"data":[{"groupid":1}],"cursor":%s}': lambda chat: chat.groups.list(),
    }
    async with raw_server() as server, Session("o", "a", host=server.url, token=StaticToken("t")) as chat:
        got = []
        for body, call in bodies.items():
            server.respond = always(answer(200, body % written))
            got.append(await call(chat))
    ids, broadcast, group, (room,), task, page = got
    exact = [ids["anna"], broadcast, group, room.id, task]
    assert exact == [str(number)] * 5
    assert room.created == 1500
    assert page.cursor == (str(number) if number or form != b"%d" else None)


@pytest.mark.parametrize("number", IDS)
async def test_fault_27_in_the_history(number: int) -> None:
    """The files of the history are read as exactly."""
    line = b'{"msg_id":%d,"timestamp":1,"to":%d,"payload":{"bodies":[{"type":"txt","msg":"hi"}]}}\n'
    async with raw_server() as server, Session("o", "a", host=server.url, token=StaticToken("t")) as chat:
        file = answer(200, gzip.compress(line % (number, number)), content_type="application/octet-stream")
        index = answer(200, b'{"data":[{"url":"%s/file.gz"}]}' % server.url.encode())
        server.respond = lambda request: always(file if "file.gz" in request.target else index)(request)
        (message,) = [message async for message in read_history(chat, "2026112510")]
    assert (message.msg_id, message.to, message.text) == (str(number), str(number), "hi")
