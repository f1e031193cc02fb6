"""A soak: a session under load for minutes, at a service where everything goes wrong now and then.

An emulator in a process of its own enforces its quotas and strikes 2% of the requests with each kind of fault. Tasks
of one session call many routes, under short deadlines, and are cancelled at random. It goes in three thirds; after
each, with nothing under way, what is left open is counted. Then the faults end, and all has to be well again.

`nox -s soak -- --seconds 600 --seed 1` runs it; `run` raises `AssertionError` with all that did not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

from attrs import define, field, frozen

from agora_chat_async import AppToken, NewUser, Session, Text, errors
from agora_chat_async._caller import Caller
from agora_chat_async.api.users import Users
from agora_chat_async.bulk import provision_users
from agora_chat_async.emulator import EmulatorInfo, Fault, spawn
from agora_chat_async.emulator._faults import KINDS

PASSWORD: Final = "soak-password-not-to-be-told"
TASKS: Final = 60
CANCELLED: Final = 0.05
SHARE: Final = 0.02
_SHORT: Final = {"latency": 0.3, "silent": 2.0, "drip": 0.002, "unavailable": 0.2}
"""Seconds of the kinds that wait, so that a call meets several of them in its time."""
_LONG: Final = 60.0
"""Seconds from which on a run is long enough for all kinds of faults, and for the full rate to come back at its end."""
_KEEPALIVE: Final = 0.3
_MARGIN: Final = 0.1
"""Seconds; more than the default, since this machine's scheduling takes the place of a network's jitter."""

SUCCEEDED, CANCELLED_BY_US, UNKNOWN, FAILED = 1, 2, 3, 4
"""How a call that may not be repeated went: the emulator has it once, at most once, at most once, never."""


@frozen
class Left:
    """What is there while nothing is under way."""

    tasks: int
    sockets: int
    files: int
    """Open ones, sockets included."""
    parts: int
    """Files of downloads and uploads."""
    rss_kib: int
    objects: int


@define
class Tally:
    """What became of the calls."""

    begun: int = 0
    succeeded: int = 0
    cancelled: int = 0
    failed: Counter[str] = field(factory=Counter[str])
    foreign: list[str] = field(factory=list[str])
    """Exceptions of types that no caller was told of."""
    once: bytearray = field(factory=bytearray)
    """Of each call that may not be repeated, how it went; its number is in what it created."""

    def number(self) -> int:
        self.once.append(0)
        return len(self.once) - 1


class _Heard(logging.Handler):
    """Keeps what is worse than expected, and searches everything for secrets."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__(logging.DEBUG)
        self._secrets = secrets
        self.records = 0
        self.wrong = list[str]()

    def emit(self, record: logging.LogRecord) -> None:
        self.records += 1
        text = self.format(record)
        ours = record.name.startswith("agora_chat_async")
        if record.levelno > logging.WARNING or (record.levelno == logging.WARNING and not ours):
            self.wrong.append(f"{record.name} {record.levelname}: {text}"[:500])
        self.wrong += [f"a secret in the log: {secret[:6]}..." for secret in self._secrets if secret in text]


