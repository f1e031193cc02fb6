"""Keeping a token fresh, on a virtual clock: the windows, one fetch for all, and failures."""

from __future__ import annotations

import asyncio
import logging
import pickle

import pytest
from virtual_clock import run

from agora_chat_async._access_token import verify_token
from agora_chat_async._token import (
    AppToken,
    CallableToken,
    Exchange,
    ExchangedToken,
    StaticToken,
    Token,
    TokenKeeper,
    Tokens,
)
from agora_chat_async.errors import InvalidArgument, TokenError

APP_ID, CERTIFICATE = "970CA35de60c44645bbae8a215061b33", "5CFd2fd1755d40ecb72977518be15d3b"


async def no_exchange(_: str) -> Token:
    raise AssertionError("nothing to exchange here")


class Source:
    """Gives numbered tokens, or fails, and takes its time."""

    def __init__(self, lifetime: float = 3600.0, takes: float = 0.0) -> None:
        self.fetched = 0
        self.lifetime = lifetime
        self.takes = takes
        self.failing = False

    async def fetch(self, exchange: Exchange, /) -> Token:
        await asyncio.sleep(self.takes)
        if self.failing:
            raise ConnectionError("no token server")
        self.fetched += 1
        return Token(f"token-{self.fetched}", asyncio.get_running_loop().time() + self.lifetime)


def keeper_of(source: Source) -> TokenKeeper:
    return TokenKeeper(source, no_exchange, now=asyncio.get_running_loop().time)


def test_it_is_renewed_before_anyone_has_to_wait() -> None:
    """Over a day, with a call a minute, no call ever waits for a token, and each has a valid one."""

    async def scenario() -> int:
        source = Source(takes=5.0)
        keeper = keeper_of(source)
        keeper.start()
        await keeper.get()
        for _ in range(24 * 60):
            await asyncio.sleep(60)
            token = keeper.ready()
            assert token is not None
            assert token.expires_at is not None
            assert token.expires_at - asyncio.get_running_loop().time() > 60
        await keeper.stop()
        return source.fetched

    assert 24 <= run(scenario()) <= 34


def test_a_thousand_calls_share_one_fetch() -> None:
    """However many calls need a token, or another one, the source is asked once."""

    async def scenario() -> None:
        source = Source(takes=1.0)
        keeper = keeper_of(source)
        tokens = await asyncio.gather(*(keeper.get() for _ in range(1000)))
        assert {token.value for token in tokens} == {"token-1"}
        others = await asyncio.gather(*(keeper.replace(tokens[0]) for _ in range(1000)))
        assert {token.value for token in others} == {"token-2"}
        assert (await keeper.replace(tokens[0])).value == "token-2"
        assert source.fetched == 2

    run(scenario())


def test_a_caller_that_gives_up_takes_the_token_from_nobody() -> None:
    """Cancelled waiters leave the fetch to the others."""

    async def scenario() -> None:
        keeper = keeper_of(Source(takes=1.0))
        tasks = [asyncio.create_task(keeper.get()) for _ in range(10)]
        await asyncio.sleep(0.5)
        for task in tasks[:9]:
            task.cancel()
        assert (await tasks[9]).value == "token-1"
        assert sum(task.cancelled() for task in tasks) == 9

    run(scenario())


def test_a_failing_refresh_keeps_the_old_token_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    """While the old token lives, a failure is a line in the log; once it is spent, calls get the error."""

    async def scenario() -> None:
        source = Source(lifetime=3600)
        keeper = keeper_of(source)
        keeper.start()
        old = await keeper.get()
        source.failing = True
        await asyncio.sleep(3590)
        assert (await keeper.get()).value == old.value
        await asyncio.sleep(20)
        with pytest.raises(TokenError, match="ConnectionError"):
            await keeper.get()
        source.failing = False
        await asyncio.sleep(120)
        assert keeper.ready() is not None
        await keeper.stop()

    with caplog.at_level(logging.WARNING, logger="agora_chat_async"):
        run(scenario())
    assert "token refresh failed" in caplog.text
    assert "token-1" not in caplog.text


