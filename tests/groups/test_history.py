"""The history of an hour, from the emulator, and from file hosts that misbehave."""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import os
import ssl
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from attrs import define
from raw_server import CUT, RawRequest, RawServer, answer, raw_server

from agora_chat_async import (
    NO_RETRY,
    AppToken,
    Command,
    Custom,
    Image,
    ImageSize,
    Location,
    NewUser,
    RetryPolicy,
    Session,
    Text,
    Video,
    from_dict,
    to_dict,
)
from agora_chat_async._http import foreign_address
from agora_chat_async.emulator import Emulator
from agora_chat_async.errors import (
    ConnectFailed,
    DecodeError,
    Forbidden,
    IllegalArgument,
    NotFound,
    ServiceUnavailable,
    SessionClosed,
    TransportError,
)
from agora_chat_async.history import MAX_LINE, read_history, save_history
from agora_chat_async.models.messages import ChatType, HistoryMessage, PictureSize

QUICK = RetryPolicy(pause=0.001, throttled_pause=0.001)
NO_WAIT = {"messages.get_history": "100000/minute"}
HOUR = "2026072312"
TARGET = "/history/a%2Fb.gz?Expires=1&Signature=a%2Bb%2Fc%3D"


def start_of_hour(clock: Any) -> datetime:
    """Go to an hour's beginning, so that what is sent lies in one hour."""
    clock.advance(3600 - clock() % 3600)
    return datetime.fromtimestamp(clock(), UTC)


def names_in(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()]


def lines(*ids: int) -> bytes:
    return b"".join(b'{"msg_id":%d}\n' % number for number in ids)


async def ids_of(chat: Any) -> list[str]:
    return [message.msg_id async for message in read_history(chat, HOUR)]


@define
class Host:
    """A file host of one file, and a session whose service names it."""

    chat: Session
    server: RawServer
    service: RawServer
    address: str = ""
    replies: list[bytes | None] | None = None

    def serves(self, file: bytes, *headers: str) -> None:
        self.replies = None
        self.reply = answer(200, file, *headers, content_type="application/gzip")

    def replies_in_turn(self, *replies: bytes | None) -> None:
        self.replies = list(replies)

    reply: bytes | None = None


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with (
        raw_server() as server,
        raw_server() as service,
        Session("org", "app", host=service.url, token="secret", retry=QUICK, quotas=NO_WAIT) as chat,
    ):
        host = Host(chat, server, service, server.url + TARGET)

        async def locate(_: RawRequest) -> bytes:
            return answer(body=json.dumps({"data": [{"url": host.address}]}).encode())

        async def respond(_: RawRequest) -> bytes | None:
            return host.replies.pop(0) if host.replies is not None else host.reply

        service.respond, server.respond = locate, respond
        yield host
        await no_connections(server)
        assert chat._life.under_way == 0


async def no_connections(server: RawServer) -> None:
    async with asyncio.timeout(5):
        while server.open_now:
            await asyncio.sleep(0.01)