class Soak:
    """One run."""

    def __init__(self, chat: Session, folder: Path, seed: int, *, long: bool) -> None:
        self._tasks = TASKS if long else TASKS // 3
        self._patient = chat
        self._hurried = chat.with_options(timeout=5.0 if long else 1.0, attempt_timeout=1.0)
        self._chat: Session | Caller = chat
        self._quick: Session | Caller = chat.with_options(timeout=0.8, max_wait=0.1)
        self._folder = folder
        self._random = random.Random(seed)  # noqa: S311 - to be repeated
        self.tally: Final = Tally()
        self._users = list[str]()
        self._groups = list[str]()
        self._files = list[str]()
        self._steps: Final[list[tuple[int, Callable[[int], Awaitable[object]]]]] = [
            (6, self._get_user),
            (3, self._get_quickly),
            (3, self._page_users),
            (2, self._raw),
            (2, self._attributes),
            (1, self._presence),
            (2, self._members),
            (1, self._bulk),
            (3, self._download),
            (int(long), self._provision),
            (4, self._create_user),
            (8, self._message),
            (4, self._group_message),
            (2, self._create_group),
            (3, self._upload),
        ]

    async def prepare(self) -> None:
        """Make what the calls work on; no faults yet."""
        chat = self._chat
        self._users = [f"old-{number}" for number in range(60)]
        await chat.users.create_many([NewUser(name, PASSWORD) for name in self._users])
        self._groups = [await chat.groups.create("old-0", public=True, name="old", members=self._users[1:9])]
        self._files = [(await chat.files.upload(os.urandom(20_000))).uuid]

    async def work(self, seconds: float) -> None:
        """Let all tasks call until the time is over."""
        self._chat = self._hurried
        end = time.monotonic() + seconds
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._tasks):
                tasks.create_task(self._work(end))

    async def _work(self, end: float) -> None:
        weights, steps = zip(*self._steps, strict=True)
        while time.monotonic() < end:
            step = self._random.choices(steps, weights)[0]
            cancel_after = self._random.random() * 0.2 if self._random.random() < CANCELLED else None
            if step == self._provision:  # goes on until it is through, for minutes where all goes wrong
                cancel_after = max(0.0, end - time.monotonic())
            await self.one(step, cancel_after)

    async def one(self, step: Callable[[int], Awaitable[object]], cancel_after: float | None = None) -> None:
        """Make one call and count how it went."""
        tally, number = self.tally, -1
        if step.__name__ in _ONCE:
            number = tally.number()
        tally.begun += 1
        call = asyncio.ensure_future(step(number))
        if cancel_after is not None:
            await asyncio.wait({call}, timeout=cancel_after)
            call.cancel()
        outcome = UNKNOWN
        try:
            await call
        except asyncio.CancelledError:
            tally.cancelled += 1
            outcome = CANCELLED_BY_US
            if cancel_after is None:
                tally.foreign.append(f"{step.__name__}: cancelled by nobody")
        except errors.AgoraChatError as error:
            tally.failed[type(error).__name__] += 1
            outcome = UNKNOWN if error.outcome_unknown else FAILED
        except Exception as error:  # noqa: BLE001 - which is what must not be
            tally.foreign.append(f"{step.__name__}: {error!r}")
        else:
            tally.succeeded += 1
            outcome = SUCCEEDED
        if number >= 0:
            tally.once[number] = outcome

    def _any_user(self) -> str:
        return self._random.choice(self._users)

    async def _get_user(self, _: int) -> None:
        assert (await self._chat.users.get("old-7")).username == "old-7"

    async def _get_quickly(self, _: int) -> None:
        await self._quick.users.get(self._any_user())

    async def _page_users(self, _: int) -> None:
        seen = 0
        async for _user in self._chat.users.list(limit=20):
            seen += 1
            if seen == 50:
                break
        assert seen == 50

    async def _raw(self, _: int) -> None:
        await self._chat.request("GET", f"/users/{self._any_user()}")

    async def _attributes(self, _: int) -> None:
        await self._quick.user_attributes.set(self._any_user(), {"nickname": "N"})

    async def _presence(self, _: int) -> None:
        await self._chat.presence.get_status("old-0", self._users[:3])

    async def _members(self, _: int) -> None:
        await self._chat.group_members.list(self._groups[0])

    async def _bulk(self, _: int) -> None:
        begin = self._random.randrange(1_000_000_000)
        names = [NewUser(f"bulk-{begin}-{number}", PASSWORD) for number in range(70)]
        parts = await self._chat.split(Users.create_many, names)
        assert len(parts.by_item()) == len(names)
        for error in parts.errors:
            raise error

    async def _provision(self, _: int) -> None:
        begin = self._random.randrange(1_000_000_000)
        rows = [NewUser(f"row-{begin}-{number}", PASSWORD) for number in range(70)]
        report = await provision_users(self._chat, rows)
        if report.aborted is not None:
            raise report.aborted
        assert report.rows == len(rows), report

    async def _download(self, _: int) -> None:
        if self._random.random() < 0.5:
            assert len(await self._chat.files.download(self._files[0]).read()) == 20_000
            return
        path = self._folder / f"{self._random.randrange(1_000_000_000)}.bin"
        try:
            await self._chat.files.download(self._files[0]).save(path)
            assert path.stat().st_size == 20_000
        finally:
            path.unlink(missing_ok=True)

    async def _create_user(self, number: int) -> None:
        await self._chat.users.create(f"once-{number}", password=PASSWORD)

    async def _message(self, number: int) -> None:
        caller = self._quick if number % 3 == 0 else self._chat
        await caller.messages.send_to_users([self._any_user()], Text(f"once-{number}"))

    async def _group_message(self, number: int) -> None:
        await self._quick.messages.send_to_chatgroups(self._groups, Text(f"once-{number}"))

    async def _create_group(self, number: int) -> None:
        await self._quick.groups.create("old-0", public=True, name=f"once-{number}")

    async def _upload(self, _: int) -> None:
        path = self._folder / f"{self._random.randrange(1_000_000_000)}.txt"
        path.write_bytes(b"soak" * 500)
        try:
            await self._chat.files.upload(path)
        finally:
            path.unlink()

    async def recovers(self, within: float) -> tuple[int, float]:
        """Without faults, users.get comes back to its full quota; return calls and the seconds that they took."""
        calls, begun = 300, time.monotonic()
        while self._patient.quotas.snapshot()["GET /users/{}"].factor < 1 and time.monotonic() - begun < within:
            await asyncio.gather(*(self.one(self._get_user) for _ in range(20)))
        begun = time.monotonic()
        await asyncio.gather(*(self.one(self._get_user) for _ in range(calls)))
        return calls, time.monotonic() - begun

    async def is_well(self) -> list[str]:
        """Make a call of each kind, in no hurry, and tell which fail."""
        self._quick = self._chat = self._patient
        wrong = list[str]()
        for _, step in self._steps:
            before = self.tally.failed.copy()
            await self.one(step)
            wrong += [f"{step.__name__}: {name}" for name in self.tally.failed - before]
        return wrong


