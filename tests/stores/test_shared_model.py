"""Every kind of bucket against an exact sliding log: nothing above the rate, nothing starved, nothing lost."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from virtual_clock import VirtualLoop

from agora_chat_async._bucket import Bucket
from agora_chat_async.emulator._quota import SlidingLog
from agora_chat_async.quota import Rate
from tests.stores.fleet import InlineRedis, InlineSQLite, Process
from tests.stores.redis_server import needs_redis, redis_server

PERIOD = 1.0
LEAST = 1e-5  # what is rounded on the way to a store and back


SETTINGS = settings(
    max_examples=40, stateful_step_count=30, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate]
)


class Alone:
    """The bucket of a session without a store, in the clothes of a process of a fleet."""

    def __init__(self, calls: int) -> None:
        self.bucket = Bucket("b", Rate(calls, PERIOD), 0.0)

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def die(self) -> None: ...


class Machine(RuleBasedStateMachine):
    """Random calls in three processes; some are cancelled, some never sent, and now and then a process is killed."""

    processes = 3
    store: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner(loop_factory=VirtualLoop)
        self.loop = self.runner.get_loop()
        self.sent = list[tuple[float, int]]()
        self.calls = 1
        self.fleet = list[Any]()
        self.tasks = list[tuple[Any, asyncio.Task[None]]]()

    def make(self) -> Any:
        return Process(type(self).store(), Rate(self.calls, PERIOD), 0.0) if self.store else Alone(self.calls)

    @initialize(calls=st.integers(1, 8))
    def begin(self, calls: int) -> None:
        self.calls = calls
        self.fleet = [self.make() for _ in range(self.processes if self.store else 1)]
        for process in self.fleet:
            self.runner.run(process.start())

    times = st.sampled_from([0.0, 0.0, 0.01, 0.4, 1.3])

    @rule(at=st.integers(0, 2), cost=st.integers(1, 8), holds=times, sends=st.booleans(), gives_up=st.none() | times)
    def call(self, at: int, cost: int, holds: float, sends: bool, gives_up: float | None) -> None:
        process = self.fleet[at % len(self.fleet)]
        task = self.loop.create_task(self.carry_out(process, min(cost, self.calls), holds, sends))
        if gives_up is not None:
            self.loop.call_later(gives_up, task.cancel)
        self.tasks.append((process, task))

    async def carry_out(self, process: Any, cost: int, holds: float, sends: bool) -> None:
        slots = await process.bucket.take(cost)
        try:
            await asyncio.sleep(holds)
            if sends and process.bucket.holds(slots):
                self.sent.append((self.loop.time(), cost))
                slots, sent = [], slots
                await process.bucket.sent(sent)
        finally:
            if slots:
                process.bucket.give_back(slots)

    @rule(seconds=st.sampled_from([0.001, 0.05, 0.3, 1.0, 2.5]))
    def time_passes(self, seconds: float) -> None:
        self.runner.run(asyncio.sleep(seconds))

    @rule(at=st.integers(0, 2))
    def kill(self, at: int) -> None:
        if self.store:
            self.runner.run(self.bury(at))

    async def bury(self, at: int) -> None:
        killed, self.fleet[at] = self.fleet[at], self.make()
        await killed.die()
        for process, task in self.tasks:
            if process is killed:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        await self.fleet[at].start()

    def teardown(self) -> None:
        try:
            self.runner.run(self.finish())
        finally:
            self.runner.close()

    async def finish(self) -> None:
        async with asyncio.timeout(600):  # virtual seconds: nobody is starved
            await asyncio.gather(*(task for _, task in self.tasks), return_exceptions=True)
        log = SlidingLog(self.calls, PERIOD - LEAST)
        for at, cost in self.sent:
            assert log.admits(at, cost), f"{cost} at {at} is too much: {self.sent}"
            log.take(at, cost)
        await asyncio.sleep(4 * PERIOD)
        begun = self.loop.time()
        if self.fleet:
            await self.fleet[0].bucket.take(self.calls)  # all of it is there at once: nothing was lost
        assert self.loop.time() - begun < LEAST
        for process in self.fleet:
            await process.stop()


def check(machine: type[Machine]) -> None:
    run_state_machine_as_test(machine, settings=SETTINGS)


def test_a_session_alone() -> None:
    """Without a store."""
    check(Machine)


def test_processes_that_share_a_file() -> None:
    """Three processes on one SQLite file are as exact as one."""
    with tempfile.TemporaryDirectory() as folder:
        files = iter(range(10**9))

        class OnSQLite(Machine):
            def __init__(self) -> None:
                path = Path(folder) / f"{next(files)}.sqlite"
                type(self).store = lambda _=None: InlineSQLite(path)
                super().__init__()

        check(OnSQLite)


@needs_redis
def test_processes_that_share_a_redis() -> None:
    """The script in a real Redis, told the virtual time."""
    with redis_server() as server, server.client as client:

        class OnRedis(Machine):
            def __init__(self) -> None:
                client.flushall()
                type(self).store = lambda _=None: InlineRedis(client)
                super().__init__()

        check(OnRedis)