async def test_messages_come_back(chat: Session, clock: Any, group: Any) -> None:
    """Of every kind and to everyone, with ids, parties, times and bodies."""
    begin = start_of_hour(clock)
    size = ImageSize(4, 3)
    sent = [
        ("anna", ChatType.CHAT, Text("hé\nllo"), {"k": [1]}),
        ("bob", ChatType.CHAT, Image("https://h/f", filename="f", secret="s", size=size, file_length=9), None),
        ("carl", ChatType.CHAT, Location(52.5, "13.4", "Berlin"), None),
        ("dora", ChatType.CHAT, Command("jump", {"to": 1}), None),
        ("anna", ChatType.CHAT, Custom("order", {"id": "7"}), None),
        ("anna", ChatType.CHAT, Video("https://h/v", thumb="https://h/t", length=5, thumb_secret="ts"), None),
    ]
    ids = [
        (await chat.messages.send_to_users([to], content, sender="bob", ext=ext))[to] for to, _, content, ext in sent
    ]
    in_group = await chat.messages.send_to_chatgroups([group.id], Text("all"), sender="anna")
    clock.advance(2 * 3600)
    found = [message async for message in read_history(chat, begin)]
    assert [message.msg_id for message in found] == [*ids, in_group[group.id]]
    for (to, kind, content, ext), message in zip(sent, found, strict=False):
        (body,) = message.payload.bodies
        assert (message.sender, message.to, message.chat_type, message.direction) == ("bob", to, kind, "outgoing")
        assert (message.payload.sender, message.payload.to, message.payload.ext) == ("bob", to, ext)
        assert message.sent_at is not None
        assert timedelta() <= message.sent_at - begin < timedelta(hours=1)
        assert to_dict(body) == {"type": content.type, **to_dict(content)}
        assert message.extra == {}
    assert [message.text for message in found] == ["hé\nllo", None, None, None, None, None, "all"]
    assert found[-1].chat_type is ChatType.GROUPCHAT
    assert found[1].payload.bodies[0].size == PictureSize(width=4.0, height=3.0)
    assert "'s'" not in repr(found[1])
    assert (found[2].payload.bodies[0].lat, found[2].payload.bodies[0].lng) == (52.5, "13.4")
    assert (found[4].payload.bodies[0].event, found[4].payload.bodies[0].exts) == ("order", {"id": "7"})


async def test_saving(chat: Session, clock: Any, tmp_path: Path) -> None:
    """The file is as it was served, and progress ends with its size."""
    begin = start_of_hour(clock)
    (id_,) = (await chat.messages.send_to_users(["anna"], Text("hi"))).values()
    clock.advance(2 * 3600)
    steps = list[tuple[int, int | None]]()
    target = tmp_path / "x.gz"
    assert await save_history(chat, begin, target, progress=lambda *step: steps.append(step)) == target
    assert json.loads(gzip.decompress(target.read_bytes()))["msg_id"] == id_
    assert steps[-1] == (target.stat().st_size, target.stat().st_size)
    assert names_in(tmp_path) == ["x.gz"]


async def test_hours_without_a_file(chat: Session, clock: Any, tmp_path: Path) -> None:
    """Too early is refused, empty is not found, and nothing is written."""
    begin = start_of_hour(clock)
    await chat.messages.send_to_users(["anna"], Text("hi"))
    with pytest.raises(IllegalArgument):
        await anext(read_history(chat, begin))
    with pytest.raises(NotFound):
        await save_history(chat, begin - timedelta(hours=5), tmp_path / "x")
    assert names_in(tmp_path) == []


