"""What hooks and the log are told of sessions, calls and attempts."""

from __future__ import annotations

import asyncio
import logging
import pickle
from collections.abc import AsyncIterator

import pytest
from raw_server import RawRequest, RawServer, always, answer, in_turn, raw_server

from agora_chat_async import NO_RETRY, CallableToken, NewUser, RetryPolicy, Session, call_id, errors
from agora_chat_async.hooks import AttemptEnd, AttemptInfo, CallEnd, CallInfo, Hooks, SessionInfo

QUICK = RetryPolicy(pause=0.001, throttled_pause=0.001)
DOWN = answer(503, b'{"error":"service_unavailable"}')
CALLS = "agora_chat_async.calls"
BODIES = "agora_chat_async.bodies"


class Recorder(Hooks):
    def __init__(self) -> None:
        self.events: list[tuple[str, object]] = []

    def session_opened(self, session: SessionInfo) -> None:
        self.events.append(("session_opened", session))

    def session_closed(self, session: SessionInfo) -> None:
        self.events.append(("session_closed", session))

    def call_started(self, call: CallInfo) -> None:
        self.events.append(("call_started", call))

    def attempt_started(self, attempt: AttemptInfo) -> None:
        self.events.append(("attempt_started", attempt))

    def attempt_ended(self, end: AttemptEnd) -> None:
        self.events.append(("attempt_ended", end))

    def call_ended(self, end: CallEnd) -> None:
        self.events.append(("call_ended", end))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.events]

    @property
    def attempts(self) -> list[AttemptEnd]:
        return [event for _, event in self.events if isinstance(event, AttemptEnd)]

    @property
    def ends(self) -> list[CallEnd]:
        return [event for _, event in self.events if isinstance(event, CallEnd)]


def session(server: RawServer, *hooks: Hooks, **options: object) -> Session:
    return Session("org", "app", host=server.url, token="t", hooks=hooks, **{"retry": QUICK, **options})  # type: ignore[arg-type]


@pytest.fixture
async def server() -> AsyncIterator[RawServer]:
    async with raw_server() as running:
        yield running


async def test_a_call_with_a_repeat_is_told_whole(server: RawServer) -> None:
    """Each attempt has its status, bytes and pause; the call its attempts and waits; all have one id."""
    seen = Recorder()
    server.respond = in_turn(DOWN, answer())
    async with session(server, seen) as chat:
        await chat.users.create("anna", password="hush-hush")
    assert seen.names == [
        "session_opened",
        "call_started",
        "attempt_started",
        "attempt_ended",
        "attempt_started",
        "attempt_ended",
        "call_ended",
        "session_closed",
    ]
    first, second = seen.attempts
    assert (first.attempt.number, first.status, first.error) == (1, 503, "ServiceUnavailable")
    assert first.pause is not None
    assert (second.attempt.number, second.status, second.error, second.pause) == (2, 200, None, None)
    assert [len(request.body) for request in server.requests] == [first.bytes_out, second.bytes_out]
    assert second.bytes_in == len(answer().partition(b"\r\n\r\n")[2])
    assert first.sent
    (end,) = seen.ends
    assert (end.attempts, end.error, end.outcome_unknown) == (2, None, False)
    assert end.duration >= first.duration + second.duration
    call = end.call
    assert (call.route, call.method, call.path) == ("users.create", "POST", "/users")
    assert (call.session.app, call.session.server) == ("org#app", f"127.0.0.1:{server.port}")
    assert call.session.quotas.snapshot()["POST /users"].used == 2
    assert {info.id for _, info in seen.events if isinstance(info, CallInfo)} == {first.attempt.call.id} == {call.id}
    assert "hush-hush" not in repr(seen.events)


async def test_names_in_paths_are_not_told(server: RawServer) -> None:
    """Paths are as declared, so they are few; raw requests elsewhere have none."""
    seen = Recorder()
    async with session(server, seen) as chat:
        await chat.users.get("anna")
        await chat.request("GET", "/users/anna")
        await chat.request("GET", "/brand/new/anna")
    assert [(end.call.route, end.call.path) for end in seen.ends] == [
        ("users.get", "/users/{username}"),
        ("users.get", "/users/{username}"),
        ("request", ""),
    ]
    assert "anna" not in repr(seen.events)


async def test_failures_are_told(server: RawServer) -> None:
    """A lost answer, a refused quota, a deadline, a cancelled call: each has its name, and whether it was done."""
    seen = Recorder()
    server.respond = always(None)
    async with session(server, seen, quotas={"users.get": "1/minute"}, retry=NO_RETRY) as chat:
        with pytest.raises(errors.OutcomeUnknown):
            await chat.users.create("anna")
        with pytest.raises(errors.TransportError):
            await chat.users.get("anna")
        with pytest.raises(errors.QuotaWaitExceeded):
            await chat.with_options(max_wait=1).users.get("anna")
        with pytest.raises(errors.DeadlineExceeded):
            await chat.with_options(timeout=1).users.get("anna")
        call = asyncio.create_task(chat.users.get("anna"))  # type: ignore[arg-type, var-annotated]
        await asyncio.sleep(0.01)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
    told = [(end.error, end.attempts, end.outcome_unknown) for end in seen.ends]
    assert told[0] == ("OutcomeUnknown", 1, True)
    assert told[2:] == [("QuotaWaitExceeded", 0, False), ("DeadlineExceeded", 0, False), ("CancelledError", 0, False)]
    assert seen.ends[-1].queued >= 0.01
    assert seen.names.count("attempt_started") == seen.names.count("attempt_ended") == len(server.requests)


