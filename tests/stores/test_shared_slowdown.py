"""Refusals by the service in a fleet: one cut for all, at the fleet's level, at the cost that it has in one process."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sliding_service import Arrival, SlidingService, keep_calling
from virtual_clock import run

from agora_chat_async._bucket import Bucket
from agora_chat_async._gate import Gate
from agora_chat_async.quota import Rate
from tests.stores.fleet import InlineSQLite, Process

RATE = Rate(100, 1.0)
CALLERS = 240


class Strays(SlidingService):
    """Refuses a few calls from a moment on, for no reason."""

    begin = 5.0
    strays = 0

    def admits(self, cost: int = 1, *, foreign: bool = False) -> bool:
        now = asyncio.get_running_loop().time()
        if self.strays and now >= self.begin:
            self.strays -= 1
            self.arrivals.append(Arrival(now, cost, admitted=False))
            return False
        return super().admits(cost, foreign=foreign)


def measure(path: Path, service: SlidingService, number: int) -> None:
    """Have a fleet call as fast as it may; none is a session without a store."""

    async def scenario() -> None:
        if not number:
            await keep_calling(Gate([Bucket("b", RATE)]), service, 25.0, callers=CALLERS)
            return
        processes = [Process(InlineSQLite(path / f"{number}.sqlite"), RATE, 0.02) for _ in range(number)]
        for process in processes:
            await process.start()
        await asyncio.gather(
            *(keep_calling(Gate([each.bucket]), service, 25.0, callers=CALLERS // number) for each in processes)
        )
        for process in processes:
            await process.stop()

    run(scenario())


@pytest.mark.parametrize("strays", [1, 3])
def test_a_stray_refusal_costs_a_fleet_what_it_costs_a_process(tmp_path: Path, strays: int) -> None:
    """No refusal follows from it, and as much of the quota is used."""
    use = list[float]()
    for number in (0, 4):
        service = Strays(RATE.calls, RATE.period)
        service.strays = strays
        measure(tmp_path, service, number)
        assert sum(not arrival.admitted for arrival in service.arrivals) == strays
        use.append(service.use(5, 25))
    assert use[1] >= use[0] - 0.02, use


def test_a_storm_is_waited_out_by_a_fleet(tmp_path: Path) -> None:
    """While all is refused few calls go, and soon afterwards all is as before."""
    service = SlidingService(RATE.calls, RATE.period, storm=(5.0, 11.0))
    measure(tmp_path, service, 4)
    assert len(service.seen(7, 11)) <= 4 * 2.5 * 4
    assert service.use(15, 25) >= 0.9
    assert service.refusals(12) <= 0.01


def test_what_others_leave_is_used_by_a_fleet(tmp_path: Path) -> None:
    """Beside others who take a quarter of the quota, three quarters of the rest are used, with few refusals."""
    service = SlidingService(75, RATE.period)
    measure(tmp_path, service, 4)
    assert service.use(3, 25) >= 0.75
    assert service.refusals(5) <= 0.02
