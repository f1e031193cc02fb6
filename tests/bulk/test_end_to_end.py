from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from agora_chat_async import AppToken, NewUser, Session
from agora_chat_async.bulk import ResultFile, RowResult, provision_users, read_users
from agora_chat_async.emulator import Emulator, EmulatorInfo, serve, spawn

FAST = {"users.create": "10000/second"}


@pytest.fixture(scope="module", params=["partial", "refuse"])
def info(request: pytest.FixtureRequest) -> Iterator[EmulatorInfo]:
    """An emulator that answers for taken names in one of the two ways of the service."""
    with spawn(batch_conflict=request.param, quotas=FAST) as running:
        yield running


@pytest.fixture
async def chat(info: EmulatorInfo) -> AsyncIterator[Session]:
    """A session of the emulated app."""
    async with session(info) as opened:
        yield opened


def session(info: EmulatorInfo, **options: Any) -> Session:
    """Make a session for an emulator."""
    token = AppToken(info.app_id, info.certificate)
    return Session(info.org, info.app, host=info.url, token=token, quotas=FAST, **options)


async def test_both_ways_of_refusing_end_in_the_same_results(chat: Session) -> None:
    """Names taken before are `exists`, all others are created, whatever the service makes of a batch."""
    taken = {"both7", "both70", "both71", "both179"}
    await chat.users.create_many([NewUser(name) for name in taken])
    results: list[RowResult] = []
    report = await provision_users(chat, [NewUser(f"both{n}") for n in range(180)], on_result=results.append)
    assert {result.username for result in results if result.status == "exists"} == taken
    assert Counter(result.status for result in results) == {"exists": 4, "created": 176}
    assert report.ok
    listed = {user.username async for user in chat.users.list()}
    assert {f"both{n}" for n in range(180)} <= listed


async def test_a_file_goes_in_and_a_result_file_comes_out(chat: Session, tmp_path: Path) -> None:
    """Bad rows, doubled rows and good ones each have their line."""
    source, target = tmp_path / "users.csv", tmp_path / "result.jsonl"
    source.write_text("username,nickname\nfile1,One\nFile2,Two\nfile1,Again\nfile3\nfile4,\n")
    with ResultFile(target) as results:
        report = await provision_users(chat, read_users(source), on_result=results.write)
    assert report.rows == 5
    assert Counter(dict(report.counts)) == {"created": 2, "invalid": 3}
    assert len(target.read_text().splitlines()) == 5
    assert (await chat.users.get("file1")).nickname == "One"


async def test_the_quota_is_kept_and_used() -> None:
    """With 10 calls a second, 25 batches take two windows, and nothing is refused."""
    emulator = Emulator(quotas={"users.create": "10/second"})
    async with emulator, serve(emulator) as info:
        token = AppToken(info.app_id, info.certificate)
        slow = {"users.create": "10/second"}
        async with Session(info.org, info.app, host=info.url, token=token, quotas=slow, margin=0.2) as chat:
            report = await provision_users(chat, (NewUser(f"q{n}") for n in range(1500)))
            assert report.ok
            assert report.calls == 25
            assert chat.stats.refused == 0
            assert 2.4 <= report.elapsed < 4
        assert emulator.log.windows(1.0)["routes"]["POST /users"]["arrived"]["calls"] <= 10


async def test_a_token_that_is_refused_ends_the_run(info: EmulatorInfo) -> None:
    """Nobody is registered and the report holds the error."""
    wrong = AppToken(info.app_id, "0" * 32)
    async with Session(info.org, info.app, host=info.url, token=wrong) as chat:
        report = await provision_users(chat, [NewUser(f"never{n}") for n in range(600)])
    assert type(report.aborted).__name__ in {"Unauthorized", "BadToken"}
    assert Counter(dict(report.counts)) == {"not_done": report.rows}
