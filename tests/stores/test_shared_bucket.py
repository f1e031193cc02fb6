"""Buckets of a fleet on a virtual clock: use, fairness, crashes, stalls, clocks that jump, stores that come and go."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from virtual_clock import run

from agora_chat_async._bucket import Slot
from agora_chat_async.errors import QuotaWaitExceeded
from agora_chat_async.quota import DAY, Rate
from agora_chat_async.stores import SQLiteStore
from agora_chat_async.stores._protocol import BucketNews, News
from tests.stores.fleet import InlineSQLite, Process

Sent = list[tuple[float, int]]


def most(sent: Sent, length: float) -> int:
    log = sorted(sent)
    return max((sum(cost for at, cost in log if begin <= at < begin + length - 1e-5) for begin, _ in log), default=0)


@asynccontextmanager
async def fleet(path: Path, number: int, rate: Rate, margin: float = 0.0) -> AsyncIterator[list[Process]]:
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(Process(InlineSQLite(path / "q.sqlite"), rate, margin))
            for _ in range(number)
        ]


async def send(process: Process, cost: int, sent: Sent) -> None:
    slots = await process.bucket.take(cost)
    sent.append((asyncio.get_running_loop().time(), cost))
    await process.bucket.sent(slots)


async def saturate(processes: list[Process], seconds: float, cost: int = 1, callers: int = 30) -> list[Sent]:
    """Send as much as goes; returns what each process sent."""
    loop = asyncio.get_running_loop()
    end, sent = loop.time() + seconds, [Sent() for _ in processes]

    async def work(process: Process, mine: Sent) -> None:
        while loop.time() < end:
            await send(process, cost, mine)
            await asyncio.sleep(0.01)

    tasks = [
        asyncio.create_task(work(process, mine))
        for process, mine in zip(processes, sent, strict=True)
        for _ in range(callers)
    ]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return sent


@pytest.mark.parametrize(
    ("number", "rate", "cost"),
    [(1, Rate(100, 1.0), 1), (4, Rate(100, 1.0), 1), (16, Rate(100, 1.0), 1), (4, Rate(100, 1.0), 7)],
)
def test_used_to_the_full_exactly_and_fairly(tmp_path: Path, number: int, rate: Rate, cost: int) -> None:
    """Together they use at least 95% of the rate, at most all of it in any window, and each about as much."""

    async def scenario() -> None:
        async with fleet(tmp_path, number, rate) as processes:
            sent = await saturate(processes, 10.0, cost)
        used = [sum(each for _, each in mine) for mine in sent]
        assert most([each for mine in sent for each in mine], 1.0) <= rate.calls
        assert sum(used) >= 0.95 * 10 * (rate.calls // cost * cost)
        if rate.calls / number > 10:
            assert max(used) - min(used) <= 0.15 * sum(used) / number

    run(scenario())


def test_a_process_alone_in_its_fleet_gets_all(tmp_path: Path) -> None:
    """What the others do not need is not kept for them; a burst goes at once."""

    async def scenario() -> None:
        async with fleet(tmp_path, 4, Rate(100, 1.0)) as processes:
            await asyncio.sleep(5)
            begun = asyncio.get_running_loop().time()
            sent = (await saturate(processes[:1], 5.0, callers=200))[0]
        assert sum(at < begun + 0.1 for at, _ in sent) == 100
        assert len(sent) >= 500

    run(scenario())


def test_fewer_slots_than_processes(tmp_path: Path) -> None:
    """They take turns."""

    async def scenario() -> None:
        async with fleet(tmp_path, 4, Rate(2, 1.0)) as processes:
            sent = await saturate(processes, 20.0)
        assert most([each for mine in sent for each in mine], 1.0) <= 2
        assert sum(map(len, sent)) >= 38
        assert min(map(len, sent)) >= 7

    run(scenario())


def test_first_come_first_served_in_a_process(tmp_path: Path) -> None:
    """Whatever they cost."""

    async def scenario() -> None:
        order = list[int]()

        async def call(process: Process, index: int) -> None:
            await send(process, 1 + index % 7, Sent())
            order.append(index)

        async with fleet(tmp_path, 2, Rate(10, 1.0)) as processes:
            rival = asyncio.create_task(saturate(processes[1:], 30.0))
            await asyncio.gather(*(call(processes[0], index) for index in range(20)))
            rival.cancel()
            await asyncio.gather(rival, return_exceptions=True)
        assert order == sorted(order)

    run(scenario())


def test_a_crash_costs_the_lease_of_the_crashed(tmp_path: Path) -> None:
    """What a process sent and could not tell counts; everything else is free again soon."""

    async def scenario() -> None:
        sent = Sent()
        loop = asyncio.get_running_loop()
        async with fleet(tmp_path, 1, Rate(20, 1.0)) as (survivor,):
            crashed = Process(InlineSQLite(tmp_path / "q.sqlite"), Rate(20, 1.0), 0.0)
            await crashed.start()
            held = [await crashed.bucket.take(1) for _ in range(5)]
            crashed.store.down = True
            sent += [(loop.time(), 1)] * len(held)
            await crashed.die()
            crashed_at = loop.time()
            await asyncio.gather(*(send(survivor, 1, sent) for _ in range(40)))
            assert most(sent, 1.0) <= 20
            assert sum(crashed_at <= at < crashed_at + 0.9 for at, _ in sent) == 20
            await asyncio.sleep(1.1)
            begun = loop.time()
            await asyncio.gather(*(send(survivor, 1, sent) for _ in range(20)))
            assert loop.time() == begun

    run(scenario())


def test_a_stalled_process_does_not_use_what_it_held(tmp_path: Path) -> None:
    """After a second in which the store heard nothing of it others have its slots, so no burst follows."""

    async def scenario() -> list[Slot]:
        async with fleet(tmp_path, 1, Rate(5, 1.0)) as (process,):
            slots = await process.bucket.take(5)
            await asyncio.sleep(2)
            assert process.bucket.holds(slots)  # it goes on telling the store that it holds them
            asyncio.get_running_loop().selector.now += 1.5  # type: ignore[attr-defined] # nothing runs meanwhile
            assert not process.bucket.holds(slots)
            process.bucket.give_back(slots)
            return slots

    run(scenario())


def test_after_a_stall_processes_go_on(tmp_path: Path) -> None:
    """What they held is not theirs any more when they come back, whatever the store answers; they ask anew."""

    async def scenario() -> None:
        loop = asyncio.get_running_loop()

        async def stall() -> None:
            await asyncio.sleep(2.5)
            loop.selector.now += 1.5  # type: ignore[attr-defined] # nothing runs meanwhile

        async with fleet(tmp_path, 2, Rate(100, 1.0)) as processes:
            begun = loop.time()
            stalled = asyncio.create_task(stall())
            sent = await saturate(processes, 10.0)
            await stalled
        for mine in sent:
            assert sum(at > begun + 5 for at, _ in mine) >= 0.9 * 5 * 50
        assert most([each for mine in sent for each in mine], 1.0) <= 100

    run(scenario())


def test_a_day_quota_survives_restarts_and_does_not_wait(tmp_path: Path) -> None:
    """The fourth call of the day fails at once, in a process that was started after the first three."""

    async def scenario() -> None:
        for _ in range(3):
            async with fleet(tmp_path, 1, Rate(3, DAY)) as (process,):
                await send(process, 1, Sent())
        async with fleet(tmp_path, 1, Rate(3, DAY)) as (process,):
            with pytest.raises(QuotaWaitExceeded) as caught:
                await process.bucket.take(1, patience=60.0)
            assert caught.value.retry_after == pytest.approx(DAY, abs=DAY / 1000)
            assert process.bucket.wait_for(1) == pytest.approx(DAY, abs=DAY / 1000)
            assert process.bucket.state().free == 0

    run(scenario())


def test_a_clock_that_is_set_back_holds_nobody_up(tmp_path: Path) -> None:
    """As after a restart of the machine: the quota goes on from where it was."""
    now = [10**12]
    store = SQLiteStore(tmp_path / "q.sqlite", clock=lambda: now[0])

    def ask(*want: int) -> list[int]:
        reply = store.note(News("w", "", "", "n", 0, 0, False, [BucketNews("b", 2, 1_000_000, want=want)]))
        return [grant.begin - now[0] for grant in reply.buckets[0].grants]

    assert ask(1, 1) == [0, 0]
    store.note(
        News("w", "", "", "n", 0, 0, False, [BucketNews("b", 2, 1_000_000, sent=[(1, now[0], 1), (2, now[0], 1)])])
    )
    now[0] -= 5 * 10**11
    assert ask(1) == [1_000_000]
    store._close()


def outage(tmp_path: Path, during: Callable[[list[Process]], Awaitable[None]]) -> tuple[list[Sent], float]:
    """Four saturated processes; from second 3 to second 9 something happens to the store."""

    async def scenario() -> tuple[list[Sent], float]:
        async with fleet(tmp_path, 4, Rate(100, 1.0), 0.02) as processes:
            work = asyncio.create_task(saturate(processes, 20.0))
            await asyncio.sleep(3)
            await during(processes)
            sent = await work
            assert all(process.member.shared for process in processes)
            return sent, asyncio.get_running_loop().time()

    return run(scenario())


def together(sent: list[Sent]) -> Sent:
    return sorted(itertools.chain(*sent))


def test_without_the_store_each_has_its_share(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Calls go on evenly at a quarter each, and all share again from one moment on."""

    async def down(processes: list[Process]) -> None:
        for process in processes:
            process.store.down = True
        await asyncio.sleep(6)
        for process in processes:
            process.store.down = False

    sent, _ = outage(tmp_path, down)
    for mine in sent:
        meanwhile = [at for at, _ in mine if 5 <= at < 9]
        assert 90 <= len(meanwhile) <= 102
        assert max(later - at for at, later in itertools.pairwise(meanwhile)) < 0.1
    assert most(together(sent), 1.0) <= 115  # in the one window in which the store fails
    assert len(together(sent)) >= 0.9 * 2000
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 4


