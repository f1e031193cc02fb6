"""Quotas: exactly as documented, on a clock that the tests move."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agora_chat_async.emulator._quota import FixedWindow, Quotas, SlidingLog, TokenBucket
from agora_chat_async.emulator._routes import Operation
from agora_chat_async.quota import Plan, Quota, Rate, per_day, per_minute, per_second

# Quarters are exact in binary, so that calls fall precisely on the borders of windows.
MOMENTS = st.integers(0, 60).map(lambda quarters: quarters / 4)
CALLS = st.lists(st.tuples(MOMENTS, st.integers(1, 4)), max_size=60)


def most_in_any_window(calls: list[tuple[float, int]], period: float) -> int:
    return max((sum(cost for at, cost in calls if end - period < at <= end) for end, _ in calls), default=0)


@given(calls=CALLS, most=st.integers(1, 9), period=st.sampled_from([0.5, 1.0, 3.0]))
def test_sliding_log_is_the_brute_force_count(calls, most, period):
    log, admitted = SlidingLog(most, period), list[tuple[float, int]]()
    for at, cost in sorted(calls, key=lambda call: call[0]):
        used = sum(weight for moment, weight in admitted if at - period < moment <= at)
        assert log.admits(at, cost) == (used + cost <= most)
        if used + cost <= most:
            log.take(at, cost)
            admitted.append((at, cost))


@given(calls=CALLS, most=st.integers(1, 9), period=st.sampled_from([0.5, 1.0, 3.0]))
def test_sliding_log_holds_whatever_the_order(calls, most, period):
    """Calls judged late must not make a window overfull, and are refused only where they would."""
    log, admitted = SlidingLog(most, period), list[tuple[float, int]]()
    for call in calls:
        fits = most_in_any_window([*admitted, call], period) <= most
        # Windows that the call is not in are within the rate already, so the whole maximum tells.
        assert log.admits(*call) == fits
        if fits:
            log.take(*call)
            admitted.append(call)
    assert most_in_any_window(admitted, period) <= most


def test_sliding_log_forgets_what_is_past():
    log = SlidingLog(128, 1.0)
    for number in range(20_000):
        assert log.admits(number / 128, 1)
        log.take(number / 128, 1)
        assert not log.admits(number / 128, 128)
    assert len(log._times) < 9_000


def test_sliding_log_border():
    log = SlidingLog(2, 1.0)
    log.take(10.0, 2)
    assert not log.admits(10.999, 1)
    assert log.admits(11.0, 2)
    assert not log.admits(20.0, 3), "more than the rate at once never passes"


@given(calls=CALLS, most=st.integers(1, 9))
def test_fixed_window_counts_by_the_clock(calls, most):
    window, admitted = FixedWindow(most, 1.0, offset=0.5), list[tuple[float, int]]()
    for at, cost in sorted(calls, key=lambda call: call[0]):
        used = sum(weight for moment, weight in admitted if int(moment + 0.5) == int(at + 0.5))
        assert window.admits(at, cost) == (used + cost <= most)
        if used + cost <= most:
            window.take(at, cost)
            admitted.append((at, cost))


def test_fixed_window_seam():
    window = FixedWindow(2, 1.0)
    for at in (0.9, 0.95, 1.0, 1.05):
        assert window.admits(at, 1)
        window.take(at, 1)
    assert not window.admits(0.97, 1), "a late call counts in the newest window"
    assert not window.admits(1.9, 1)
    assert window.admits(2.0, 2)


@given(calls=CALLS, most=st.integers(1, 9))
def test_token_bucket_lets_a_full_bucket_and_the_refill_through(calls, most):
    bucket, admitted = TokenBucket(most, 1.0), list[tuple[float, int]]()
    for at, cost in sorted(calls, key=lambda call: call[0]):
        if bucket.admits(at, cost):
            bucket.take(at, cost)
            admitted.append((at, cost))
    for first, last in itertools.combinations_with_replacement(range(len(admitted)), 2):
        length = admitted[last][0] - admitted[first][0]
        assert sum(cost for _, cost in admitted[first : last + 1]) <= most * (1 + length) + 1e-6


def test_token_bucket_refill():
    bucket = TokenBucket(4, 1.0)
    bucket.take(0.0, 4)
    assert not bucket.admits(0.2, 1)
    assert bucket.admits(0.25, 1)
    assert bucket.admits(9.0, 4)
    assert not bucket.admits(9.0, 5)


def operation(name: str, *rates: Rate, route: str | None = None, shared: tuple[Quota, ...] = ()) -> Operation:
    route = route or f"GET /{name}"
    return Operation(name, "GET", route[4:], route, rates, shared)


def admitted(quotas: Quotas, route: str, calls: int = 50, at: float = 0.0, **counts: int) -> int:
    return sum(quotas.admit(route, at, counts) for _ in range(calls))


def test_operations_of_one_route_share_its_quota():
    quotas = Quotas([operation("a", per_second(5)), operation("b", per_second(5), route="GET /a")])
    assert admitted(quotas, "GET /a") == 5


def test_shared_quota_and_plan():
    total = Quota("labels", (per_second(7),))
    both = [operation("a", per_second(5), shared=(total,)), operation("b", shared=(total,)), operation("c")]
    quotas = Quotas(both, plan=Plan("free", per_second(10)))
    assert [admitted(quotas, f"GET /{name}") for name in "abc"] == [5, 2, 3]
    quotas.reset()
    assert [admitted(quotas, f"GET /{name}") for name in "cba"] == [10, 0, 0]


def test_weighted_rates():
    quotas = Quotas([operation("a", per_second(100), per_minute(600, counts="to"))])
    assert admitted(quotas, "GET /a", to=70) == 8
    assert admitted(quotas, "GET /a", to=40) == 1
    assert admitted(quotas, "GET /a", to=1) == 0
    assert admitted(quotas, "GET /a", at=60.0, to=600) == 1


def test_a_refused_call_counts_nowhere():
    quotas = Quotas([operation("a", per_second(1), per_minute(3))])
    assert admitted(quotas, "GET /a", at=0.0) == 1
    assert admitted(quotas, "GET /a", at=1.0) == 1
    assert admitted(quotas, "GET /a", at=2.0) == 1
    assert admitted(quotas, "GET /a", at=3.0) == 0
    assert admitted(quotas, "GET /a", at=60.0) == 1


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("150/second", ("150/second", "6000/minute of to")),
        ("60/minute", ("100/second", "60/minute of to")),
        (["2/second", per_minute(9, counts="to")], ("2/second", "9/minute of to")),
        ("3/day", ("100/second", "6000/minute of to", "3/day")),
        (per_day(4), ("100/second", "6000/minute of to", "4/day")),
    ],
)
def test_overrides(given, expected):
    operations = [operation("a", per_second(100), per_minute(6000, counts="to"))]
    quotas = Quotas(operations, overrides={"a": given})
    assert {str(rate) for rate in quotas.rates_of("GET /a")} == set(expected)


def test_override_of_a_shared_quota():
    total = Quota("labels", (per_second(7),))
    quotas = Quotas([operation("a", shared=(total,))], overrides={"labels": "3/second"})
    assert admitted(quotas, "GET /a") == 3


def test_background_takes_its_share():
    quotas = Quotas([operation("a", per_second(100)), operation("b", per_second(1))], background=0.25)
    assert admitted(quotas, "GET /a", calls=200) == 75
    assert admitted(quotas, "GET /b") == 1


async def statuses(client, count: int, method: str, path: str, **request) -> list[int]:
    return [(await client.request(method, path, **request)).status_code for _ in range(count)]


async def test_the_wire_answers_429_and_changes_nothing(client, clock, refused):
    for number in range(60):
        await client.post("/users", json={"username": f"a{number}"})
    for number in range(40):
        await client.post("/users", json=[{"username": f"b{number}"}])
    late = await client.post("/users", json={"username": "late"})
    assert refused(late) == (429, "reach_limit")
    assert "API limit" in late.json()["error_description"]
    assert refused(await client.post("/users", json=[{"username": "late"}])) == (429, "reach_limit")
    assert (await client.get("/users/late")).status_code == 404, "other routes have a quota of their own"
    clock.advance(0.999)
    assert (await client.post("/users", json={"username": "late"})).status_code == 429
    clock.advance(0.001)
    assert (await client.post("/users", json={"username": "late"})).status_code == 200


async def test_what_counts(connect, clock, refused):
    client = connect(quotas={"users.create": "2/second"})
    bad = {"Authorization": "Bearer x"}
    assert await statuses(client, 3, "POST", "/users", json={"username": "a"}, headers=bad) == [401] * 3
    assert await statuses(client, 1, "POST", "/users", content=b"{") == [415]
    assert await statuses(client, 1, "POST", "/users", json={"username": "A"}) == [400]
    assert await statuses(client, 1, "POST", "/users", json={"username": "a"}) == [429], (
        "the quota goes before the body"
    )


async def test_weighted_on_the_wire(client, clock):
    message = {"to": [f"u{number}" for number in range(600)], "type": "txt", "body": {"msg": "hello"}}
    assert await statuses(client, 11, "POST", "/messages/users", json=message) == [200] * 10 + [429]
    clock.advance(60)
    assert await statuses(client, 1, "POST", "/messages/users", json=message) == [200]
    message["to"] = ["1", "2", "3"]
    assert await statuses(client, 7, "POST", "/messages/chatgroups", json=message) == [200] * 6 + [429]
    message["to"] = ["1", "2"]
    assert await statuses(client, 2, "POST", "/messages/chatgroups", json=message) == [200, 429]


async def test_free_plan(connect, clock):
    client = connect(plan="free")
    assert await statuses(client, 5, "GET", "/users") == [200] * 5
    assert await statuses(client, 5, "POST", "/token", json={"grant_type": "agora"}) == [200] * 5
    assert await statuses(client, 1, "GET", "/users") == [429]
    clock.advance(1)
    assert await statuses(client, 1, "GET", "/users") == [200]


async def test_no_quotas(connect):
    client = connect(enforce_quotas=False, quotas={"users.list": "1/day"})
    assert await statuses(client, 5, "GET", "/users") == [200] * 5


@pytest.mark.parametrize(("algorithm", "second"), [("sliding", 0), ("fixed", 4), ("token_bucket", 2)])
async def test_algorithms_differ_at_the_seam(connect, clock, algorithm, second):
    client = connect(algorithm=algorithm, quotas={"users.list": "4/second"})
    clock.advance(0.5)
    assert await statuses(client, 5, "GET", "/users") == [200] * 4 + [429]
    clock.advance(0.5)
    assert (await statuses(client, 5, "GET", "/users")).count(200) == second
