"""Fault 34: the store of shared quotas is killed, hangs, forgets, is locked or full; calls go on, and share again."""

from __future__ import annotations

import asyncio
import itertools
import logging
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Self

import pytest
from raw_server import RawServer, raw_server

from agora_chat_async import Session, errors
from agora_chat_async.stores import QuotaStore, RedisStore, SQLiteStore
from agora_chat_async.stores._protocol import News
from tests.stores.redis_server import RedisServer, needs_redis, redis_server

CALLS = 100
NEWS = News("w", "", "", "n", 0, 0, leaves=False, buckets=())


class Fleet:
    """Sessions that make as many calls as they may."""

    def __init__(self, server: RawServer, sessions: list[Session]) -> None:
        self.server = server
        self.sessions = sessions
        self.tasks = [asyncio.create_task(self.work(session)) for session in sessions for _ in range(10)]

    async def work(self, session: Session) -> None:
        while True:
            await session.users.get("anna")

    @property
    def sharing(self) -> list[bool]:
        return [session._member is not None and session._member.shared for session in self.sessions]

    async def all_sharing(self, wanted: bool) -> None:
        async with asyncio.timeout(20):
            while self.sharing != [wanted] * len(self.sessions):
                await asyncio.sleep(0.01)

    def most(self) -> int:
        times = [request.at for request in self.server.requests]
        return max(sum(begin <= at < begin + 1 for at in times) for begin in times)

    async def calls_in(self, seconds: float) -> float:
        """Count the calls that arrive, in parts of the quota."""
        loop, before = asyncio.get_running_loop(), len(self.server.requests)
        begun = loop.time()
        await asyncio.sleep(seconds)
        return (len(self.server.requests) - before) / (loop.time() - begun) / CALLS


@asynccontextmanager
async def fleet(make: Callable[[], QuotaStore], number: int = 2, **options: Any) -> AsyncIterator[Fleet]:
    async with raw_server() as server, AsyncExitStack() as stack:
        sessions = [
            await stack.enter_async_context(
                Session(
                    "o",
                    "a",
                    host=server.url,
                    token="t",
                    store=make(),
                    quotas={"users.get": f"{CALLS}/second"},
                    **options,
                )
            )
            for _ in range(number)
        ]
        running = Fleet(server, sessions)
        try:
            await asyncio.sleep(0.5)
            yield running
        finally:
            for task in running.tasks:
                task.cancel()
            await asyncio.gather(*running.tasks, return_exceptions=True)


def on_redis(server: RedisServer) -> Callable[[], RedisStore]:
    return lambda: RedisStore(server.url)


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.message
        for record in caplog.records
        if record.levelno == logging.WARNING and "quota store" in record.message
    ]


@needs_redis
async def test_killed_and_started_again_empty(caplog: pytest.LogCaptureFixture) -> None:
    """Each process goes on at its share, warns once, and shares again by itself."""
    with redis_server() as server:
        async with fleet(on_redis(server)) as running:
            server.kill()
            await running.all_sharing(False)
            assert 0.4 < await running.calls_in(2) < 1.3
            assert len(warnings_of(caplog)) == 2
            assert all("with 1/2 of each quota" in text for text in warnings_of(caplog))
            server.start()
            await running.all_sharing(True)
            assert 0.5 < await running.calls_in(1) < 1.5


@needs_redis
async def test_stopped_and_continued(caplog: pytest.LogCaptureFixture) -> None:
    """A Redis that hangs holds up no call for longer than a fifth of a second."""
    with redis_server() as server:
        async with fleet(on_redis(server)) as running:
            server.signal(signal.SIGSTOP)
            try:
                assert await running.calls_in(2) > 0.4
                assert running.sharing == [False, False]
            finally:
                server.signal(signal.SIGCONT)
            await running.all_sharing(True)
            assert len(warnings_of(caplog)) >= 2
            times = [request.at for request in running.server.requests]
            assert max(later - at for at, later in itertools.pairwise(times)) < 2.0


@needs_redis
async def test_flushed(caplog: pytest.LogCaptureFixture) -> None:
    """Processes notice that everything was forgotten, tell it what they sent, and keep the quota meanwhile."""
    with redis_server() as server:
        async with fleet(on_redis(server)) as running:
            before = len(running.server.requests)
            with server.client as client:
                client.script_flush()
                await running.calls_in(0.5)
                assert running.sharing == [True, True]  # the script was loaded again
                client.flushall()
            await running.all_sharing(False)
            await running.all_sharing(True)
            assert await running.calls_in(2) > 0.5
            assert any("forgotten" in text for text in warnings_of(caplog))
            del running.server.requests[: before - CALLS]
            assert running.most() <= 1.25 * CALLS  # as docs/fleets.md has it; each with all would be twice


@needs_redis
async def test_closed_without_the_store() -> None:
    """With `closed` a call fails with a typed error, unsent, and works again when the store does."""
    with redis_server() as server:
        async with fleet(on_redis(server), 1, on_store_failure="closed") as running:
            server.kill()
            await running.all_sharing(False)
            with pytest.raises(errors.QuotaStoreUnavailable, match=r"GET /users/\{\}"):
                await running.sessions[0].users.get("anna")
            server.start()
            await running.all_sharing(True)
            await running.sessions[0].users.get("anna")


