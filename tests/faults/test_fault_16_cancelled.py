"""Fault 16, and with it 15 and 17: calls are cancelled at any moment, over real sockets, and nothing is lost by it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest
from faults.fault_server import silence
from leftovers import connections_left, tasks_left
from raw_server import RawRequest, Reply, answer, raw_server

from agora_chat_async import CallableToken, RetryPolicy, Session
from agora_chat_async.hooks import AttemptEnd, AttemptInfo, CallEnd, CallInfo, Hooks

CANCELS = 10_000
IN_FLIGHT = 64
STEADY = 8
QUOTA = 4000


class Cancelling(Hooks):
    """Makes calls, cancels each in a phase that is drawn for it, and counts in which phase it was by then."""

    def __init__(self, draw: random.Random) -> None:
        self.cancelled = Counter[str]()
        self._draw = draw
        self._calls = dict[str, asyncio.Future[object]]()
        self._plans = dict[str, str]()
        self._phases = dict[str, str]()
        self._renewing = list[asyncio.Future[object]]()
        self._fetched = 0

    async def run(self, chat: Session, cancels: int) -> None:
        """Go on until so many calls were cancelled."""

        async def worker(number: int) -> None:
            while self.cancelled.total() < cancels:
                await self._one(chat, f"user-{number}")

        await asyncio.gather(*(worker(number) for number in range(3 * IN_FLIGHT)))

    async def _one(self, chat: Session, name: str) -> None:
        self._plans[name] = plan = self._draw.choice(("line", "line", "silence", "body", "token", "pause"))
        self._calls[name] = call = asyncio.ensure_future(chat.users.get(name))
        if plan == "line":
            self._cancel_within(0.003, call)
        await asyncio.wait([call])
        if not call.cancelled():
            call.exception()

    def _cancel_within(self, seconds: float, call: asyncio.Future[object]) -> None:
        asyncio.get_running_loop().call_later(seconds * self._draw.random(), call.cancel)

    async def respond(self, request: RawRequest) -> Reply:
        name = request.target.rpartition("/")[2]
        if name not in self._calls:
            return answer()
        call, plan = self._calls[name], self._plans.pop(name, "silence")
        if plan == "token":
            self._renewing.append(call)
            return answer(401, b'{"error":"unauthorized"}')
        if plan == "pause":
            return answer(502, b"<html>")
        self._cancel_within(0.003, call)
        return silence(answer()[:-20] if plan == "body" else b"")

    async def token(self) -> str:
        renewing, self._renewing = self._renewing, []
        for call in renewing:
            self._cancel_within(0.01, call)
        await asyncio.sleep(0.01)
        self._fetched += 1
        return f"token-{self._fetched}"

    def call_started(self, call: CallInfo) -> None:
        self._phases[call.id] = "in line"

    def attempt_started(self, attempt: AttemptInfo) -> None:
        self._phases[attempt.call.id] = "on the way"

    def attempt_ended(self, end: AttemptEnd) -> None:
        phase = "before a repeat"
        if end.error == "CancelledError":
            phase = "in flight" if end.status is None else "at a token's refresh"
        elif end.pause:
            task = asyncio.current_task()
            assert task is not None
            self._cancel_within(end.pause, task)
        self._phases[end.attempt.call.id] = phase

    def call_ended(self, end: CallEnd) -> None:
        phase = self._phases.pop(end.call.id)
        if end.error == "CancelledError":
            self.cancelled[phase] += 1


@pytest.mark.slow
async def test_fault_16_ten_thousand_random_cancels_lose_nothing() -> None:
    """In line, in a token's refresh, in flight and between repeats: tasks, connections, slots and places all return."""
    cancelling = Cancelling(random.Random(16))  # noqa: S311 - the same in each run
    async with (
        raw_server(cancelling.respond) as server,
        Session(
            "org",
            "app",
            host=server.url,
            token=CallableToken(cancelling.token),
            quotas={"users.get": f"{QUOTA}/second"},
            max_in_flight=IN_FLIGHT,
            retry=RetryPolicy(pause=0.05),
            hooks=[cancelling],
        ) as chat,
    ):
        answered, over = 0, asyncio.Event()

        async def steady() -> None:
            nonlocal answered
            while not over.is_set():
                assert (await chat.users.get("steady")).username == "anna"
                answered += 1

        bystanders = [asyncio.create_task(steady()) for _ in range(STEADY)]
        await cancelling.run(chat, CANCELS)
        over.set()
        await asyncio.gather(*bystanders)

        assert answered > STEADY
        assert cancelling.cancelled.total() >= CANCELS
        for phase in ("in line", "at a token's refresh", "in flight", "before a repeat"):
            assert cancelling.cancelled[phase] >= 200, cancelling.cancelled
        assert await tasks_left() == {"TokenKeeper._keep_fresh"}
        assert chat._life.under_way == 0
        assert await connections_left(server, IN_FLIGHT) <= IN_FLIGHT
        assert chat._calls.quotas._in_flight.borrowed_tokens == 0
        await asyncio.sleep(1.1)
        bucket = chat.quotas.snapshot()["GET /users/{}"]
        assert (bucket.waiting, bucket.used, bucket.free) == (0, 0, QUOTA)
        users = await asyncio.gather(*(chat.users.get("steady") for _ in range(3 * IN_FLIGHT)))
        assert len(users) == 3 * IN_FLIGHT
        await chat.aclose()
        assert await connections_left(server) == 0