async def test_an_address_that_has_expired(chat: Session, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told as the file host tells it."""
    begin = start_of_hour(clock)
    await chat.messages.send_to_users(["anna"], Text("hi"))
    clock.advance(2 * 3600)
    found = await chat.messages.get_history(begin)
    clock.advance(1801)

    async def get_history(_: Any) -> Any:
        return found

    monkeypatch.setattr(chat.messages, "get_history", get_history)
    with pytest.raises(Forbidden, match="expired") as caught:
        await anext(read_history(chat, begin))
    assert "Signature=" not in str(caught.value)


async def test_a_session_with_a_transport_of_its_own(emulator: Emulator, clock: Any) -> None:
    """The file comes over that transport as well."""
    begin = start_of_hour(clock)
    settings = emulator.settings
    async with Session(
        settings.org,
        settings.app,
        host="http://127.0.0.1",
        token=AppToken(settings.app_id, settings.certificate),
        transport=httpx.ASGITransport(emulator),
    ) as chat:
        await chat.users.create_many([NewUser("anna")])
        await chat.messages.send_to_users(["anna"], Text("hi"))
        clock.advance(2 * 3600)
        assert [message.text async for message in read_history(chat, begin)] == ["hi"]


async def test_the_request_for_the_file(host: Host) -> None:
    """It has no token, and the signed address byte for byte."""
    host.serves(gzip.compress(lines(1)))
    assert await ids_of(host.chat) == ["1"]
    (request,) = host.server.requests
    assert (request.method, request.target) == ("GET", TARGET)
    assert request.header("authorization") is None
    assert b"secret" not in request.head
    assert request.header("accept-encoding") == "identity"
    assert host.service.requests[-1].header("authorization") == "Bearer secret"
    assert host.service.targets == [f"GET /org/app/chatmessages/{HOUR}"]


@pytest.mark.parametrize(
    ("file", "ids"),
    [
        (gzip.compress(lines(1, 2)[:-1]), ["1", "2"]),
        (gzip.compress(b"\n \r\n" + lines(1).replace(b"\n", b"\r\n") + b"\n" + lines(2) + b"\n\n"), ["1", "2"]),
        (gzip.compress(lines(1)) + gzip.compress(lines(2)), ["1", "2"]),
        (gzip.compress(lines(1)[:7]) + gzip.compress(lines(1)[7:]) + bytes(512), ["1"]),
        (gzip.compress(b""), []),
    ],
)
async def test_shapes_of_files(host: Host, file: bytes, ids: list[str]) -> None:
    """A last line without an end, empty lines, several gzip files in one, padding, and nothing."""
    host.serves(file)
    assert await ids_of(host.chat) == ids


async def test_a_file_in_small_pieces(host: Host) -> None:
    """Lines and gzip blocks may be cut anywhere."""
    file = gzip.compress(lines(*range(300)))
    chunks = b"".join(b"1\r\n" + file[place : place + 1] + b"\r\n" for place in range(len(file)))
    host.reply = b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
    assert await ids_of(host.chat) == [str(number) for number in range(300)]


async def test_lines_that_are_no_messages(host: Host) -> None:
    """What stands before them is read, and the error names the line."""
    for bad in (b"garbage", b"[1]", b'{"to":"x"}', b"\xff", b"[" * 5000):
        host.serves(gzip.compress(lines(1) + b"\n" + bad + b"\n" + lines(4)))
        seen = list[str]()
        with pytest.raises(DecodeError, match="line 3: ") as caught:
            async for message in read_history(host.chat, HOUR):
                seen.append(message.msg_id)
        assert seen == ["1"]
        assert caught.value.body == bad[:2048]
        assert "Signature" not in str(caught.value)


@pytest.mark.parametrize("file", [b"", b"<html>", lines(1), gzip.compress(lines(1))[:-3], gzip.compress(lines(1))[:15]])
async def test_files_that_are_no_gzip(host: Host, file: bytes) -> None:
    """Or only the beginning of it, though all announced bytes came."""
    host.serves(file)
    with pytest.raises(DecodeError, match="gzip"):
        await ids_of(host.chat)


async def test_a_damaged_file(host: Host) -> None:
    """The checksum at its end counts."""
    file = bytearray(gzip.compress(lines(1, 2)))
    file[-8] ^= 1
    host.serves(bytes(file))
    with pytest.raises(DecodeError, match="damaged"):
        await ids_of(host.chat)


async def test_a_line_may_have_a_megabyte(host: Host) -> None:
    """One byte more is refused."""
    frame = b'{"msg_id":1,"x":"%s"}'
    fits = frame % (b"a" * (MAX_LINE - len(frame) + 2))
    assert len(fits) == MAX_LINE
    host.serves(gzip.compress(fits + b"\n" + fits))
    assert await ids_of(host.chat) == ["1", "1"]
    for end in (b"", b"\n"):
        host.serves(gzip.compress(fits + b"\n" + fits + b" " + end))
        with pytest.raises(DecodeError, match="line 2 is longer") as caught:
            await ids_of(host.chat)
        assert len(caught.value.body) == 2048


def bomb(content: bytes, times: int) -> bytes:
    pack = zlib.compressobj(9, wbits=31)
    return b"".join(pack.compress(content) for _ in range(times)) + pack.flush()


async def test_bombs(host: Host) -> None:
    """A small file that holds 200 MB fills no memory, and the loop goes on beside it."""
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0)

    files = [bomb(b'"' + bytes(1024 * 1024), 200), bomb(b" " * 65_535 + b"\n", 3200)]
    heart = asyncio.ensure_future(beat())
    tracemalloc.start()
    try:
        host.serves(files[0])
        with pytest.raises(DecodeError, match="line 1 is longer"):
            await ids_of(host.chat)
        host.serves(files[1])
        assert await ids_of(host.chat) == []
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        heart.cancel()
    assert peak < 8 * 1024 * 1024
    assert beats > 3000


async def test_memory_stays_flat(host: Host) -> None:
    """However many messages there are, and however slowly they are read."""
    message = json.dumps({"msg_id": "1", "payload": {"bodies": [{"type": "txt", "msg": os.urandom(400).hex()}]}})
    file = gzip.compress((message + "\n").encode() * 30_000, 1)
    host.serves(file)
    count = 0
    async for found in read_history(host.chat, HOUR):
        if count == 0:
            tracemalloc.start()
        count += 1
        assert found.text is not None
        if count % 1000 == 0:
            await asyncio.sleep(0.001)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 30_000
    assert peak < 4 * 1024 * 1024


async def test_a_file_that_is_cut_short(host: Host, tmp_path: Path) -> None:
    """To a path it is fetched again; a reader that has seen the beginning gets an error."""
    content = lines(*range(5000))
    file = gzip.compress(content, 0)
    cut = answer(200, file)[:-1000] + CUT
    host.replies_in_turn(cut, answer(200, file))
    await save_history(host.chat, HOUR, tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == file
    (tmp_path / "x").unlink()
    host.replies_in_turn(cut, cut, cut, cut)
    with pytest.raises(TransportError):
        await save_history(host.chat, HOUR, tmp_path / "x")
    assert names_in(tmp_path) == []
    host.replies_in_turn(cut)
    seen = list[str]()
    with pytest.raises(TransportError):
        async for message in read_history(host.chat, HOUR):
            seen.append(message.msg_id)
    assert seen == [str(number) for number in range(len(seen))]
    assert len(seen) > 4000


async def test_what_fails_before_the_beginning_is_repeated(host: Host) -> None:
    """A reader does not notice it, unless it fails too often."""
    busy = answer(503, b"<html>")
    host.replies_in_turn(None, busy, answer(200, gzip.compress(lines(1))))
    assert await ids_of(host.chat) == ["1"]
    host.replies_in_turn(busy)
    with pytest.raises(ServiceUnavailable):
        await ids_of(host.chat.with_options(retry=NO_RETRY))
    host.replies_in_turn(None)
    with pytest.raises(TransportError):
        await ids_of(host.chat.with_options(retry=NO_RETRY))


@pytest.mark.parametrize(("status", "error"), [(403, Forbidden), (404, NotFound)])
async def test_refusals_of_the_file_host(host: Host, status: int, error: type[Exception]) -> None:
    """They have the classes of their statuses, whatever the words, and are not repeated."""
    refusals = [b"<Error><Code>AccessDenied</Code></Error>", b"x" * 200_000]
    host.replies_in_turn(*(answer(status, body, content_type="application/xml") for body in refusals))
    for body in refusals:
        with pytest.raises(error) as caught:
            await ids_of(host.chat)
        assert caught.value.body == body[:2048]
        assert "Signature" not in str(caught.value)
    assert len(host.server.requests) == 2
    host.replies_in_turn(answer(status, b"12345678")[:-3] + CUT)
    with pytest.raises(error):
        await ids_of(host.chat)


async def test_redirects_are_not_followed(host: Host) -> None:
    """Neither to another host nor on the same one."""
    host.reply = answer(302, b"", f"Location: {host.server.url}/other")
    with pytest.raises(Exception, match=r"redirect to .*, which is not followed"):
        await ids_of(host.chat)
    assert host.server.targets == [f"GET {TARGET}"]


async def test_a_host_that_stalls(host: Host) -> None:
    """The time is for each wait, at the beginning as in the middle."""
    chat = host.chat.with_options(attempt_timeout=0.1, retry=NO_RETRY)
    stalled = asyncio.Event()
    file = answer(200, gzip.compress(lines(1)))

    async def wait(_: RawRequest) -> bytes | None:
        await stalled.wait()
        return None

    host.server.respond = wait
    with pytest.raises(TransportError, match="no whole answer in time"):
        await ids_of(chat)

    async def half(_: RawRequest) -> bytes:
        return file[:-10]

    host.server.respond = half
    with pytest.raises(TransportError, match="no whole answer in time"):
        await ids_of(chat)
    stalled.set()


async def test_a_slow_reader_is_no_stall(host: Host) -> None:
    """It may take longer for a piece than the host may."""
    host.serves(gzip.compress(lines(*range(100_000)), 0))
    chat = host.chat.with_options(attempt_timeout=0.2)
    count = 0
    async for _ in read_history(chat, HOUR):
        count += 1
        if count in {1, 30_000}:
            await asyncio.sleep(0.5)
    assert count == 100_000


async def test_leaving_early_closes_the_connection(host: Host) -> None:
    """Also where the host has more to say."""

    async def endless(_: RawRequest) -> bytes:
        return answer(200, gzip.compress(lines(*range(200_000)), 0)).replace(b"Length: ", b"Length: 9")

    host.server.respond = endless
    async with aclosing(read_history(host.chat, HOUR)) as messages:
        async for message in messages:
            assert message.msg_id == "0"
            assert host.server.open_now == 1
            break
    await no_connections(host.server)
    messages = read_history(host.chat, HOUR)
    await anext(messages)
    await asyncio.ensure_future(messages.aclose())  # from another task than the one that read
    await no_connections(host.server)
    async for _ in read_history(host.chat, HOUR):  # and where nobody closes the generator
        break
    gc.collect()
    await no_connections(host.server)


async def test_cancelling_leaves_nothing(host: Host, tmp_path: Path) -> None:
    """At any moment: no task, no connection, no file."""
    host.serves(gzip.compress(lines(*range(20_000)), 0))
    before = asyncio.all_tasks()
    for turns in range(0, 150, 6):
        for work in (ids_of(host.chat), save_history(host.chat, HOUR, tmp_path / "x")):
            task = asyncio.ensure_future(work)
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    await no_connections(host.server)
    (tmp_path / "x").unlink(missing_ok=True)
    assert names_in(tmp_path) == []
    extra = asyncio.all_tasks() - before
    assert not [task for task in extra if "history" in task.get_name()]
    assert len(host.server.requests) > 15
    assert await ids_of(host.chat) == [str(number) for number in range(20_000)]


async def test_closing_the_session_ends_it(host: Host) -> None:
    """With the error that says so, and at once."""

    async def half(_: RawRequest) -> bytes:
        return answer(200, gzip.compress(lines(*range(5000)), 0)).replace(b"Length: ", b"Length: 9")

    host.server.respond = half
    messages = read_history(host.chat, HOUR)
    await anext(messages)
    await host.chat.aclose()
    with pytest.raises(SessionClosed):
        async for _ in messages:
            pass
    with pytest.raises(SessionClosed):
        await ids_of(host.chat)


async def test_a_path_that_cannot_be_written(host: Host, tmp_path: Path) -> None:
    """It is the caller's own error, and not repeated."""
    host.serves(gzip.compress(lines(1)))
    with pytest.raises(FileNotFoundError):
        await save_history(host.chat, HOUR, tmp_path / "missing" / "x")
    assert len(host.server.requests) == 1


async def test_a_host_that_is_not_there(host: Host) -> None:
    """Nothing was sent."""
    async with raw_server() as gone:
        host.address = gone.url + TARGET
    with pytest.raises(ConnectFailed):
        await ids_of(host.chat.with_options(retry=NO_RETRY))


async def test_tls(tmp_path: Path) -> None:
    """Certificates are checked, against the session's CA where it has one."""
    authority = trustme.CA()
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(served)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with raw_server(context=served) as files, raw_server() as service:

        async def locate(_: RawRequest) -> bytes:
            return answer(body=json.dumps({"data": [{"url": f"https://localhost:{files.port}/f.gz"}]}).encode())

        async def respond(_: RawRequest) -> bytes:
            return answer(200, gzip.compress(lines(1)))

        service.respond, files.respond = locate, respond
        for context in (None, trusting):
            async with Session("org", "app", host=service.url, token="t", ssl_context=context, retry=NO_RETRY) as chat:
                if context is None:
                    with pytest.raises(ConnectFailed, match=r"CERTIFICATE_VERIFY_FAILED|certificate verify failed"):
                        await ids_of(chat)
                else:
                    assert await ids_of(chat) == ["1"]


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("https://h/x?a=%2F", "https://h/x?a=%2F"),
        ("http://h.example/x?a=%2F", "https://h.example/x?a=%2F"),
        ("http://127.0.0.1:80/x", "http://127.0.0.1:80/x"),
        ("http://[::1]:80/x", "http://[::1]:80/x"),
        ("http://h:8080/x", None),
        ("https://u@h/x", None),
        ("https://h:0/x", None),
        ("https://h:99999/x", None),
        ("https:///x", None),
        ("ftp://h/x", None),
        ("file:///etc/passwd", None),
        ("/x", None),
        ("https://h/a b", None),
        ("https://h/é", None),
        ("", None),
    ],
)
def test_addresses(address: str, asked: str | None) -> None:
    """https everywhere but on this machine, and nothing else than a host and what lies there."""
    if asked is None:
        with pytest.raises(ValueError, match=r"."):
            foreign_address(address)
    else:
        assert foreign_address(address) == asked