@needs_redis
async def test_open_without_the_store() -> None:
    """With `open` each process has the whole quota for itself."""
    with redis_server() as server:
        async with fleet(on_redis(server), 2, on_store_failure="open") as running:
            server.kill()
            await running.all_sharing(False)
            assert await running.calls_in(2) > 1.2


@needs_redis
async def test_wrong_password_is_told_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    """The warning names the reason; the password is in no output."""
    with redis_server("right-secret") as server:
        store = RedisStore(server.url.replace("right", "wrong"))
        async with raw_server() as target, Session("o", "a", host=target.url, token="t", store=store) as chat:
            assert "WRONGPASS" in warnings_of(caplog)[0] or "invalid" in warnings_of(caplog)[0]
            await chat.users.get("anna")
            said = caplog.text + repr(store) + repr(chat) + repr(chat.quotas)
            with pytest.raises(errors.InvalidArgument) as used:  # another session may not have it
                await store.open("o#a")
            assert "secret" not in said + str(used.value) + repr(used.value)
    with pytest.raises(errors.InvalidArgument) as caught:
        RedisStore("http://user:secret@host")
    assert "secret" not in str(caught.value)


@needs_redis
async def test_a_partition(caplog: pytest.LogCaptureFixture) -> None:
    """A process that alone is cut off goes on at its share, while the others share on; then all share again."""
    with redis_server() as server:
        async with Wire(server.port) as wire:
            stores = iter([RedisStore(server.url), RedisStore(f"redis://127.0.0.1:{wire.port}/0")])
            async with fleet(lambda: next(stores)) as running:
                wire.cut()
                while running.sharing != [True, False]:
                    await asyncio.sleep(0.01)
                assert await running.calls_in(2) > 0.4  # the calls of a second may all come at once
                assert running.sharing == [True, False]
                assert len(warnings_of(caplog)) == 1
                wire.mend()
                await running.all_sharing(True)
                assert await running.calls_in(2) > 0.4


class Wire:
    """A network between a process and the store, which can be cut: nothing passes, and nobody is told."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._whole = asyncio.Event()
        self._whole.set()
        self._tasks = set[asyncio.Task[None]]()
        self.port = 0

    def cut(self) -> None:
        self._whole.clear()

    def mend(self) -> None:
        self._whole.set()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._whole.wait()
                writer.write(data)
        writer.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        for each in (self._carry(reader, back), self._carry(there, writer)):
            self._tasks.add(asyncio.create_task(each))

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1")
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.mend()
        await asyncio.wait(self._tasks, timeout=5)


async def test_locked_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A file that another program keeps locked is done without, for as long as it is."""
    path = tmp_path / "quota.sqlite"
    async with fleet(lambda: SQLiteStore(path), 1) as running:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        assert await running.calls_in(2) > 0.4
        assert running.sharing == [False]
        assert len(warnings_of(caplog)) == 1
        other.close()
        await running.all_sharing(True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Any:
    mount = shutil.which("mount")
    made = mount and subprocess.run([mount, "-t", "tmpfs", "-o", "size=8m", "none", tmp_path], check=False)  # noqa: S603
    if not made or made.returncode:
        pytest.skip("needs the right to mount a tmpfs")
    yield tmp_path
    subprocess.run(["umount", "-l", tmp_path], check=True)  # noqa: S603, S607


async def test_full_disk(small_disk: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Calls go on without a file that cannot be written."""
    async with fleet(lambda: SQLiteStore(small_disk / "quota.sqlite"), 1) as running:
        with suppress(OSError), (small_disk / "filler").open("wb") as filler:
            while True:
                filler.write(bytes(4096))
        await running.all_sharing(False)
        assert await running.calls_in(2) > 0.4
        (small_disk / "filler").unlink()
        await running.all_sharing(True)
        assert len(warnings_of(caplog)) == 1


async def test_read_only_disk(small_disk: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Calls go on beside a file that may not be written, and it is used as soon as it may."""
    path = small_disk / "quota.sqlite"
    path.touch()
    remount(small_disk, "ro")
    try:
        async with fleet(lambda: SQLiteStore(path), 1) as running:
            assert running.sharing == [False]
            assert await running.calls_in(0.5) > 0.3
            remount(small_disk, "rw")
            await running.all_sharing(True)
            assert len(warnings_of(caplog)) == 1
    finally:
        remount(small_disk, "rw")


def remount(mounted: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", mounted], check=True)  # noqa: S603, S607


async def test_the_loop_is_never_held_up(tmp_path: Path) -> None:
    """While the file is locked the store's own thread waits, nobody else."""
    path = tmp_path / "quota.sqlite"
    store = SQLiteStore(path, timeout=5)
    await store.open("o#a")
    try:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("CREATE TABLE x (y)")
        other.execute("BEGIN EXCLUSIVE")
        waiting = asyncio.create_task(store.converse(NEWS))
        naps = 0
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            await asyncio.sleep(0.005)
            naps += 1
        assert naps > 10
        assert not waiting.done()
        other.close()
        assert (await waiting).workers == 1
    finally:
        await store.aclose()
