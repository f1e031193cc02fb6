"""Files, up and down: from every kind of source, to every kind of place, whole or not at all."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import io
import os
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from faults.fault_server import gzipped
from PIL import Image
from raw_server import CUT, RawRequest, answer, raw_server

from agora_chat_async import NO_RETRY, RetryPolicy, Session, errors
from agora_chat_async._transfer import Upload, upload_of

CONTENT = os.urandom(300_000)
QUICK = RetryPolicy(pause=0.001, throttled_pause=0.001)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "pläne.bin"
    place.write_bytes(CONTENT)
    return place


def names_in(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()]


async def pieces() -> AsyncIterator[bytes]:
    for begin in range(0, len(CONTENT), 7000):
        yield CONTENT[begin : begin + 7000]


async def test_bytes_come_back_as_they_went(chat: Session) -> None:
    """Length and content are the same, and the address can be put into a message."""
    file = await chat.files.upload(CONTENT)
    assert file.url is not None
    assert file.url.endswith(f"/chatfiles/{file.uuid}")
    assert (file.type, file.share_secret) == ("chatfile", None)
    assert await chat.files.download(file.uuid) == CONTENT


async def test_every_kind_of_source(chat: Session, path: Path) -> None:
    """A path, text or object, an open file from where it stands, and a stream whose length nobody knows."""
    with path.open("rb") as file:
        file.seek(100_000)
        whole = [path, str(path), bytes(CONTENT), pieces(), Upload(io.BytesIO(CONTENT), filename="x")]
        for source in whole:
            uploaded = await chat.files.upload(source)
            assert await chat.files.download(uploaded.uuid) == CONTENT
        uploaded = await chat.files.upload(file)
        assert await chat.files.download(uploaded.uuid) == CONTENT[100_000:]


@pytest.mark.parametrize("source", [7, None, {"a": 1}, io.StringIO("text")])
async def test_what_is_no_source(chat: Session, source: object) -> None:
    """The error names the argument and what can stand there."""
    if isinstance(source, io.StringIO):
        source.mode = "r"  # type: ignore[attr-defined]
    with pytest.raises(errors.InvalidArgument, match=r"file=.*a path, bytes, a file"):
        await chat.files.upload(source)  # type: ignore[arg-type]


async def test_an_upload_on_the_wire(wire: Any, path: Path) -> None:
    """A form with one part of a known length, and what else is asked for in headers."""
    uploaded = {"uri": "https://host/o/a/chatfiles", "entities": [{"uuid": "f-1", "share-secret": "s", "new": 1}]}
    wire.answers(**uploaded)
    upload = Upload(path, filename='a "b".bin')
    file = await wire.chat.files.upload(upload, restrict_access=True, thumbnail_height=20, thumbnail_width=30)
    request = wire.server.requests[-1]
    kind, _, boundary = (request.header("content-type") or "").partition("; boundary=")
    assert (request.method, request.target, kind) == ("POST", "/org/app/chatfiles", "multipart/form-data")
    assert request.header("content-length") == str(len(request.body))
    assert request.body.startswith(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a %22b%22.bin"\r\n'.encode()
    )
    assert request.body.endswith(f"\r\n--{boundary}--\r\n".encode())
    assert CONTENT in request.body
    headers = [request.header(name) for name in ("restrict-access", "thumbnail-height", "thumbnail-width")]
    assert headers == ["true", "20", "30"]
    assert (file.uuid, file.url, file.share_secret) == ("f-1", "https://host/o/a/chatfiles/f-1", "s")
    assert file.extra == {"new": 1}
    assert "'s'" not in repr(file)


async def test_progress_is_told(chat: Session, path: Path, tmp_path: Path) -> None:
    """Bytes that have gone and come, and how many there are."""
    up, down = list[tuple[int, int | None]](), list[tuple[int, int | None]]()
    file = await chat.files.upload(Upload(path, progress=lambda sent, size: up.append((sent, size))))
    await chat.files.download(file.uuid).save(tmp_path / "x", progress=lambda came, size: down.append((came, size)))
    for steps in (up, down):
        assert steps[-1] == (len(CONTENT), len(CONTENT))
        assert len(steps) > 3
        assert steps == sorted(steps)


async def test_a_restricted_file_needs_its_secret(chat: Session) -> None:
    """Without it, or with another, it is refused."""
    file = await chat.files.upload(b"private", restrict_access=True)
    assert file.share_secret is not None
    assert await chat.files.download(file.uuid, share_secret=file.share_secret) == b"private"
    for secret in (None, "wrong"):
        with pytest.raises(errors.Forbidden):
            await chat.files.download(file.uuid, share_secret=secret)


async def test_thumbnails(chat: Session) -> None:
    """Large pictures are scaled, small ones are their own thumbnail."""
    picture = io.BytesIO()
    Image.frombytes("RGB", (400, 200), os.urandom(400 * 200 * 3)).save(picture, format="PNG")
    file = await chat.files.upload(picture.getvalue(), thumbnail_width=40, thumbnail_height=40)
    with Image.open(io.BytesIO(await chat.files.download_thumbnail(file.uuid))) as thumbnail:
        assert thumbnail.size == (40, 20)
    small = await chat.files.upload(b"small")
    assert await chat.files.download_thumbnail(small.uuid) == b"small"


async def test_files_that_are_not_there(chat: Session, clock: Any, tmp_path: Path) -> None:
    """Unknown ones and those past their 7 days are not found, and nothing is written."""
    with pytest.raises(errors.NotFound):
        await chat.files.download("nothing")
    file = await chat.files.upload(b"x")
    clock.advance(7 * 86_400)
    with pytest.raises(errors.APIError):
        await chat.files.download(file.uuid).save(tmp_path / "x")
    assert names_in(tmp_path) == []


async def test_a_file_that_is_too_large(chat: Session) -> None:
    """The service takes 10 MB."""
    with pytest.raises(errors.PayloadTooLarge):
        await chat.files.upload(bytes(10 * 1024 * 1024 + 1))


async def test_saving_to_a_path(chat: Session, tmp_path: Path) -> None:
    """A file that is there is replaced, and no temporary one is left."""
    target = tmp_path / "target"
    target.write_bytes(b"old")
    file = await chat.files.upload(CONTENT)
    assert await chat.files.download(file.uuid).save(target) == target
    assert target.read_bytes() == CONTENT
    assert names_in(tmp_path) == [target.name]


async def test_streaming(chat: Session) -> None:
    """Pieces come one after the other, and a reader may leave early."""
    file = await chat.files.upload(CONTENT)
    seen = hashlib.sha256()
    async with chat.files.download(file.uuid).stream() as chunks:
        async for chunk in chunks:
            seen.update(chunk)
    assert seen.digest() == hashlib.sha256(CONTENT).digest()
    async with chat.files.download(file.uuid).stream() as chunks:
        assert await anext(chunks)
    with pytest.raises(ExceptionGroup) as caught:
        async with chat.files.download("nothing").stream() as chunks:
            await anext(chunks)
    assert caught.group_contains(errors.NotFound)
    assert await chat.files.download(file.uuid) == CONTENT


async def test_a_download_that_is_cut_short_leaves_no_file(wire: Any, tmp_path: Path) -> None:
    """It is repeated, and where that does not help it is an error."""
    cut = answer(200, CONTENT)[:-1000] + CUT
    replies = [cut, answer(200, CONTENT), cut, cut, cut, cut]

    async def respond(_: RawRequest) -> bytes | None:
        return replies.pop(0)

    wire.server.respond = respond
    chat = wire.chat.with_options(retry=QUICK)
    target = tmp_path / "x"
    await chat.files.download("f").save(target)
    assert target.read_bytes() == CONTENT
    target.unlink()
    with pytest.raises(errors.TransportError):
        await chat.files.download("f").save(target)
    assert names_in(tmp_path) == []


async def test_a_place_that_cannot_be_written_to(wire: Any, tmp_path: Path) -> None:
    """It is the caller's own error, and the file is not fetched again for it."""
    wire.answers()
    with pytest.raises(FileNotFoundError):
        await wire.chat.with_options(retry=QUICK).files.download("f").save(tmp_path / "missing" / "x")
    assert len(wire.server.requests) == 1


