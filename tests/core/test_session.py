"""The life of a session: opening, closing, forgetting, options, deadlines, cancellation."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator

import pytest
from raw_server import RawRequest, RawServer, answer, raw_server

from agora_chat_async import NO_RETRY, RetryPolicy, Session, StaticToken, errors, per_second
from agora_chat_async.api.users import Users
from agora_chat_async.quota import Plan


def session(server: RawServer, **options: object) -> Session:
    return Session("org", "app", host=server.url, token="t", **options)  # type: ignore[arg-type]


@pytest.fixture
async def server() -> AsyncIterator[RawServer]:
    async with raw_server() as running:
        yield running


@pytest.fixture
async def silent() -> AsyncIterator[RawServer]:
    """A server that takes requests and never answers."""

    async def respond(_: RawRequest) -> bytes:
        await asyncio.Event().wait()
        raise AssertionError

    async with raw_server(respond) as running:
        yield running


async def nothing_left() -> None:
    """Assert that no task but the test's own is left, once those that are ending have ended."""
    for _ in range(20):
        await asyncio.sleep(0)
    names = {task.get_coro().__qualname__ for task in asyncio.all_tasks() - {asyncio.current_task()}}  # type: ignore[union-attr]
    assert not {name for name in names if "RawServer" not in name and "fixture" not in name.lower()}