async def test_an_address_that_cannot_be_asked(host: Host) -> None:
    """The answer that named it is at fault."""
    host.address = "http://h:8080/x?Signature=s"
    with pytest.raises(DecodeError, match="not an https one") as caught:
        await ids_of(host.chat)
    assert caught.value.body == b"http://h:8080/x"


def test_messages_of_other_shapes() -> None:
    """Ids become text, unknown members are kept, and what is missing or odd spoils nothing."""
    data = {
        "msg_id": 12345678901234567,
        "timestamp": "1543314322601",
        "from": 7,
        "chat_type": "broadcast",
        "new": 1,
        "payload": {"bodies": [{"type": "loc", "lat": "52", "lng": 13, "size": 3, "x": 1}], "ext": None},
    }
    message = from_dict(data, HistoryMessage)
    assert (message.msg_id, message.sender, message.chat_type) == ("12345678901234567", "7", "broadcast")
    assert message.sent_at == datetime(2018, 11, 27, 10, 25, 22, 601_000, UTC)
    assert message.extra == {"new": 1}
    (body,) = message.payload.bodies
    assert (body.lat, body.lng, body.size, body.extra) == ("52", 13, None, {"size": 3, "x": 1})
    bare = from_dict({"msg_id": "5I02W-XX-8278a", "payload": None}, HistoryMessage)
    assert (bare.payload.bodies, bare.text, bare.sent_at) == ((), None, None)
    assert bare.extra == {}
    untyped = from_dict({"msg_id": "1", "payload": {"bodies": [{"msg": "x"}]}}, HistoryMessage)
    assert ([body.msg for body in untyped.payload.bodies], untyped.text) == (["x"], None)
    odd = from_dict({"msg_id": "1", "payload": {"bodies": ["x"]}}, HistoryMessage)
    assert odd.payload.extra == {"bodies": ["x"]}