@pytest.mark.parametrize("lifetime", [500.0, 0.0, -5.0])
def test_a_source_that_gives_the_same_token_again_is_not_hammered(lifetime: float) -> None:
    """A token from a cache that is due already, or has ended, is asked for with growing pauses."""

    async def scenario() -> int:
        end = asyncio.get_running_loop().time() + lifetime
        asked = 0

        async def cached() -> Token:
            nonlocal asked
            asked += 1
            return Token("cached", end, issued_at=end - 3600)

        keeper = TokenKeeper(CallableToken(cached), no_exchange, now=asyncio.get_running_loop().time)
        keeper.start()
        await asyncio.sleep(300)
        await keeper.stop()
        return asked

    assert run(scenario()) <= 12


@pytest.mark.parametrize("answer", [b"bytes", None, 7])
def test_a_source_that_answers_nonsense_is_one_error(answer: object) -> None:
    """Calls get a TokenError, and the background task goes on."""

    async def scenario() -> None:
        async def nonsense() -> str:
            return answer  # type: ignore[return-value]

        keeper = TokenKeeper(CallableToken(nonsense), no_exchange)
        keeper.start()
        with pytest.raises(TokenError):
            await keeper.get()
        await asyncio.sleep(30)
        assert keeper._background is not None
        assert not keeper._background.done()
        await keeper.stop()

    run(scenario())


def test_a_source_that_is_cancelled_cancels_nobody_else() -> None:
    """A CancelledError out of the source is the source's failure, not the caller's end."""

    async def scenario() -> None:
        async def cancelled() -> str:
            raise asyncio.CancelledError

        with pytest.raises(TokenError, match="cancelled"):
            await TokenKeeper(CallableToken(cancelled), no_exchange).get()

    run(scenario())


def test_stopping_ends_the_task_and_a_fetch_under_way() -> None:
    """Nothing runs on after `stop`."""

    async def scenario() -> None:
        keeper = keeper_of(Source(takes=100.0))
        keeper.start()
        await asyncio.sleep(1)
        await keeper.stop()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(scenario())


def test_sources() -> None:
    """Each source gives what its name says, and none shows its secret."""

    async def text() -> str:
        return "from-a-function"

    async def exchange(access_token: str) -> Token:
        assert verify_token(access_token, app_id=APP_ID, certificate=CERTIFICATE, now=0)
        return Token("exchanged", 1.0)

    async def scenario() -> None:
        source = AppToken(APP_ID, CERTIFICATE)
        made = await source.fetch(no_exchange)
        assert verify_token(made.value, app_id=APP_ID, certificate=CERTIFICATE, now=0).privileges == {2: 86_400}
        assert (await StaticToken("t").fetch(no_exchange)).value == "t"
        assert (await CallableToken(text).fetch(no_exchange)).value == "from-a-function"
        assert (await ExchangedToken(source).fetch(exchange)).value == "exchanged"
        for thing in (source, ExchangedToken(source), StaticToken("hush-hush"), made):
            assert CERTIFICATE not in repr(thing)
            assert "hush-hush" not in repr(thing)
            assert made.value not in repr(thing)
        with pytest.raises(TypeError, match="certificate"):
            pickle.dumps(source)

    asyncio.run(scenario())


@pytest.mark.parametrize("value", ["", "a\r\nb", "tökén"])
def test_a_token_that_cannot_stand_in_a_header_is_refused(value: str) -> None:
    """Line breaks in a token cannot smuggle headers."""

    async def give() -> str:
        return value

    async def scenario() -> None:
        with pytest.raises(TokenError, match="header"):
            await TokenKeeper(CallableToken(give), no_exchange).get()

    asyncio.run(scenario())


def test_wrong_credentials_are_refused_when_the_source_is_made() -> None:
    """The error names the argument and does not show the certificate."""
    with pytest.raises(InvalidArgument, match="app_id='short'"):
        AppToken("short", CERTIFICATE)
    with pytest.raises(InvalidArgument, match=r"certificate=\(hidden\)"):
        AppToken(APP_ID, "not-a-certificate")


def test_tokens_for_users() -> None:
    """A user's token names the user and the right to log in."""
    token = Tokens(ExchangedToken(AppToken(APP_ID, CERTIFICATE))).user("anna", expire=600)
    content = verify_token(token, app_id=APP_ID, certificate=CERTIFICATE, now=0)
    assert (content.user_id, content.privileges) == ("anna", {1: 600})
    with pytest.raises(TokenError, match="AppToken"):
        Tokens(StaticToken("t")).user("anna")
    with pytest.raises(InvalidArgument, match="username"):
        Tokens(AppToken(APP_ID, CERTIFICATE)).user("")