_ONCE: Final = frozenset({"_create_user", "_message", "_group_message", "_create_group"})


async def left(folder: Path) -> Left:
    """Count what is left once connections have been idle for long enough."""
    await asyncio.sleep(_KEEPALIVE * 2 + 0.1)
    return _counted(len(asyncio.all_tasks()), folder)


def _counted(tasks: int, folder: Path) -> Left:
    for _ in range(3):
        gc.collect()
    links = [_link(one) for one in Path("/proc/self/fd").iterdir()]
    rss = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return Left(
        tasks=tasks,
        sockets=sum(link.startswith("socket:") for link in links),
        files=len(links),
        parts=len([*folder.iterdir()]),
        rss_kib=int(rss.split()[1]),
        objects=len(gc.get_objects()),
    )


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except FileNotFoundError:  # of the listing itself
        return ""


def ask(info: EmulatorInfo, path: str, post: object = None) -> bytes:
    """Ask the emulator's control endpoints."""
    body = None if post is None else json.dumps(post).encode()
    with urlopen(Request(f"{info.url}/_emulator/{path}", body)) as answer:  # noqa: S310 - on this machine
        content: bytes = answer.read()
        return content


def times_done(snapshot: bytes) -> Counter[int]:
    """Count in the emulator's data how often each numbered call was carried out."""
    database = sqlite3.connect(":memory:")
    database.deserialize(snapshot)
    queries = [
        "SELECT username FROM users WHERE username LIKE 'once-%'",
        "SELECT json_extract(body, '$.msg') FROM messages WHERE body LIKE '%once-%'",
        "SELECT groupname FROM chatgroups WHERE groupname LIKE 'once-%'",
    ]
    try:
        names = [row[0] for query in queries for row in database.execute(query)]
    finally:
        database.close()
    return Counter(int(name.partition("-")[2]) for name in names)


def windows_over(info: EmulatorInfo) -> tuple[list[str], int, int]:
    """Return the windows that saw more than their quota, how many were looked at, and the calls refused as too fast."""
    told = json.loads(ask(info, ""))["emulated"]
    over, looked_at, refused = list[str](), 0, 0
    by_length = {length: json.loads(ask(info, f"windows?seconds={length}"))["routes"] for length in (1, 60)}
    rates = {(one["method"], one["path"]): one["quota"] for one in told.values()}
    for length, routes in by_length.items():
        for route, seen in routes.items():
            for quota in next((q for (m, p), q in rates.items() if _route(m, p) == route), []):
                rate, _, counted = quota.partition(" of ")
                calls, _, period = rate.partition("/")
                if {"second": 1, "minute": 60}.get(period) != length:
                    continue
                looked_at += 1
                most = seen["arrived"]["cost" if counted else "calls"]
                if most > int(calls):
                    over.append(f"{route}: {most} in {length} s, where {quota} is the quota")
            if length == 1:
                refused += seen["refused"]
    return over, looked_at, refused


def _route(method: str, path: str) -> str:
    return f"{method} " + "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


