"""What a session promises of a call: one deadline, at most once, and an end of repeats while the service is down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from faults.fault_server import CAPTIVE_PORTAL, HTML_502, HTML_504, cut, reset, silence
from raw_server import Reply, always, answer, raw_server
from virtual_clock import run

from agora_chat_async import NO_RETRY, CallableToken, RetryPolicy, Session, Token, errors

TIMEOUT = 10.0
QUICK = RetryPolicy(throttled_attempts=2, pause=0.001, throttled_pause=0.001)


class Dripping(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.2)
            yield b" "


async def never(_: httpx.Request) -> httpx.Response:
    await asyncio.Event().wait()
    raise AssertionError


async def slowly_down(_: httpx.Request) -> httpx.Response:
    await asyncio.sleep(0.7)
    return httpx.Response(502)


async def too_fast(_: httpx.Request) -> httpx.Response:
    return httpx.Response(429, json={"error": "reach_limit"})


async def drip(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, stream=Dripping())


async def fine(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"entities": [{"username": "anna"}]})


async def no_token() -> Token:
    await asyncio.Event().wait()
    raise AssertionError


@pytest.mark.parametrize("respond", [never, slowly_down, too_fast, drip], ids=lambda respond: respond.__name__)
@pytest.mark.parametrize("attempt_timeout", [None, 3.0])
def test_a_deadline_holds_whatever_the_service_does(respond: Callable[..., object], attempt_timeout: float) -> None:
    """Attempts, pauses and a body that never ends are covered by it, and all of it is used."""

    async def scenario() -> None:
        async with Session(
            "org",
            "app",
            host="host",
            token="t",
            transport=httpx.MockTransport(respond),  # type: ignore[arg-type]
            timeout=TIMEOUT,
            attempt_timeout=attempt_timeout,
            retry=RetryPolicy(attempts=1000, throttled_attempts=1000, longest_pause=1.0),
        ) as chat:
            begun = asyncio.get_running_loop().time()
            with pytest.raises((errors.DeadlineExceeded, errors.APIError, errors.TransportError)) as caught:
                await chat.users.get("anna")
            took = asyncio.get_running_loop().time() - begun
        assert TIMEOUT - 3.1 <= took <= TIMEOUT + 0.05
        assert caught.value.elapsed <= TIMEOUT + 0.05
        assert not caught.value.outcome_unknown

    run(scenario())


def test_a_deadline_covers_the_line_and_the_token() -> None:
    """Where the wait is known to be longer, the error comes at once."""

    async def scenario() -> None:
        quotas = {"users.get": "2/minute"}
        transport = httpx.MockTransport(fine)
        async with Session("org", "app", host="host", token="t", transport=transport, quotas=quotas) as chat:
            await asyncio.gather(chat.users.get("anna"), chat.users.get("anna"))
            begun = asyncio.get_running_loop().time()
            with pytest.raises(errors.DeadlineExceeded, match="before it was sent"):
                await chat.with_options(timeout=TIMEOUT).users.get("anna")
            assert asyncio.get_running_loop().time() == begun
            assert (await chat.with_options(timeout=70).users.get("anna")).username == "anna"
        async with Session("org", "app", host="host", token=CallableToken(no_token), transport=transport) as chat:
            begun = asyncio.get_running_loop().time()
            with pytest.raises(errors.DeadlineExceeded, match="before it was sent"):
                await chat.with_options(timeout=TIMEOUT).users.get("anna")
            assert asyncio.get_running_loop().time() - begun == pytest.approx(TIMEOUT, abs=0.05)

    run(scenario())


@pytest.mark.parametrize(
    ("reply", "kind", "unknown"),
    [
        (None, errors.OutcomeUnknown, True),
        (reset(), errors.OutcomeUnknown, True),
        (cut(answer(), 20), errors.OutcomeUnknown, True),
        (silence(), errors.OutcomeUnknown, True),
        (HTML_502, errors.BadGateway, True),
        (HTML_504, errors.GatewayTimeout, True),
        (answer(500, b"{}"), errors.ServerError, True),
        (CAPTIVE_PORTAL, errors.DecodeError, True),
        (answer(200, b" " * 5000), errors.ResponseTooLarge, True),
        (answer(503, b"{}"), errors.ServiceUnavailable, False),
        (answer(429, b'{"error":"reach_limit"}'), errors.RateLimited, False),
        (answer(429, b'{"error":"resource_limited"}'), errors.PlanLimitExceeded, False),
        (answer(400, b'{"error":"illegal_argument"}'), errors.IllegalArgument, False),
        (answer(401, b'{"error":"unauthorized"}'), errors.Unauthorized, False),
        (answer(307, b""), errors.APIError, False),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
async def test_what_may_harm_is_sent_once_and_its_outcome_told(
    reply: Reply, kind: type[errors.AgoraChatError], unknown: bool
) -> None:
    """Where a registration may have been done it is not sent again, and the error says so; a lookup leaves no doubt."""
    async with (
        raw_server(always(reply)) as server,
        Session("org", "app", host=server.url, token="t", attempt_timeout=0.1, max_body=4000, retry=QUICK) as chat,
    ):
        with pytest.raises(kind) as caught:
            await chat.users.create("anna")
        assert caught.value.outcome_unknown is unknown
        assert len(server.requests) == caught.value.attempts
        if unknown:
            assert caught.value.attempts == 1
        with pytest.raises(errors.AgoraChatError) as caught:
            await chat.with_options(retry=NO_RETRY).users.get("anna")
        assert not caught.value.outcome_unknown


async def test_repeats_end_while_the_service_is_down_and_come_back_with_it() -> None:
    """A budget of 500, 5 a repeat: a hundred repeats for all calls together; successes earn them back one by one."""
    async with (
        raw_server(always(HTML_502)) as server,
        Session("org", "app", host=server.url, token="t", retry=QUICK, quotas={"users.get": "100000/second"}) as chat,
    ):

        async def storm(calls: int) -> int:
            """Count the requests that so many calls make."""
            server.requests.clear()
            await asyncio.gather(*(chat.users.get("anna") for _ in range(calls)), return_exceptions=True)
            return len(server.requests)

        assert await storm(60) == 160
        assert await storm(60) == 60
        server.respond = always(answer())
        assert await storm(25) == 25
        server.respond = always(HTML_502)
        assert await storm(60) == 65
