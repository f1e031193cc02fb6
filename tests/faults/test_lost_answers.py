"""Faults 1 to 7, 11 and 24: the answer is lost, cut or late, and the server's log tells how often it was asked."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from faults.fault_server import (
    FALSE_GZIP,
    chunked,
    cut,
    cut_after,
    drip,
    fault_proxy,
    gzipped,
    half_close,
    reset,
    silence,
    without_length,
    wrong_length,
)
from faults.transports import SessionMaker, over_aiohttp
from hypothesis import given
from hypothesis import strategies as st
from raw_server import CUT, USER, Reply, always, answer, in_turn, raw_server

from agora_chat_async import NO_RETRY, NewUser, RetryPolicy, errors
from agora_chat_async._retry import retry_after


async def repeated_only_where_that_is_safe(session: SessionMaker, lost: Reply, **options: object) -> None:
    """Lose answers, and count at the server: one request where a repeat could harm, else one for each attempt."""
    async with raw_server(always(lost)) as server, session(server.url, **options) as chat:
        with pytest.raises(errors.OutcomeUnknown) as caught:
            await chat.users.create_many([NewUser("anna")])
        assert caught.value.outcome_unknown
        assert caught.value.host == server.url
        assert server.targets == ["POST /org/app/users"]
        assert chat.quotas.snapshot()["POST /users"].used == 1
        server.respond = in_turn(lost, lost, answer())
        assert (await chat.users.get("anna")).username == "anna"
        assert server.targets[1:] == ["GET /org/app/users/anna"] * 3
        assert chat.quotas.snapshot()["GET /users/{}"].used == 3
        assert (chat.stats.attempts, chat.stats.retries) == (4, 2)


@pytest.mark.parametrize("lost", [reset(), None, half_close()], ids=["RST", "FIN", "half-close"])
async def test_fault_01_reset_before_the_answer(session: SessionMaker, lost: Reply) -> None:
    """Repeated where that is safe, else `OutcomeUnknown` after one request."""
    await repeated_only_where_that_is_safe(session, lost)


@pytest.mark.parametrize("short_by", [20, len(USER) + 4], ids=["in-body", "in-head"])
async def test_fault_02_reset_amid_the_answer(session: SessionMaker, short_by: int) -> None:
    """As before it."""
    await repeated_only_where_that_is_safe(session, reset(answer(), short_by=short_by))


@pytest.mark.parametrize(
    "lost",
    [cut(answer(), 20), cut(answer(), len(USER)), wrong_length(1), half_close(answer()[:-20])],
    ids=["cut", "no-body", "one-byte-less", "half-close"],
)
async def test_fault_03_closed_amid_a_body_of_known_length(session: SessionMaker, lost: Reply) -> None:
    """Fewer bytes than announced are no answer."""
    await repeated_only_where_that_is_safe(session, lost)


@pytest.mark.parametrize("short_by", [1, 20, len(USER)])
async def test_fault_04_closed_amid_a_body_of_unknown_length(session: SessionMaker, short_by: int) -> None:
    """HTTP cannot tell that something is missing, the JSON does: a lost answer, not one that cannot be read."""
    await repeated_only_where_that_is_safe(session, cut(without_length(), short_by))


async def test_fault_04_whole_bodies_of_unknown_length(session: SessionMaker) -> None:
    """They are read, and what is no JSON text at all is not taken for the beginning of one."""
    page = without_length(b"<html>sign in</html>")
    async with raw_server(in_turn(without_length(), without_length(b"[]"), page)) as server:
        async with session(server.url) as chat:
            assert (await chat.users.get("anna")).username == "anna"
            for _ in range(2):
                with pytest.raises(errors.DecodeError):
                    await chat.users.get("anna")
        assert len(server.requests) == 3


@pytest.mark.parametrize("short_by", [5, 20, len(USER)], ids=["no-last-chunk", "in-chunk", "most"])
async def test_fault_05_chunks_cut_short(session: SessionMaker, short_by: int) -> None:
    """Without the last chunk an answer is not whole, even if all of its text is there."""
    await repeated_only_where_that_is_safe(session, cut(chunked(), short_by))


async def test_fault_05_whole_chunks(session: SessionMaker) -> None:
    """They are read."""
    async with raw_server(always(chunked())) as server, session(server.url) as chat:
        assert (await chat.users.get("anna")).username == "anna"


@pytest.mark.parametrize("whole", [0, len(answer()) - len(USER)], ids=["head", "body"])
async def test_fault_06_one_byte_at_a_time(session: SessionMaker, whole: int) -> None:
    """An answer that would take 20 s holds up neither the call nor an attempt, although bytes keep coming."""
    slow = drip(interval=0.1, whole=whole)
    async with raw_server(always(slow)) as server, session(server.url) as chat:
        begun = time.monotonic()
        with pytest.raises(errors.DeadlineExceeded) as late:
            await chat.with_options(timeout=0.3).users.create("anna")
        assert late.value.outcome_unknown
        with pytest.raises(errors.TransportError, match="in time"):
            await chat.with_options(attempt_timeout=0.2, retry=NO_RETRY).users.get("anna")
        assert time.monotonic() - begun < 5
        assert len(server.requests) == 2


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 X\r\nContent-Le"], ids=["nothing", "half-a-head"])
async def test_fault_07_no_answer(session: SessionMaker, first: bytes) -> None:
    """The attempt ends in time, and is repeated where that is safe."""
    await repeated_only_where_that_is_safe(session, silence(first), attempt_timeout=0.3)


async def test_fault_07_a_refusal_whose_words_never_come(session: SessionMaker) -> None:
    """The status is known, so the call was not done, and nothing is in doubt."""
    half = silence(answer(400, b'{"error":"illegal_argument"}')[:-10])
    async with raw_server(always(half)) as server, session(server.url, attempt_timeout=0.3) as chat:
        with pytest.raises(errors.BadRequest) as caught:
            await chat.users.create("anna")
        assert not caught.value.outcome_unknown
        assert len(server.requests) == 1


async def test_faults_01_to_05_behind_a_proxy(session: SessionMaker) -> None:
    """What a balancer cuts at any byte is never taken for an answer, nor sent twice where that could harm."""
    async with raw_server() as server, fault_proxy(server.port) as proxy, session(proxy.url) as chat:
        for most in range(1, len(answer()), 23):
            proxy.through = cut_after(most, by_reset=most % 2 == 0)
            seen = len(server.requests)
            with pytest.raises(errors.OutcomeUnknown):
                await chat.users.create("anna")
            assert len(server.requests) == seen + 1


IN_THE_PAST = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
IN_AN_HOUR = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)


@pytest.mark.parametrize(
    "headers",
    [
        ("Retry-After: 0.01",),
        (f"Retry-After: {IN_AN_HOUR}",),
        (f"Retry-After: {IN_THE_PAST}",),
        ("Retry-After: 99999999999999999999",),
        ("Retry-After: 1e999",),
        ("Retry-After: -5",),
        ("Retry-After: rand(30),add(30)",),
        ("Retry-After: \xe9",),
        ("Retry-After: Mon, 99 Xyz 99999 99:99:99 GMT",),
        ("Retry-After: 3", "Retry-After: 7"),
        ("Retry-After: 5, 7",),
        ("Retry-After:",),
        ("retry-after-ms: 5",),
        ("retry-after-ms: soon", "Retry-After: soon"),
    ],
)
async def test_fault_11_retry_after_in_odd_forms(session: SessionMaker, headers: tuple[str, ...]) -> None:
    """It is clamped to the longest pause, or ignored; a good answer behind it is never lost."""
    refused = answer(503, b"", *headers)
    policy = RetryPolicy(throttled_pause=0.001, longest_pause=0.02)
    async with raw_server(in_turn(refused, answer())) as server, session(server.url, retry=policy) as chat:
        assert (await chat.users.get("anna")).username == "anna"
        assert len(server.requests) == 2


async def test_fault_11_no_repeat_past_the_deadline(session: SessionMaker) -> None:
    """Where the pause would end too late, the refusal is told at once instead of waited out."""
    in_an_hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    refused = answer(503, b"", f"Retry-After: {in_an_hour}")
    async with raw_server(always(refused)) as server, session(server.url, timeout=15) as chat:
        begun = time.monotonic()
        with pytest.raises(errors.ServiceUnavailable) as caught:
            await chat.users.get("anna")
        assert time.monotonic() - begun < 5
        assert 3500 < (caught.value.retry_after or 0) <= 3600
        assert len(server.requests) == 1


@given(st.text(max_size=40) | st.from_regex(r"[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,5} \d\d:\d\d:\d\d [A-Z+0-9-]*"))
def test_fault_11_no_header_breaks_an_answer(value: str) -> None:
    """Whatever stands in the header, it is a time that is not negative, or nothing."""
    for name in ("retry-after", "retry-after-ms"):
        seconds = retry_after({name: value})
        assert seconds is None or 0 <= seconds < float("inf")


@pytest.mark.parametrize(
    "lost",
    [gzipped(short_by=1), gzipped(short_by=40), gzipped(short_by=len(gzipped()) - 140), FALSE_GZIP],
    ids=["cut", "half", "header-only", "no-gzip"],
)
async def test_fault_24_gzip_that_is_cut_short_or_none(session: SessionMaker, lost: bytes) -> None:
    """A fault of the way, not an answer that cannot be read."""
    await repeated_only_where_that_is_safe(session, lost)


async def test_fault_24_whole_gzip(session: SessionMaker) -> None:
    """It is read, and a refusal whose gzip is none is a refusal all the same."""
    false = answer(429, b"no gzip", "Content-Encoding: gzip")
    async with raw_server(in_turn(gzipped(), false, answer())) as server, session(server.url) as chat:
        assert (await chat.users.get("anna")).username == "anna"
        await chat.users.create("anna")
        assert len(server.requests) == 3


@pytest.mark.parametrize("packed", [gzipped()[:-1] + b"xyz", gzipped(USER * 2000, short_by=30)])
async def test_fault_24_damaged_gzip(session: SessionMaker, packed: bytes) -> None:
    """Of whatever kind the damage is."""
    async with raw_server(always(packed)) as server, session(server.url) as chat:
        with pytest.raises(errors.TransportError):
            await chat.with_options(retry=NO_RETRY, attempt_timeout=0.5).users.get("anna")
        assert len(server.requests) == 1


async def test_bytes_behind_an_answer_are_no_answer_to_the_next_call() -> None:
    """A server that announces fewer bytes than it sends spoils its own answer only; httpx's transport cannot tell."""
    evil = answer(200, b'{"entities":[{"username":"mallory"}]}')
    async with raw_server(always(answer() + evil)) as server, over_aiohttp(server.url) as chat:
        for _ in range(3):
            assert (await chat.users.get("anna")).username == "anna"
            await asyncio.sleep(0.02)
        server.respond = always(wrong_length(-30).removesuffix(b"\0CUT"))
        for _ in range(2):
            with pytest.raises((errors.DecodeError, errors.TransportError)):
                await chat.users.get("anna")


def shown(error: BaseException | None) -> str:
    """Write an error and all below it as a debugger would."""
    return "" if error is None else f"{error!r} {vars(error)!r} {shown(error.__cause__)} {shown(error.__context__)}"


@pytest.mark.parametrize(
    "garbage", [b"\0\1\2garbage\r\n\r\n", b"HTTP/1.1 999999 X\r\n\r\n", b"SSH-2.0-OpenSSH\r\n\r\n"]
)
async def test_what_is_no_http(session: SessionMaker, garbage: bytes) -> None:
    """It is a lost answer, and no error below ours shows the token."""
    async with raw_server(always(garbage + CUT)) as server, session(server.url) as chat:
        with pytest.raises(errors.OutcomeUnknown) as caught:
            await chat.users.create("anna")
        assert len(server.requests) == 1
    assert "secret-token" not in shown(caught.value)
