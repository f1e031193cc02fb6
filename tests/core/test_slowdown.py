"""What refusals do to a bucket: how it slows, what it finds out, and how it comes back, on a virtual clock."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from sliding_service import REFUSED, SlidingService, keep_calling
from virtual_clock import run

from agora_chat_async._bucket import Bucket
from agora_chat_async._gate import Gate
from agora_chat_async.errors import BadGateway, NotFound, RateLimited
from agora_chat_async.quota import Rate

SECOND = Rate(100, 1.0)


def gate_of(*rates: Rate) -> tuple[Gate, list[Bucket]]:
    buckets = [Bucket(str(rate), rate) for rate in rates]
    return Gate(buckets), buckets


async def answered(gate: Gate, *, refused: bool, times: int = 1, after: float = 0.0) -> None:
    """Send calls together and have them all answered the same."""
    leases = [await gate.enter(None, None) for _ in range(times)]
    for lease in leases:
        await lease.sent()
    await asyncio.sleep(after)
    for lease in leases:
        lease.answered(REFUSED if refused else None)
        await lease.release()


def test_one_cut_a_window_however_many_calls_are_refused() -> None:
    """Sixty refusals at once cut once; a call sent after the cut, and refused in a later window, cuts again."""

    async def scenario() -> list[float]:
        gate, [bucket] = gate_of(SECOND)
        factors = list[float]()
        await answered(gate, refused=True, times=60, after=0.05)
        factors.append(bucket.state().factor)
        await answered(gate, refused=True)
        factors.append(bucket.state().factor)
        await asyncio.sleep(1.0)
        factors.append(bucket.state().factor)
        await answered(gate, refused=True)
        factors.append(bucket.state().factor)
        return factors

    assert run(scenario()) == pytest.approx([0.7, 0.7, 0.7, 0.49])


def test_answers_to_calls_from_before_the_cut_do_not_cut() -> None:
    """They were sent at the old rate, so they tell nothing of the new one, however late they come."""

    async def scenario() -> float:
        gate, [bucket] = gate_of(SECOND)
        old = asyncio.create_task(answered(gate, refused=True, times=10, after=2.0))
        await answered(gate, refused=True, after=0.1)
        await old
        return bucket.state().factor

    assert run(scenario()) == pytest.approx(0.7)


@pytest.mark.parametrize("error", [None, NotFound(status=404)])
def test_the_full_rate_comes_back(error: NotFound | None, caplog: pytest.LogCaptureFixture) -> None:
    """Held-back slots return, a burst may go again, and the log tells of the beginning and the end, once each."""

    async def scenario() -> list[float]:
        gate, [bucket] = gate_of(SECOND)
        loop, factors = asyncio.get_running_loop(), list[float]()
        await answered(gate, refused=True, times=100)
        await asyncio.sleep(1.1)
        state = bucket.state()
        assert (state.used, state.free) == (0, 1)  # paced: one may go now
        begun = loop.time()
        while (now := bucket.state().factor) < 1:
            factors.append(now)
            lease = await gate.enter(None, None)
            await lease.sent()
            lease.answered(error)
            await lease.release()
            await asyncio.sleep(0.25)
        assert loop.time() - begun < 18
        await asyncio.sleep(1.1)
        assert bucket.state().free == 100
        begun = loop.time()
        await answered(gate, refused=False, times=100)
        assert loop.time() == begun
        return factors

    with caplog.at_level(logging.INFO, "agora_chat_async"):
        factors = run(scenario())
    assert factors == sorted(factors)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert all(record.getMessage().startswith("100/second: ") for record in caplog.records)


def test_a_gateway_that_fails_admits_nothing() -> None:
    """Its answer says nothing of the quota, so the bucket stays as slow as it is."""

    async def scenario() -> float:
        gate, [bucket] = gate_of(SECOND)
        await answered(gate, refused=True)
        lease = await gate.enter(None, None)
        await lease.sent()
        lease.answered(BadGateway(status=502))
        await lease.release()
        await asyncio.sleep(3)
        return bucket.state().factor

    assert run(scenario()) == pytest.approx(0.7)


@pytest.mark.parametrize("callers", [1, 250])
@pytest.mark.parametrize("begin", [5.0, 5.52])
def test_a_storm_is_waited_out_with_few_calls(callers: int, begin: float) -> None:
    """For ten seconds all are refused: few calls go, and two seconds later all is as before."""
    service = SlidingService(100, 1.0, storm=(begin, begin + 10))

    async def scenario() -> None:
        await keep_calling(gate_of(SECOND)[0], service, 25, callers=callers)

    run(scenario())
    end = begin + 10
    in_storm = service.seen(begin, end)
    assert len(in_storm) <= 100 + 40  # a burst that was under way, then single calls
    assert len(service.seen(begin + 1.5, end)) <= 2.5 * 10
    before, after = (service.use(at, at + 2) for at in (begin - 2.5, end + 2))
    assert after >= 0.95 * before
    assert not [arrival for arrival in service.seen(end) if not arrival.admitted]


@pytest.mark.parametrize("left", [25, 50, 75])
@pytest.mark.parametrize("there", [0.0, 0.02])
def test_what_others_leave_is_used(left: int, there: float) -> None:
    """Beside others who take a part of the quota all the time, nine tenths of the rest are used, with few refusals.

    Nobody can know of them before the first burst, so what that costs does not count.
    """
    service = SlidingService(left, 1.0)

    async def scenario() -> None:
        await keep_calling(gate_of(SECOND)[0], service, 30, there=there)

    run(scenario())
    assert service.use(0, 30) >= 0.9
    assert service.refusals(3) <= 0.02
    assert service.refusals(10) <= 0.01


def test_what_others_leave_of_a_weighted_quota_is_used() -> None:
    """The window of a minute remembers the first burst for long; afterwards both of its halves are as good."""
    service = SlidingService(3000, 60.0)

    async def scenario() -> None:
        costs = iter(range(10**9))
        gate, _ = gate_of(Rate(6000, 60.0, "to"))
        await keep_calling(gate, service, 360, callers=40, counts=lambda: {"to": 1 + next(costs) % 20})

    run(scenario())
    assert service.use(60, 360) >= 0.9
    assert service.refusals(120) <= 0.02


@pytest.mark.parametrize(("rate", "left"), [(Rate(1, 1.0), 1), (Rate(5, 60.0), 2), (Rate(10, 60.0), 5)])
def test_slow_quotas_stay_usable(rate: Rate, left: int) -> None:
    """Few calls a window: a storm does not silence them for long, and what others leave is still mostly used."""
    storm = SlidingService(rate.calls, rate.period, storm=(2 * rate.period, 5 * rate.period))
    shared = SlidingService(left, rate.period)

    async def scenario(service: SlidingService) -> None:
        await keep_calling(gate_of(rate)[0], service, 60 * rate.period, callers=3)

    run(scenario(storm))
    gaps = [b.at - a.at for a, b in zip(storm.arrivals, storm.arrivals[1:], strict=False)]
    assert max(gaps) <= 2.1 * rate.period
    assert storm.use(20 * rate.period, 60 * rate.period) >= 0.9
    run(scenario(shared))
    assert shared.use(10 * rate.period, 60 * rate.period) >= 0.85
    assert shared.refusals(10 * rate.period) <= 0.1


def test_bursts_of_others_are_lived_with() -> None:
    """Others who come in bursts get theirs, and most of what is left is used all the same."""
    service, foreign = SlidingService(100, 1.0), list[bool]()

    async def others() -> None:
        while True:
            await asyncio.sleep(4.0)
            for _ in range(30):
                foreign.append(service.admits(foreign=True))

    async def scenario() -> None:
        task = asyncio.create_task(others())
        await keep_calling(gate_of(SECOND)[0], service, 60)
        task.cancel()

    run(scenario())
    assert service.refusals(5) <= 0.02
    assert service.use(5, 60) >= 0.5


def test_the_bucket_that_governs_the_pace_is_slowed() -> None:
    """Of several that a call draws on, the one nearest to its limit is; the others stay as they are."""

    async def scenario() -> dict[str, float]:
        gate, buckets = gate_of(Rate(50, 1.0), Rate(30, 60.0), Rate(20, 86_400.0))
        await answered(gate, refused=True, times=15)
        await asyncio.sleep(2)
        await answered(gate, refused=True)  # in silence the same one goes on being slowed
        return {bucket.name: bucket.state().factor for bucket in buckets}

    assert run(scenario()) == {"50/second": 1.0, "30/minute": 0.7, "20/day": 1.0}


def test_one_bucket_takes_all_refusals_until_a_call_is_admitted() -> None:
    """In the silence after a cut the short window drains, and the long one seems nearer to its limit; it is not cut."""

    async def scenario() -> dict[str, float]:
        gate, buckets = gate_of(Rate(20, 1.0), Rate(60, 60.0))
        await answered(gate, refused=True, times=20)
        for _ in range(3):
            await asyncio.sleep(2)
            await answered(gate, refused=True)
        return {bucket.name: bucket.state().factor for bucket in buckets}

    assert run(scenario()) == {"20/second": pytest.approx(0.7**4), "60/minute": 1.0}


def test_a_quota_a_day_is_not_slowed() -> None:
    """There a refusal only says that it is used up; the call is told that nothing spaces its repeats."""

    async def scenario() -> None:
        gate, [bucket] = gate_of(Rate(100, 86_400.0))
        lease = await gate.enter(None, None)
        await lease.sent()
        assert not lease.answered(RateLimited(status=429))
        await lease.release()
        assert (bucket.state().free, bucket.state().factor) == (99, 1.0)

    run(scenario())


@frozen
class Step:
    """One call of a random programme."""

    after: float
    """Seconds since the one before."""
    cost: int
    fate: str
    """What becomes of it."""
    answer_after: float


def programmes(most_cost: int) -> st.SearchStrategy[list[Step]]:
    seconds = st.sampled_from([0.0, 0.0, 0.01, 0.3, 1.7]) | st.floats(0, 4)
    fates = st.sampled_from(["admitted", "refused", "refused", "unsent", "cancelled", "lost"])
    return st.lists(st.builds(Step, seconds, st.integers(1, most_cost), fates, seconds), max_size=40)


@settings(max_examples=100)
@given(st.integers(1, 8), st.sampled_from([0.5, 1.0, 20.0]), st.data())
def test_whatever_happens_the_rate_holds_and_all_slots_return(calls: int, period: float, data: st.DataObject) -> None:
    """Refusals, cancellations and failures in any order: no window holds more than the rate, none is forgotten."""
    programme = data.draw(programmes(calls))
    sent = list[tuple[float, int]]()

    async def call(gate: Gate, step: Step, spoil: Callable[[asyncio.Task[None]], None]) -> None:
        task = asyncio.current_task()
        assert task is not None
        if step.fate == "cancelled":
            spoil(task)
        lease = await gate.enter({"to": step.cost}, None)
        try:
            if step.fate != "unsent":
                sent.append((asyncio.get_running_loop().time(), step.cost))
                await lease.sent()
                await asyncio.sleep(step.answer_after)
                if step.fate in {"admitted", "refused"}:
                    lease.answered(REFUSED if step.fate == "refused" else None)
        finally:
            await lease.release()

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        bucket = Bucket("b", Rate(calls, period, "to"), margin=0.0)
        gate, tasks = Gate([bucket]), list[asyncio.Task[None]]()
        for step in programme:
            await asyncio.sleep(step.after)
            cancel_later = lambda task, step=step: loop.call_later(step.answer_after, task.cancel)  # noqa: E731
            tasks.append(asyncio.create_task(call(gate, step, cancel_later)))
        async with asyncio.timeout(200 * period * (1 + len(programme))):
            await asyncio.gather(*tasks, return_exceptions=True)
            assert all(task.cancelled() or task.exception() is None for task in tasks)
            while bucket.state().factor < 1:  # and a service that admits again is used to the full again
                await asyncio.sleep(period)
                await call(gate, Step(0, 1, "admitted", 0.0), lambda _: None)
        await asyncio.sleep(1.1 * period)
        state = bucket.state()
        assert (state.free, state.used, state.waiting, state.next_free_in) == (calls, 0, 0, 0.0)

    run(scenario())
    for begin, _ in sent:
        assert sum(cost for at, cost in sent if begin <= at < begin + period) <= calls