def test_making_a_session_does_nothing() -> None:
    """Outside any event loop, without network: a session that is never opened needs no closing."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chat = Session("org", "app", host="unreachable.invalid", token="t")
        assert "not open" in repr(chat)
        del chat
        gc.collect()


async def test_used_outside_its_life(server: RawServer) -> None:
    """Before opening, opened twice, after closing, opened again: one clear error each."""
    chat = session(server)
    with pytest.raises(errors.SessionNotOpen, match="async with"):
        await chat.users.get("anna")
    await chat.open()
    with pytest.raises(errors.SessionAlreadyOpen):
        await chat.open()
    await chat.users.get("anna")
    await chat.aclose()
    await chat.aclose()
    with pytest.raises(errors.SessionClosed):
        await chat.users.get("anna")
    with pytest.raises(errors.SessionClosed, match="make a new one"):
        await chat.open()


async def test_a_second_event_loop_is_refused(server: RawServer) -> None:
    """The error says what to do instead."""

    async def elsewhere() -> None:
        await chat.users.get("anna")

    async with session(server) as chat:
        with pytest.raises(errors.WrongEventLoop, match="one for each loop"):
            await asyncio.to_thread(asyncio.run, elsewhere())


async def test_opened_in_one_task_and_closed_in_another(server: RawServer) -> None:
    """Fixtures and web frameworks do that."""
    chat = await asyncio.create_task(session(server).open())
    await asyncio.create_task(chat.users.get("anna"))  # type: ignore[arg-type]
    await asyncio.create_task(chat.aclose())
    await nothing_left()


async def test_a_forgotten_session_is_reported(server: RawServer) -> None:
    """The warning names the line that made it, and its background task ends."""

    async def forget() -> None:
        await session(server).open()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await forget()
        gc.collect()
        await asyncio.sleep(0.05)
        await nothing_left()
        gc.collect()
    ours = [str(warning.message) for warning in caught if "was never closed" in str(warning.message)]
    assert len(ours) == len(caught) == 1
    assert "test_session.py:" in ours[0]
    assert "http://127.0.0.1" in ours[0]


async def test_closing_leaves_nothing(server: RawServer) -> None:
    """No task and no connection outlives the session."""
    async with session(server) as chat:
        await asyncio.gather(*(chat.users.get("anna") for _ in range(20)))
        assert server.open_now > 0
    await nothing_left()
    for _ in range(100):
        if not server.open_now:
            break
        await asyncio.sleep(0.01)
    assert server.open_now == 0


async def test_closing_ends_the_calls_under_way(silent: RawServer) -> None:
    """Those on the wire and those in line get `SessionClosed`, and their tasks go on."""
    chat = await session(silent, quotas={"users.get": "2/second"}).open()

    async def call() -> str:
        try:
            await chat.users.get("anna")
        except errors.SessionClosed:
            await asyncio.sleep(0)
            return "told"
        return "answered"

    calls = [asyncio.create_task(call()) for _ in range(5)]
    while len(silent.requests) < 2:
        await asyncio.sleep(0.01)
    await chat.aclose()
    assert await asyncio.gather(*calls) == ["told"] * 5


async def test_closing_tells_whether_a_call_was_sent(silent: RawServer) -> None:
    """A registration on the wire may have been done, one in line was not."""
    chat = await session(silent, quotas={"users.create": "1/second"}).open()
    calls = [asyncio.create_task(chat.users.create("anna")) for _ in range(2)]  # type: ignore[arg-type, var-annotated]
    while not silent.requests:
        await asyncio.sleep(0.01)
    await chat.aclose()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [error.outcome_unknown for error in results if isinstance(error, errors.SessionClosed)] == [True, False]


async def test_closing_swallows_no_cancellation(silent: RawServer) -> None:
    """A task that was cancelled before the session was closed ends cancelled."""
    chat = await session(silent).open()
    call = asyncio.create_task(chat.users.get("anna"))  # type: ignore[arg-type, var-annotated]
    while not silent.requests:
        await asyncio.sleep(0.01)
    call.cancel()
    await chat.aclose()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_closing_twice_at_once_waits_for_the_end(server: RawServer) -> None:
    """A signal handler and `async with` may both close; neither returns before it is done."""
    released = asyncio.Event()

    async def respond(_: RawRequest) -> bytes:
        await released.wait()
        return answer()

    server.respond = respond
    chat = await session(server).open()
    call = asyncio.create_task(chat.users.get("anna"))  # type: ignore[arg-type, var-annotated]
    while not server.requests:
        await asyncio.sleep(0.01)
    closing = [asyncio.create_task(chat.aclose(drain=10)) for _ in range(2)]
    await asyncio.sleep(0.05)
    assert not any(task.done() for task in closing)
    released.set()
    await asyncio.gather(*closing)
    assert (await call).username == "anna"
    await nothing_left()


async def test_a_cancelled_close_closes_all_the_same(silent: RawServer) -> None:
    """Cancellation ends the drain, not the closing."""
    chat = await session(silent).open()
    call = asyncio.create_task(chat.users.get("anna"))  # type: ignore[arg-type, var-annotated]
    while not silent.requests:
        await asyncio.sleep(0.01)
    begun = asyncio.get_running_loop().time()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await chat.aclose(drain=30)
    assert asyncio.get_running_loop().time() - begun < 5
    with pytest.raises(errors.SessionClosed):
        await call
    await nothing_left()


async def test_closing_in_another_loop_is_refused(server: RawServer) -> None:
    """The session stays open, and can be closed where it was opened."""
    async with session(server) as chat:
        with pytest.raises(errors.WrongEventLoop):
            await asyncio.to_thread(asyncio.run, chat.aclose())
        assert (await chat.users.get("anna")).username == "anna"


async def test_a_token_source_may_close_the_session(server: RawServer) -> None:
    """Nothing waits for itself for ever."""
    from agora_chat_async import CallableToken

    async def close() -> str:
        await chat.aclose()
        return "t"

    chat = await Session("org", "app", host=server.url, token=CallableToken(close)).open()
    with pytest.raises((errors.SessionClosed, errors.TokenError)):
        await chat.users.get("anna")
    await chat.aclose()


async def test_draining_lets_the_calls_under_way_finish(server: RawServer) -> None:
    """New calls are refused while the old ones get their answers."""
    released = asyncio.Event()

    async def respond(_: RawRequest) -> bytes:
        await released.wait()
        return answer()

    server.respond = respond
    chat = await session(server).open()
    calls = [asyncio.create_task(chat.users.get("anna")) for _ in range(3)]  # type: ignore[arg-type, var-annotated]
    while len(server.requests) < 3:
        await asyncio.sleep(0.01)
    closing = asyncio.create_task(chat.aclose(drain=10))
    await asyncio.sleep(0)
    with pytest.raises(errors.SessionClosed):
        await chat.users.get("bob")
    released.set()
    assert [user.username for user in await asyncio.gather(*calls)] == ["anna"] * 3
    await closing


async def test_one_deadline_covers_everything(silent: RawServer) -> None:
    """Attempts and pauses end with it, and it says whether something may have been done."""
    async with session(silent, timeout=0.2, attempt_timeout=0.05, retry=RetryPolicy(pause=0.01)) as chat:
        begun = asyncio.get_running_loop().time()
        with pytest.raises((errors.DeadlineExceeded, errors.TransportError)):
            await chat.users.get("anna")
        assert asyncio.get_running_loop().time() - begun < 1
        with pytest.raises(errors.DeadlineExceeded) as caught:
            await chat.with_options(attempt_timeout=None).users.create("anna")
        assert caught.value.outcome_unknown
        assert isinstance(caught.value, TimeoutError)
        with pytest.raises(errors.OutcomeUnknown, match="in time"):
            await chat.users.create("anna")


async def test_a_deadline_that_the_quota_cannot_meet_fails_at_once(server: RawServer) -> None:
    """Nobody waits for a slot that comes too late, and nothing is sent."""
    async with session(server, quotas={"users.get": "1/minute"}) as chat:
        await chat.users.get("anna")
        begun = asyncio.get_running_loop().time()
        with pytest.raises(errors.DeadlineExceeded, match="before it was sent"):
            await chat.with_options(timeout=20).users.get("anna")
        with pytest.raises(errors.QuotaWaitExceeded):
            await chat.with_options(max_wait=20).users.get("anna")
        assert asyncio.get_running_loop().time() - begun < 1
        assert len(server.requests) == 1


async def test_a_callers_own_timeout_is_left_alone(silent: RawServer) -> None:
    """`asyncio.timeout` around a call works as around anything."""
    async with session(silent) as chat:
        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(0.05):
                await chat.users.get("anna")
        assert not isinstance(caught.value, errors.AgoraChatError)


async def test_a_thousand_cancelled_calls_leave_the_session_whole(server: RawServer) -> None:
    """Cancelled in line, while connecting and on the wire: afterwards everything is free and works."""
    slow = asyncio.Event()

    async def respond(_: RawRequest) -> bytes:
        if not slow.is_set():
            await slow.wait()
        return answer()

    server.respond = respond
    async with session(server, quotas={"users.get": "300/second"}, max_in_flight=50, margin=0.0) as chat:
        calls = [asyncio.create_task(chat.users.get("anna")) for _ in range(1000)]  # type: ignore[arg-type, var-annotated]
        for index, call in enumerate(calls):
            if index % 7 == 0:
                await asyncio.sleep(0.001)
            call.cancel()
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results)
        assert chat.quotas.snapshot()["GET /users/{}"].waiting == 0
        assert chat.stats.attempts == chat.quotas.snapshot()["GET /users/{}"].used
        slow.set()
        users = await asyncio.gather(*(chat.users.get("anna") for _ in range(300)))
        assert len(users) == 300
        assert chat._life.under_way == 0
    await nothing_left()


async def test_options_share_pool_and_quota(server: RawServer) -> None:
    """A view with other options draws on the same buckets."""
    async with session(server) as chat:
        impatient = chat.with_options(max_wait=0, retry=NO_RETRY)
        await impatient.users.get("anna")
        await chat.users.get("anna")
        assert chat.quotas.snapshot()["GET /users/{}"].used == 2
        assert server.connections == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"timeout": 0}, "timeout=0"),
        ({"attempt_timeout": -1}, "attempt_timeout=-1"),
        ({"max_wait": -1}, "max_wait=-1"),
        ({"plan": "gold"}, "plan='gold'"),
        ({"max_in_flight": 0}, "max_in_flight=0"),
        ({"keepalive": 0}, "keepalive=0"),
        ({"margin": -1}, "margin=-1"),
        ({"user_agent": "a\r\nX: y"}, "user_agent="),
    ],
)
def test_wrong_options_are_named(options: dict[str, object], words: str) -> None:
    """The error names argument, value and rule."""
    with pytest.raises(errors.InvalidArgument, match=words):
        Session("org", "app", host="host", token="t", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("org", ["", ".", "..", "a\nb"])
def test_org_and_app_are_path_segments_too(org: str) -> None:
    """They cannot lead out of the app."""
    with pytest.raises(errors.InvalidArgument, match="org="):
        Session(org, "app", host="host", token="t")


def test_from_env(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five variables make a session; what is missing is named, and arguments go first."""
    for name in ("ORG", "APP", "HOST"):
        monkeypatch.setenv(f"AGORA_CHAT_{name}", name.lower())
    monkeypatch.delenv("AGORA_CHAT_TOKEN", raising=False)
    monkeypatch.delenv("AGORA_APP_ID", raising=False)
    with pytest.raises(errors.InvalidArgument, match="AGORA_APP_ID"):
        Session.from_env()
    monkeypatch.setenv("AGORA_APP_ID", "0" * 32)
    monkeypatch.setenv("AGORA_APP_CERTIFICATE", "1" * 32)
    assert "https://host/org/app" in repr(Session.from_env())
    assert "https://other/org/app" in repr(Session.from_env(host="other", token=StaticToken("t")))


