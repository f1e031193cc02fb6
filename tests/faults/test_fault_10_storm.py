"""Fault 10: every call of a route is answered 429 for a while; and its gentle form, a quota that others use too."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

import httpx
import pytest
from raw_server import RawRequest, always, answer, raw_server
from virtual_clock import run

from agora_chat_async import AppToken, Session, errors
from agora_chat_async.emulator import Emulator, serve

REFUSAL = {"error": "reach_limit", "exception": "RateLimitException", "error_description": "too many calls"}
TOO_MANY_QUERIES = {"result": "too many queries"}
USER = {"entities": [{"uuid": "u-1", "username": "anna", "activated": True}]}


class Storm:
    """A service that refuses everything from one moment to another, of the event loop's clock."""

    def __init__(self, begin: float, end: float) -> None:
        self.begin, self.end = begin, end
        self.arrivals = list[float]()
        self.refused = 0

    def refuses(self) -> bool:
        now = asyncio.get_running_loop().time()
        self.arrivals.append(now)
        refuses = self.begin <= now < self.end
        self.refused += refuses
        return refuses

    def between(self, begin: float, end: float) -> int:
        return sum(begin <= at < end for at in self.arrivals)


def test_fault_10_a_storm_of_ten_seconds() -> None:
    """Few calls reach the service meanwhile, all succeed, no budget is spent, and 2 s later all is as before."""
    storm = Storm(5.0, 15.0)

    async def respond(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.02)
        return httpx.Response(429, json=REFUSAL) if storm.refuses() else httpx.Response(200, json=USER)

    async def scenario() -> None:
        done = 0

        async def work(chat: Session) -> None:
            nonlocal done
            while True:
                await chat.users.get("anna")
                done += 1

        transport = httpx.MockTransport(respond)
        async with Session("org", "app", host="http://127.0.0.1", token="t", transport=transport) as chat:
            workers = [asyncio.create_task(work(chat)) for _ in range(250)]
            await asyncio.sleep(16.9)
            assert not any(worker.done() for worker in workers), "a call gave up"
            assert chat.stats.refused == storm.refused
            assert chat._calls.budget.left == 500
            before, begun = storm.between(2.0, 5.0), done
            await asyncio.sleep(3.1)
            assert done - begun >= 0.95 * before
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    run(scenario())
    assert storm.refused <= 150  # a burst that was under way, then single calls
    assert storm.between(6.5, 15.0) <= 20


@pytest.mark.parametrize("seconds", [20.0, 45.0])
def test_fault_10_a_lone_call_does_not_give_up(seconds: float) -> None:
    """It asks again until the storm is over, without a flood, and succeeds within a second."""
    storm = Storm(0.0, seconds)

    async def respond(_: httpx.Request) -> httpx.Response:
        return httpx.Response(400, json=TOO_MANY_QUERIES) if storm.refuses() else httpx.Response(200, json={})

    async def scenario() -> None:
        transport = httpx.MockTransport(respond)
        async with Session("org", "app", host="http://127.0.0.1", token="t", transport=transport) as chat:
            await chat.request("GET", "/users/anna/presence")
            assert asyncio.get_running_loop().time() <= seconds + 1

    run(scenario())
    assert storm.refused <= 2.5 * seconds + 10


def test_fault_10_what_bounds_a_call_in_an_endless_storm() -> None:
    """Its deadline, or a minute of refusals; never a flood of calls."""
    storm = Storm(0.0, float("inf"))

    async def respond(_: httpx.Request) -> httpx.Response:
        storm.refuses()
        return httpx.Response(429, json=REFUSAL)

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        transport = httpx.MockTransport(respond)
        async with Session("org", "app", host="http://127.0.0.1", token="t", transport=transport) as chat:
            for options, error, seconds in (
                ({"timeout": 5.0}, errors.DeadlineExceeded, 5.0),
                ({}, errors.RateLimited, 60.0),
            ):
                begun = loop.time()
                with pytest.raises(error):
                    await chat.with_options(**options).users.get("anna")
                assert loop.time() - begun == pytest.approx(seconds, abs=0.6)

    run(scenario())
    assert len(storm.arrivals) <= 2.1 * 65 + 15


async def test_fault_10_max_wait_covers_all_waits_of_a_call() -> None:
    """A refused call waits again, but in all no longer than its caller will; the refusal is the error's cause."""
    async with (
        raw_server(always(answer(429, json.dumps(REFUSAL).encode()))) as server,
        Session("org", "app", host=server.url, token="t", max_wait=0.3) as chat,
    ):
        with pytest.raises(errors.QuotaWaitExceeded) as caught:
            await chat.users.get("anna")
    assert caught.value.max_wait < 0.3  # what was left of it
    assert 2 <= len(server.requests) <= 15
    assert isinstance(caught.value.__cause__, errors.RateLimited)


async def test_fault_10_a_plan_that_is_used_up_slows_nothing() -> None:
    """`resource_limited` is no matter of speed: one call, one error, and the bucket stays as it is."""
    used_up = {**REFUSAL, "error": "resource_limited"}
    async with (
        raw_server(always(answer(429, json.dumps(used_up).encode()))) as server,
        Session("org", "app", host=server.url, token="t") as chat,
    ):
        with pytest.raises(errors.PlanLimitExceeded):
            await chat.users.get("anna")
        assert [state.factor for state in chat.quotas.snapshot().values()] == [1.0]
    assert len(server.requests) == 1


async def test_fault_10_a_storm_over_sockets(caplog: pytest.LogCaptureFixture) -> None:
    """In real time: a storm of 2 s costs few calls, every call succeeds, and the rate is back."""
    loop = asyncio.get_running_loop()
    storm = Storm(loop.time() + 1.2, loop.time() + 3.2)

    async def respond(_: RawRequest) -> bytes:
        return answer(429, json.dumps(REFUSAL).encode()) if storm.refuses() else answer()

    async with (
        raw_server(respond) as server,
        Session("org", "app", host=server.url, token="t", quotas={"users.get": "50/second"}) as chat,
    ):
        await asyncio.gather(*(chat.users.get("anna") for _ in range(200)))
    assert "GET /users/{}: the service refuses calls that keep the quota, slowing down" in caplog.text
    assert len(storm.arrivals) == 200 + storm.refused
    assert storm.refused <= 50 + 15
    assert storm.between(storm.end, storm.end + 2.5) >= 50


async def test_fault_10_others_use_half_of_the_quota() -> None:
    """In real time against the emulator: what they leave is used, and hardly anything refused after a first burst."""
    async with Emulator(background=0.5) as emulator, serve(emulator) as info:
        token = AppToken(info.app_id, info.certificate)
        async with Session(info.org, info.app, host=info.url, token=token) as chat:
            names = iter(range(10**6))

            async def work() -> None:
                while True:
                    await chat.users.create(f"user{next(names)}")

            workers = [asyncio.create_task(work()) for _ in range(60)]
            await asyncio.sleep(5.0)
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            async with httpx.AsyncClient(base_url=info.url) as client:
                log = (await client.get("/_emulator/requests", params={"limit": 10_000})).json()["requests"]
    begun = min(request["at"] for request in log)
    late = [request["status"] for request in log if request["at"] >= begun + 2.1]
    assert Counter(request["status"] for request in log)[200] >= 0.85 * 50 * 5
    assert late.count(429) <= 0.03 * len(late)
