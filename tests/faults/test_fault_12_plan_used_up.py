"""Fault 12: the price plan is used up, which no waiting helps."""

from __future__ import annotations

import pytest
from raw_server import always, answer, raw_server

from agora_chat_async import Session, errors

USED_UP = (
    b'{"error":"resource_limited","error_description":"the number of users exceeds the limit of the Free edition"}'
)


async def test_fault_12_it_is_raised_at_once_and_slows_nothing() -> None:
    """One request, no repeat, no cost of the retry budget; the quota goes on at its full rate."""
    async with (
        raw_server(always(answer(429, USED_UP))) as server,
        Session("org", "app", host=server.url, token="t", quotas={"users.create": "10/second"}) as chat,
    ):
        with pytest.raises(errors.PlanLimitExceeded, match="limit of the Free edition") as caught:
            await chat.users.create("anna")
        assert len(server.requests) == 1
        assert (caught.value.attempts, caught.value.outcome_unknown) == (1, False)
        assert (chat.stats.refused, chat.stats.retries) == (0, 0)
        assert chat._calls.budget.left == 500
        server.respond = always(answer())
        begun = server.requests[0].at
        for _ in range(9):
            await chat.with_options(max_wait=0.5).users.create("anna")
        assert server.requests[-1].at - begun < 1