@contextmanager
def errors_of_children(path: Path) -> Iterator[None]:
    """Let processes that are started in the block write their errors to a file."""
    sys.stderr.flush()
    kept, into = os.dup(2), os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(into, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(into)


async def soak(info: EmulatorInfo, seconds: float, seed: int, folder: Path) -> tuple[list[str], list[str]]:
    """Run against an emulator; return what did not hold, and the figures."""
    token = AppToken(info.app_id, info.certificate)
    heard, unraisable, wrong = _Heard((info.certificate, PASSWORD, "007eJ")), list[str](), list[str]()
    root, previous = logging.getLogger(), sys.unraisablehook
    level, handlers = root.level, root.handlers
    root.handlers = [heard]  # others may keep what they hear, which would be counted as left
    root.setLevel(logging.DEBUG)
    sys.unraisablehook = lambda one: unraisable.append(f"{one.exc_value!r} in {one.object!r}")
    options: dict[str, Any] = {
        "host": info.url,
        "token": token,
        "timeout": 30.0,
    }
    try:
        async with Session(info.org, info.app, keepalive=_KEEPALIVE, margin=_MARGIN, **options) as chat:
            run = Soak(chat, folder, seed, long=seconds >= _LONG)
            await run.prepare()
            faults = [Fault(kind, probability=SHARE, seconds=_SHORT.get(kind)) for kind in KINDS]
            given = [{"kind": one.kind, "probability": one.probability, "seconds": one.seconds} for one in faults]
            await asyncio.to_thread(ask, info, "faults", {"faults": given, "seed": seed})
            counted = list[Left]()
            rounds = 3 if seconds >= _LONG else 2
            for _ in range(rounds):
                await run.work(seconds / rounds)
                counted.append(await left(folder))
            struck = json.loads(await asyncio.to_thread(ask, info, "faults"))["faults"]
            await asyncio.to_thread(ask, info, "faults", {"faults": []})
            ill = await run.is_well()
            calls, took = await run.recovers(30.0) if seconds >= _LONG else (0, 0.0)
            stats, tally = chat.stats, run.tally
    finally:
        root.handlers = handlers
        root.setLevel(level)
        sys.unraisablehook = previous
    done = times_done(await asyncio.to_thread(ask, info, "snapshot"))
    over, windows, refused = await asyncio.to_thread(windows_over, info)
    twice = [number for number, times in done.items() if times > 1]
    missing = [number for number, how in enumerate(tally.once) if how == SUCCEEDED and done[number] != 1]
    false = [number for number, how in enumerate(tally.once) if how == FAILED and done[number]]
    ends = tally.succeeded + tally.failed.total() + tally.cancelled
    first, last = counted[0], counted[-1]
    rules = [
        (not tally.foreign, f"{len(tally.foreign)} exceptions of other types: {tally.foreign[:5]}"),
        (tally.begun == ends, f"{tally.begun} calls begun, {ends} ended"),
        (not twice, f"{len(twice)} calls were carried out twice: {twice[:5]}"),
        (not missing, f"{len(missing)} calls succeeded, and the service knows nothing of them: {missing[:5]}"),
        (not false, f"{len(false)} calls were said not to be done, and were: {false[:5]}"),
        (not over, f"windows above their quota: {over}"),
        (not refused, f"{refused} calls were refused as too fast"),
        (last.tasks <= first.tasks, f"tasks: {counted}"),
        (last.sockets <= first.sockets, f"sockets: {counted}"),
        (last.files <= first.files, f"open files: {counted}"),
        (not any(one.parts for one in counted), f"files of downloads are left: {counted}"),
        (last.objects <= first.objects * 1.05 + 1000, f"objects: {counted}"),
        (last.rss_kib <= first.rss_kib * 1.05 + 8192, f"memory: {counted}"),
        (not ill, f"calls fail after the faults have ended: {ill}"),
        (all(one["struck"] for one in struck) or seconds < _LONG, f"kinds that never struck: {struck}"),
        (took <= calls / 100 * 1.5 + 1, f"{calls} calls took {took:.1f} s after the faults had ended"),
        (not heard.wrong, f"{len(heard.wrong)} lines in the log: {heard.wrong[:5]}"),
        (not unraisable, f"exceptions that nobody could catch: {unraisable[:5]}"),
    ]
    wrong += [text for holds, text in rules if not holds]
    failed = tally.failed.total()
    hits = ", ".join(f"{one['kind']} {one['struck']}" for one in struck)
    figures = [
        f"{tally.begun} calls = {tally.succeeded} successes + {failed} typed errors + {tally.cancelled} cancelled",
        f"errors: {', '.join(f'{name} {number}' for name, number in tally.failed.most_common())}",
        f"faults: {hits}",
        f"requests {stats.attempts}, repeats {stats.retries}, lines in the log {heard.records}",
        f"at most once: {len(tally.once)} calls, {sum(done.values())} carried out, {len(twice)} twice",
        f"windows: {windows} quotas looked at, {len(over)} exceeded, {refused} calls refused as too fast",
        *(f"after part {number}: {one}" for number, one in enumerate(counted, 1)),
        f"after the faults: {calls} calls in {took:.1f} s",
    ]
    return wrong, figures


def run(seconds: float, seed: int) -> list[str]:
    """Run it; return the figures, and raise what did not hold."""
    with tempfile.TemporaryDirectory() as place:
        said = Path(place) / "stderr"
        folder = Path(place) / "files"
        folder.mkdir()
        with errors_of_children(said):
            server = spawn()
            info = server.__enter__()
        try:
            wrong, figures = asyncio.run(soak(info, seconds, seed, folder))
        finally:
            server.__exit__(None, None, None)
        if text := said.read_text():
            wrong.append(f"the emulator's process said: {text[:2000]}")
    if wrong:
        raise AssertionError("\n".join([*wrong, "", *figures]))
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(*run(options.seconds, options.seed), sep="\n")  # noqa: T201 - figures to keep
