"""Which buckets a call passes: shared totals, plans, caps, weights, overrides, and refusing to wait."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from virtual_clock import run

from agora_chat_async._endpoint import endpoint_of
from agora_chat_async._gate import Gate, Overrides, Quotas
from agora_chat_async.api import all_endpoints
from agora_chat_async.api.messages import Messages
from agora_chat_async.api.users import Users
from agora_chat_async.errors import InvalidArgument, QuotaWaitExceeded
from agora_chat_async.quota import PLANS, Plan, Quota, per_minute, per_second


def make(plan: Plan | None = None, overrides: Overrides | None = None, in_flight: int = 1000) -> Quotas:
    return Quotas(all_endpoints(), plan=plan, overrides=overrides or {}, margin=0.0, in_flight=in_flight)


async def pass_through(gate: Gate, times: list[float], counts: Mapping[str, int] | None = None) -> None:
    lease = await gate.enter(counts, None)
    await lease.sent()
    times.append(asyncio.get_running_loop().time())
    await lease.release()


def test_endpoints_on_one_wire_route_share_its_quota() -> None:
    """users.create and users.create_many are both POST /users: 100 a second together."""

    async def scenario() -> list[float]:
        quotas, times = make(), list[float]()
        gates = [quotas.gate(endpoint_of(Users.create)), quotas.gate(endpoint_of(Users.create_many))]
        await asyncio.gather(*(pass_through(gates[index % 2], times) for index in range(101)))
        return times

    times = run(scenario())
    assert times[99] == 0.0
    assert times[100] == pytest.approx(1.0, abs=1e-4)


def test_a_plan_has_a_total_over_every_endpoint() -> None:
    """On the free plan the eleventh call of a second waits, whatever it is."""

    async def scenario() -> list[float]:
        quotas, times = make(PLANS["free"]), list[float]()
        gates = [quotas.gate(endpoint_of(stub)) for stub in (Users.create, Users.get, Users.ban)]
        await asyncio.gather(*(pass_through(gates[index % 3], times) for index in range(21)))
        return times

    times = run(scenario())
    assert [round(at, 3) for at in times] == [0.0] * 10 + [1.0] * 10 + [2.0]


def test_recipients_are_counted_where_the_quota_counts_them() -> None:
    """A call with 600 recipients takes a tenth of the 6,000 a minute; small calls behind it are not held up longer."""

    async def scenario() -> list[float]:
        gate, times = make().gate(endpoint_of(Messages.send_to_users)), list[float]()
        await asyncio.gather(*(pass_through(gate, times, {"to": 600}) for _ in range(10)))
        await asyncio.gather(pass_through(gate, times, {"to": 600}), pass_through(gate, times, {"to": 1}))
        return times

    times = run(scenario())
    assert times[:10] == [0.0] * 10
    assert times[10:] == pytest.approx([60.0, 60.0], abs=1e-3)


def test_a_shared_total_and_a_cap_hold_for_all_that_name_them() -> None:
    """Two routes that share a quota draw on one total, and three calls at most are in progress."""
    tasks = Quota("push_task", (per_minute(5),), concurrent=3)

    async def scenario() -> tuple[int, list[float]]:
        quotas = make()
        gates = [quotas.make_gate(f"POST /push/{kind}", (per_second(100),), (tasks,)) for kind in "ab"]
        busy = most = 0
        times = list[float]()

        async def call(gate: Gate) -> None:
            nonlocal busy, most
            lease = await gate.enter(None, None)
            await lease.sent()
            times.append(asyncio.get_running_loop().time())
            busy += 1
            most = max(most, busy)
            await asyncio.sleep(7)
            busy -= 1
            await lease.release()

        await asyncio.gather(*(call(gates[index % 2]) for index in range(6)))
        return most, times

    most, times = run(scenario())
    assert most == 3
    assert times[:3] == [0.0] * 3
    assert times[3:5] == pytest.approx([7.0] * 2)
    assert times[5] >= 60


def test_waiting_longer_than_one_wants_is_refused_at_once() -> None:
    """Where the wait is known to be too long, nobody waits to be told so."""

    async def scenario() -> None:
        gate, loop = make().gate(endpoint_of(Messages.get_history)), asyncio.get_running_loop()
        await asyncio.gather(*(pass_through(gate, []) for _ in range(10)))
        with pytest.raises(QuotaWaitExceeded) as caught:
            await gate.enter(None, 5.0)
        assert loop.time() == 0.0
        assert caught.value.retry_after == pytest.approx(60.0)
        assert caught.value.bucket == "GET /chatmessages/{}"

    run(scenario())


def test_a_wait_that_could_not_be_foreseen_ends_too() -> None:
    """`max_wait` also ends a wait for calls whose end nobody knows, and gives back what it held."""

    async def scenario() -> None:
        quotas = make(in_flight=1)
        gate, loop = quotas.gate(endpoint_of(Users.get)), asyncio.get_running_loop()
        first = await gate.enter(None, None)
        with pytest.raises(QuotaWaitExceeded):
            await gate.enter(None, 2.0)
        assert loop.time() == pytest.approx(2.0)
        await first.release()
        assert all(state.free == state.limit.calls for state in quotas.snapshot().values())

    run(scenario())


def test_a_call_above_what_a_quota_ever_allows_is_refused() -> None:
    """Also with `max_wait`, for no wait would help."""

    async def scenario() -> None:
        gate = make(overrides={"messages.send_to_users": "5/minute of to"}).gate(endpoint_of(Messages.send_to_users))
        for max_wait in (None, 1.0):
            with pytest.raises(InvalidArgument, match="to='10 items': at most 5"):
                await gate.enter({"to": 10}, max_wait)

    run(scenario())


def test_shared_totals_are_taken_in_one_order() -> None:
    """Routes that name them in opposite orders do not wait for each other."""
    first, second = Quota("a", (per_second(1),)), Quota("b", (per_second(1),))

    async def scenario() -> list[float]:
        quotas, times = make(), list[float]()
        gates = [quotas.make_gate("GET /x", (), (first, second)), quotas.make_gate("GET /y", (), (second, first))]
        async with asyncio.timeout(60):
            await asyncio.gather(*(pass_through(gates[index % 2], times) for index in range(6)))
        return times

    assert len(run(scenario())) == 6


def test_endpoints_of_one_route_declare_the_same_quota() -> None:
    """They share its buckets, so that they cannot differ."""
    rates = dict[str, object]()
    for endpoint in all_endpoints():
        assert rates.setdefault(endpoint.route, (endpoint.rates, endpoint.shared)) == (endpoint.rates, endpoint.shared)


def test_a_quota_a_day_is_not_waited_for_by_default() -> None:
    """The 101st broadcast of a day fails at once and says when it may go; `inf` means to wait all the same."""

    async def scenario() -> None:
        quotas = make(overrides={"messages.broadcast_to_chatrooms": "1000/minute"})
        gate = quotas.gate(endpoint_of(Messages.broadcast_to_chatrooms))
        await asyncio.gather(*(pass_through(gate, []) for _ in range(100)))
        with pytest.raises(QuotaWaitExceeded) as caught:
            await gate.enter(None, None)
        assert caught.value.retry_after == pytest.approx(86_400)
        await (await gate.enter(None, float("inf"))).release()
        assert asyncio.get_running_loop().time() == pytest.approx(86_400)

    run(scenario())


def test_a_call_that_waits_for_its_own_route_holds_nothing_of_the_total() -> None:
    """On the free plan, calls that wait for a slow route do not keep others from the plan's total."""

    async def scenario() -> float:
        quotas = make(PLANS["free"])
        slow, quick = quotas.gate(endpoint_of(Messages.get_history)), quotas.gate(endpoint_of(Users.get))
        await asyncio.gather(*(pass_through(slow, []) for _ in range(10)))
        waiting = [asyncio.create_task(pass_through(slow, [])) for _ in range(50)]
        times = list[float]()
        await asyncio.gather(*(pass_through(quick, times) for _ in range(10)))
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        return times[-1]

    assert run(scenario()) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize(
    ("overrides", "limits"),
    [
        ({"users.create": "150/second"}, {"POST /users": "150/second"}),
        (
            {"messages.send_to_users": "12000/minute"},
            {
                "POST /messages/users 100/second": "100/second",
                "POST /messages/users 12000/minute of to": "12000/minute of to",
            },
        ),
        (
            {"messages.send_to_chatgroups": ["200/second", "40/second of to"]},
            {
                "POST /messages/chatgroups 200/second": "200/second",
                "POST /messages/chatgroups 40/second of to": "40/second of to",
            },
        ),
    ],
)
def test_any_quota_can_be_raised(overrides: Overrides, limits: dict[str, str]) -> None:
    """An override takes the place of the rate with the same window, and what that counted it counts too."""

    async def scenario() -> dict[str, str]:
        quotas = make(overrides=overrides)
        (name,) = overrides
        quotas.gate(next(endpoint for endpoint in all_endpoints() if endpoint.id == name))
        return {name: str(state.limit) for name, state in quotas.snapshot().items()}

    assert run(scenario()) == limits


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"users.crate": "1/second"}, "such as 'users.create'"),
        ({"users.create": "fast"}, "150/second"),
        ({"users.create": "10/second of users"}, "counts 'users'"),
        ({"users.create": "150/second", "users.create_many": "200/second"}, "POST /users"),
    ],
)
def test_a_wrong_override_says_what_is_wrong(overrides: Overrides, words: str) -> None:
    """The error names the override and the rule."""
    with pytest.raises(InvalidArgument, match=words):
        make(overrides=overrides)