async def test_a_stream_that_breaks_off_is_not_begun_again(wire: Any) -> None:
    """What was given out cannot be taken back."""

    async def respond(_: RawRequest) -> bytes:
        return answer(200, CONTENT)[:-1000] + CUT

    wire.server.respond = respond
    with pytest.raises(ExceptionGroup) as caught:
        async with wire.chat.with_options(retry=QUICK).files.download("f").stream() as chunks:
            async for _ in chunks:
                pass
    assert caught.group_contains(errors.TransportError, match="broke off")
    assert len(wire.server.requests) == 2


async def test_a_reader_may_be_slower_than_an_attempt_may_last(wire: Any) -> None:
    """The time of an attempt is for the service, not for who reads."""
    size = 4_000_000

    async def respond(_: RawRequest) -> bytes:
        return answer(200, b"x" * size)

    wire.server.respond = respond
    came = 0
    async with wire.chat.with_options(attempt_timeout=0.5, retry=NO_RETRY).files.download("f").stream() as chunks:
        async for chunk in chunks:
            if not came:
                await asyncio.sleep(0.8)
            came += len(chunk)
    assert came == size
    assert len(wire.server.requests) == 1


async def test_a_download_has_a_limit_in_memory(chat: Session) -> None:
    """`read` refuses more than it is told to take."""
    file = await chat.files.upload(CONTENT)
    with pytest.raises(errors.ResponseTooLarge):
        await chat.files.download(file.uuid).read(at_most=1000)