async def test_a_hook_that_fails_breaks_no_call(server: RawServer, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged once for each method, and the other hooks are told all the same."""

    class Broken(Hooks):
        def call_started(self, call: CallInfo) -> None:
            raise ValueError("broken hook")

        def attempt_ended(self, end: AttemptEnd) -> None:
            raise ValueError("broken hook")

    seen = Recorder()
    async with session(server, Broken(), seen) as chat:
        for _ in range(3):
            assert (await chat.users.get("anna")).username == "anna"
    assert len(seen.ends) == 3
    broken = [record for record in caplog.records if record.exc_info]
    assert [record.levelname for record in broken] == ["ERROR"] * 2


async def test_the_id_of_a_call_is_there_while_it_is_sent(server: RawServer) -> None:
    """What runs below the call, such as a token source, can log it; outside there is none."""
    ids = list[str | None]()

    async def token() -> str:
        ids.append(call_id())
        return "t"

    seen = Recorder()
    keeper = CallableToken(token)
    async with Session("org", "app", host=server.url, token=keeper, hooks=[seen]) as chat:
        chat._keeper._background.cancel()  # type: ignore[union-attr]
        await chat.users.get("anna")
        assert call_id() is None
    assert ids[-1] == seen.ends[0].call.id


@pytest.mark.parametrize("reply", [answer(404, b"{}", "X-Request-Id: r-7"), None, answer(body=b"")])
async def test_errors_tell_how_the_call_went(server: RawServer, reply: bytes | None) -> None:
    """Attempts, waits and id are on every error of a call, also behind a process border."""
    seen = Recorder()
    server.respond = always(reply)
    async with session(server, seen) as chat:
        with pytest.raises(errors.AgoraChatError) as caught:
            await chat.users.get("anna")
    error = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - made on this line
    assert error.call_id == seen.ends[0].call.id
    assert error.attempts == seen.ends[0].attempts == len(server.requests)
    assert 0 <= error.queued <= error.elapsed
    if isinstance(error, errors.APIError):
        assert error.request_id == error.headers["x-request-id"] == "r-7"


async def test_an_error_that_many_calls_share_tells_each_of_its_own(server: RawServer) -> None:
    """One token fetch fails for all, and each caller gets an error of its own."""

    async def no_token() -> str:
        await asyncio.sleep(0.01)
        raise ConnectionError("no token server")

    async with Session("org", "app", host=server.url, token=CallableToken(no_token)) as chat:
        results = await asyncio.gather(*(chat.users.get("anna") for _ in range(5)), return_exceptions=True)
    assert all(isinstance(error, errors.TokenError) for error in results)
    assert len({error.call_id for error in results if isinstance(error, errors.AgoraChatError)}) == 5
    assert {type(error.__cause__) for error in results if isinstance(error, BaseException)} == {ConnectionError}


async def test_a_deadline_tells_the_failure_behind_it(server: RawServer) -> None:
    """A call that was to be repeated when its time was over shows what it was repeated for."""
    server.respond = always(DOWN)
    async with session(server, quotas={"users.get": "1/minute"}, timeout=30) as chat:
        with pytest.raises(errors.DeadlineExceeded) as caught:
            await chat.users.get("anna")
    assert isinstance(caught.value.__cause__, errors.ServiceUnavailable)
    assert caught.value.attempts == 1


async def test_the_log_has_a_line_an_attempt(server: RawServer, caplog: pytest.LogCaptureFixture) -> None:
    """Route, status, number and id, and never a name or a body."""
    server.respond = in_turn(DOWN, answer())
    with caplog.at_level(logging.DEBUG, "agora_chat_async"):
        async with session(server) as chat:
            await chat.users.get("anna")
    lines = [record for record in caplog.records if record.name == CALLS]
    assert [(line.route, line.attempt, line.status) for line in lines] == [("users.get", 1, 503), ("users.get", 2, 200)]  # type: ignore[attr-defined]
    assert lines[0].call_id == lines[1].call_id  # type: ignore[attr-defined]
    assert "GET /users/{username}: attempt 1: 503 ServiceUnavailable" in lines[0].getMessage()
    assert "again in" in lines[0].getMessage()
    assert not [record for record in caplog.records if record.name == BODIES]


async def test_bodies_are_logged_where_they_are_asked_for(server: RawServer, caplog: pytest.LogCaptureFixture) -> None:
    """Only by the level of their own logger, and without their secrets."""

    async def respond(_: RawRequest) -> bytes:
        return answer(body=b'{"entities":[{"username":"anna","password":"hush-hush"}],"access_token":"hush-hush"}')

    server.respond = respond
    with caplog.at_level(logging.DEBUG, BODIES):
        async with session(server) as chat:
            await chat.users.create_many([NewUser("anna", "hush-hush", nickname="Änne")])
    assert "Änne" in caplog.text
    assert "(hidden)" in caplog.text
    assert "hush-hush" not in caplog.text
