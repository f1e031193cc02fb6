"""Buckets on a virtual clock: no window above the rate, nothing starved, nothing lost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from virtual_clock import run

from agora_chat_async._bucket import Bucket
from agora_chat_async.quota import Rate

Sent = tuple[float, int]


def most_in_any_window(sent: Iterable[Sent], length: float) -> int:
    """Count what falls in the fullest window, wherever it begins."""
    log = sorted(sent)
    return max((sum(cost for at, cost in log if begin <= at < begin + length) for begin, _ in log), default=0)


@frozen
class Caller:
    """One call of a random programme."""

    arrives: float
    cost: int
    cancelled_after: float | None
    hands_over_after: float
    """Time between the grant and the connection."""
    fails_unsent: bool


def programmes(most_cost: int) -> st.SearchStrategy[list[Caller]]:
    times = st.floats(0, 3, allow_nan=False)
    return st.lists(
        st.builds(
            Caller,
            times,
            st.integers(1, most_cost),
            st.none() | times,
            st.just(0.0) | times,
            st.booleans(),
        ),
        max_size=40,
    )


async def carry_out(bucket: Bucket, programme: list[Caller]) -> tuple[list[Sent], list[int], list[int]]:
    """Run a programme; return what was sent when, who was granted in which order, and who was cancelled."""
    loop = asyncio.get_running_loop()
    sent, granted, cancelled = list[Sent](), list[int](), list[int]()

    async def call(index: int, caller: Caller) -> None:
        await asyncio.sleep(caller.arrives)
        slots = await bucket.take(caller.cost)
        granted.append(index)
        try:
            await asyncio.sleep(caller.hands_over_after)
            if not caller.fails_unsent:
                sent.append((loop.time(), caller.cost))
                await bucket.sent(slots)
                slots = []
        finally:
            if slots:
                bucket.give_back(slots)

    tasks = [asyncio.create_task(call(index, caller)) for index, caller in enumerate(programme)]
    for index, (task, caller) in enumerate(zip(tasks, programme, strict=True)):
        if caller.cancelled_after is not None:
            loop.call_later(caller.arrives + caller.cancelled_after, task.cancel)
            task.add_done_callback(lambda done, index=index: cancelled.append(index) if done.cancelled() else None)
    await asyncio.gather(*tasks, return_exceptions=True)
    return sent, granted, cancelled


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 6), st.data())
def test_no_window_holds_more_than_the_rate_and_nothing_is_lost(calls: int, data: st.DataObject) -> None:
    """For random arrivals, costs, delays, failures and cancellations the promise of the module holds."""
    programme = data.draw(programmes(most_cost=calls))

    async def scenario() -> None:
        bucket = Bucket("b", Rate(calls, 1.0), margin=0.0)
        async with asyncio.timeout(600):  # virtual seconds: nobody is starved
            sent, granted, cancelled = await carry_out(bucket, programme)
        assert most_in_any_window(sent, 1.0) <= calls
        assert set(granted) | set(cancelled) == set(range(len(programme)))
        await asyncio.sleep(1.1)
        state = bucket.state()
        assert (state.free, state.used, state.waiting, state.next_free_in) == (calls, 0, 0, 0.0)

    run(scenario())


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5), st.lists(st.integers(1, 5), min_size=1, max_size=30))
def test_first_come_first_served_whatever_they_cost(calls: int, costs: list[int]) -> None:
    """A large call is not overtaken by small ones that came later."""

    async def scenario() -> None:
        bucket = Bucket("b", Rate(calls, 1.0))
        programme = [Caller(index * 1e-4, min(cost, calls), None, 0.0, False) for index, cost in enumerate(costs)]
        _, granted, _ = await carry_out(bucket, programme)
        assert granted == sorted(granted)

    run(scenario())


def test_the_rate_is_used_to_the_full() -> None:
    """A burst of N goes at once, and the next N exactly one window and margin later."""

    async def scenario() -> list[float]:
        sent, _, _ = await carry_out(Bucket("b", Rate(100, 1.0)), [Caller(0.0, 1, None, 0.0, False)] * 300)
        return [at for at, _ in sent]

    times = run(scenario())
    assert times[:100] == [0.0] * 100
    assert times[100:200] == pytest.approx([1.02] * 100, abs=1e-4)
    assert times[200:] == pytest.approx([2.04] * 100, abs=1e-4)


def test_a_plain_limiter_would_break_the_rate() -> None:
    """The oracle of these tests sees what a leaky bucket does: 199 calls in the first second."""
    from aiolimiter import AsyncLimiter

    async def scenario() -> list[Sent]:
        limiter, sent = AsyncLimiter(100, 1), list[Sent]()

        async def call() -> None:
            await limiter.acquire()
            sent.append((asyncio.get_running_loop().time(), 1))

        await asyncio.gather(*(call() for _ in range(300)))
        return sent

    assert most_in_any_window(run(scenario()), 1.0) >= 199


def test_a_slot_counts_from_the_moment_it_is_sent() -> None:
    """Calls that were granted long ago and sent together are not followed by others within the window."""

    async def scenario() -> list[Sent]:
        bucket = Bucket("b", Rate(10, 1.0))
        stalled = [Caller(0.0, 1, None, 3.0, False)] * 10
        sent, _, _ = await carry_out(bucket, [*stalled, *[Caller(1.0, 1, None, 0.0, False)] * 20])
        return sent

    sent = run(scenario())
    assert most_in_any_window(sent, 1.0) == 10
    assert sorted(at for at, _ in sent)[:10] == [3.0] * 10


def test_given_back_slots_serve_the_head_of_the_line_at_once() -> None:
    """A call that failed before it was sent does not cost the next one a window."""

    async def scenario() -> float:
        bucket = Bucket("b", Rate(1, 60.0))
        slots = await bucket.take(1)
        loop = asyncio.get_running_loop()
        loop.call_later(2.0, bucket.give_back, slots)
        await bucket.take(1)
        return loop.time()

    assert run(scenario()) == pytest.approx(2.0)


def test_a_call_that_can_never_pass_is_refused() -> None:
    """A cost above the rate is an error, not an endless wait."""

    async def scenario() -> None:
        with pytest.raises(ValueError, match="11 can never be had"):
            await Bucket("b", Rate(10, 1.0)).take(11)

    run(scenario())


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 5), st.lists(st.integers(1, 5), max_size=12), st.integers(1, 5))
def test_the_predicted_wait_is_never_longer_than_the_real_one(calls: int, ahead: list[int], cost: int) -> None:
    """`wait_for` may be trusted to refuse a call: the call really would have had to wait that long."""

    async def scenario() -> None:
        bucket = Bucket("b", Rate(calls, 1.0))
        loop = asyncio.get_running_loop()

        async def call(amount: int) -> None:
            await bucket.sent(await bucket.take(min(amount, calls)))

        tasks = [asyncio.create_task(call(amount)) for amount in ahead]
        await asyncio.sleep(0)
        predicted, begun = bucket.wait_for(min(cost, calls)), loop.time()
        await call(cost)
        assert loop.time() - begun >= predicted - 1e-6
        await asyncio.gather(*tasks)

    run(scenario())


def test_the_state_tells_what_is_used_free_and_waited_for() -> None:
    """Numbers of the snapshot are those that a user can count."""

    async def scenario() -> None:
        bucket = Bucket("b", Rate(3, 1.0))
        await bucket.sent(await bucket.take(2))
        state = bucket.state()
        assert (state.used, state.free, state.waiting, state.next_free_in) == (2, 1, 0, 0.0)
        waiting = [asyncio.create_task(bucket.take(2)) for _ in range(2)]
        await asyncio.sleep(0.5)
        state = bucket.state()
        assert (state.used, state.free, state.waiting) == (2, 1, 2)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert bucket.state().waiting == 0

    run(scenario())


def test_a_hundred_thousand_waiters_come_and_go() -> None:
    """Cancelling in any order costs each call the same, and leaves nothing behind."""

    async def scenario() -> None:
        bucket = Bucket("b", Rate(1, 60.0))
        await bucket.sent(await bucket.take(1))
        tasks = [asyncio.create_task(bucket.take(1)) for _ in range(20_000)]
        await asyncio.sleep(0)
        assert bucket.state().waiting == 20_000
        for task in [*tasks[1::2], *reversed(tasks[::2])]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert bucket.state().waiting == 0

    run(scenario())