async def test_cancelled_downloads_leave_nothing(chat: Session, tmp_path: Path) -> None:
    """Neither a file, nor a temporary one, nor a call under way."""
    file = await chat.files.upload(CONTENT)
    for turns in range(30):
        task = asyncio.ensure_future(chat.files.download(file.uuid).save(tmp_path / "x"))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    (tmp_path / "x").unlink(missing_ok=True)
    assert names_in(tmp_path) == []
    assert chat._life.under_way == 0
    assert await chat.files.download(file.uuid) == CONTENT


@pytest.mark.parametrize("repeatable", [True, False])
async def test_an_upload_is_repeated_only_from_its_beginning(wire: Any, path: Path, repeatable: bool) -> None:
    """A path is read again after a refusal; a stream cannot be, so the refusal is the caller's."""
    replies = [answer(429, b'{"error":"reach_limit"}'), answer(body=b'{"entities":[{"uuid":"f"}]}')]

    async def respond(_: RawRequest) -> bytes:
        return replies.pop(0)

    wire.server.respond = respond
    chat = wire.chat.with_options(retry=QUICK)
    if repeatable:
        assert (await chat.files.upload(path)).uuid == "f"
        assert all(CONTENT in request.body for request in wire.server.requests)
    else:
        with pytest.raises(errors.RateLimited):
            await chat.files.upload(Upload(pieces()))
        assert len(wire.server.requests) == 1


async def test_a_source_that_cannot_be_read(chat: Session, tmp_path: Path) -> None:
    """It is the caller's own error, and costs no quota."""
    with pytest.raises(FileNotFoundError):
        await chat.files.upload(tmp_path / "missing")
    assert chat.quotas.snapshot()["POST /chatfiles"].used == 0


async def test_names_of_files(chat: Session) -> None:
    """A name cannot break out of its header."""
    with pytest.raises(errors.InvalidArgument, match="filename="):
        await chat.files.upload(Upload(b"x", filename="a\r\nX: y"))