def test_a_store_that_forgets_is_told_again(tmp_path: Path) -> None:
    """When the file is emptied, living processes tell what counts, and the quota holds."""

    async def forget(processes: list[Process]) -> None:
        database = processes[0].store._connect()
        database.execute("DELETE FROM quota")
        await asyncio.sleep(6)

    sent, _ = outage(tmp_path, forget)
    assert most(together(sent), 1.0) <= 115
    assert len(together(sent)) >= 0.9 * 2000


def test_one_refusal_slows_all(tmp_path: Path) -> None:
    """The service refused a call of one process: all go slower at once, and only once."""

    async def scenario() -> None:
        async with fleet(tmp_path, 3, Rate(30, 1.0)) as processes:
            work = asyncio.create_task(saturate(processes, 5.0))
            await asyncio.sleep(2)
            for _ in range(3):
                processes[0].bucket.refused(1, asyncio.get_running_loop().time())
            await asyncio.sleep(0.5)
            factors = [process.bucket.state().factor for process in processes]
            assert all(0.5 < factor < 0.99 for factor in factors), factors
            await work

    run(scenario())


def test_cancelled_waits_leave_nothing(tmp_path: Path) -> None:
    """Slots that were asked for go back to the others."""

    async def scenario() -> None:
        async with fleet(tmp_path, 2, Rate(10, 1.0)) as (first, second):
            sent = Sent()
            await asyncio.gather(*(send(first, 1, sent) for _ in range(10)))
            waiting = [asyncio.create_task(first.bucket.take(1)) for _ in range(50)]
            await asyncio.sleep(0.5)
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            await asyncio.sleep(0.6)
            begun = asyncio.get_running_loop().time()
            await second.bucket.take(10)
            assert asyncio.get_running_loop().time() == begun
            assert first.bucket.state().waiting == 0

    run(scenario())