async def test_plans_and_quotas(server: RawServer) -> None:
    """A plan by name or of one's own, and overrides, show in the snapshot."""
    async with session(server, plan=Plan("mine", per_second(5)), quotas={"users.get": per_second(7)}) as chat:
        await chat.users.get("anna")
        limits = {name: str(state.limit) for name, state in chat.quotas.snapshot().items()}
    assert limits == {"plan mine": "5/second", "GET /users/{}": "7/second"}


async def test_how_a_call_went(server: RawServer) -> None:
    """`with_meta` gives status, headers, attempts and the whole envelope beside the result."""
    async with session(server) as chat:
        result = await chat.with_meta(chat.users.get("anna"))
        assert result.value.username == "anna"
        assert result.meta is not None
        assert (result.meta.status, result.meta.attempts) == (200, 1)
        assert result.meta.headers["Content-Type"] == "application/json"
        assert result.meta.envelope["timestamp"] == 1
        assert 0 <= result.meta.queued <= result.meta.elapsed < 5


async def test_endpoints_can_be_called_by_their_class(server: RawServer) -> None:
    """`call` is what the group's method is."""
    async with session(server) as chat:
        user = await chat.call(Users.get, "anna")
        assert user.username == "anna"
        page = await chat.call(Users.list, limit=3)
        assert len(page) == 1
        with pytest.raises(TypeError, match=r"Users\.create"):
            chat.call(chat.users.get, "anna")  # type: ignore[call-arg, arg-type]


def test_unknown_groups_are_attribute_errors() -> None:
    """Typos fail at once, and the groups that exist are listed."""
    chat = Session("org", "app", host="host", token="t")
    with pytest.raises(AttributeError, match="userz"):
        _ = chat.userz  # type: ignore[attr-defined]
    assert {"users", "messages"} <= set(dir(chat))