async def test_the_files_of_a_group(chat: Session, group: Any, path: Path, tmp_path: Path) -> None:
    """They are listed newest first, come back whole, and go with a delete."""
    first = await chat.group_files.upload(group.id, path)
    assert (first.file_name, first.file_size, first.group_id) == (path.name, len(CONTENT), group.id)
    assert first.file_url is not None
    assert first.created_at is not None
    second = await chat.group_files.upload(group.id, Upload(b"b", filename="b.txt"), restrict_access=True)
    listed = [file async for file in chat.group_files.list(group.id, page_size=1)]
    assert [file.file_id for file in listed] == [second.file_id, first.file_id]
    assert listed[0].file_owner == "@ppAdmin"
    assert await chat.group_files.download(group.id, first.file_id) == CONTENT
    await chat.group_files.download(group.id, first.file_id).save(tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == CONTENT
    assert await chat.group_files.delete(group.id, first.file_id) is True
    for call in (chat.group_files.delete(group.id, first.file_id), chat.group_files.download(group.id, first.file_id)):
        with pytest.raises(errors.NotFound):
            await call
    with pytest.raises(errors.NotFound):
        await chat.group_files.upload("1", b"x")


async def test_the_announcement_of_a_group(chat: Session, group: Any) -> None:
    """It is empty at first, replaced whole, and cleared by an empty text."""
    assert await chat.group_files.get_announcement(group.id) == ""
    assert await chat.group_files.set_announcement(group.id, "Hello") is True
    assert await chat.group_files.get_announcement(group.id) == "Hello"
    await chat.group_files.set_announcement(group.id, "")
    assert await chat.group_files.get_announcement(group.id) == ""
    with pytest.raises(errors.InvalidArgument, match="announcement="):
        await chat.group_files.set_announcement(group.id, "x" * 513)
    with pytest.raises(errors.NotFound):
        await chat.group_files.get_announcement("1")


async def test_group_files_on_the_wire(wire: Any) -> None:
    """Method, path, query and body of each call."""
    wire.answers({"announcement": None, "result": True})
    await wire.chat.group_files.set_announcement("g", "Hi")
    assert wire.sent == ("POST", "/chatgroups/g/announcement", {"announcement": "Hi"})
    assert await wire.chat.group_files.get_announcement("g") == ""
    assert wire.sent == ("GET", "/chatgroups/g/announcement", None)
    await wire.chat.group_files.delete("g", "f")
    assert wire.sent == ("DELETE", "/chatgroups/g/share_files/f", None)
    wire.answers([])
    await wire.chat.group_files.list("g", page=2, page_size=5)
    assert wire.sent == ("GET", "/chatgroups/g/share_files?pagenum=2&pagesize=5", None)
    wire.answers({"file_id": "f"})
    await wire.chat.group_files.upload("g", b"content")
    request = wire.server.requests[-1]
    assert (request.method, request.target) == ("POST", "/org/app/chatgroups/g/share_files")
    assert request.header("content-type").startswith("multipart/form-data; boundary=")
    assert b'name="file"; filename=' in request.body
    assert b"\r\n\r\ncontent\r\n" in request.body
    await wire.chat.group_files.download("g", "f")
    request = wire.server.requests[-1]
    assert (request.method, request.target) == ("GET", "/org/app/chatgroups/g/share_files/f")
    await wire.chat.files.download_thumbnail("f", share_secret="s")
    request = wire.server.requests[-1]
    assert (request.method, request.target) == ("GET", "/org/app/chatfiles/f")
    headers = [request.header(name) for name in ("accept", "thumbnail", "share-secret", "accept-encoding")]
    assert headers == ["application/octet-stream", "true", "s", "identity"]


async def test_a_download_that_comes_encoded_is_a_fault(tmp_path):
    """It was asked for as it is: written down, the bytes would not be those of the file."""
    packed = gzip.compress(b"content")
    replies = [answer(200, packed, "Content-Encoding: gzip"), gzipped(b"content", short_by=4), answer(200, b"content")]
    async with raw_server() as server:

        async def respond(request):
            return replies.pop(0)

        server.respond = respond
        async with Session(
            "org", "app", host=server.url, token="x", retry=RetryPolicy(attempts=3, pause=0.001)
        ) as chat:
            saved = await chat.files.download("f").save(tmp_path / "f")
    assert saved.read_bytes() == b"content"
    assert replies == []


async def test_a_file_that_is_opened_for_nobody_is_closed(tmp_path, monkeypatch):
    """Who gives up while a thread opens the file leaves no open file behind."""
    opened = list[io.BufferedReader]()
    begun = asyncio.Event()
    loop, go_on = asyncio.get_running_loop(), threading.Event()

    def slow(*args, **kwargs):
        loop.call_soon_threadsafe(begun.set)
        go_on.wait()
        opened.append(open(*args, **kwargs))  # noqa: PTH123, SIM115 - it is what is replaced
        return opened[-1]

    monkeypatch.setattr("anyio._core._fileio.open", slow, raising=False)
    path = tmp_path / "f"
    path.write_bytes(b"x")
    upload = upload_of("file", path)
    await upload.measure()

    async def send():
        return [chunk async for chunk in upload]

    sending = asyncio.create_task(send())
    await begun.wait()
    sending.cancel()
    await asyncio.wait({sending})
    go_on.set()
    while not opened or not opened[0].closed:
        await asyncio.sleep(0)
