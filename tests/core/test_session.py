"""The life of a session: opening, options, deadlines; `faults/test_fault_18_the_end.py` has its end."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator

import pytest
from leftovers import tasks_left
from raw_server import RawRequest, RawServer, raw_server

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


def test_making_a_session_does_nothing() -> None:
    """Outside any event loop, without network: a session that is never opened needs no closing."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chat = Session("org", "app", host="unreachable.invalid", token="t")
        assert "not open" in repr(chat)
        del chat
        gc.collect()


async def test_opened_in_one_task_and_closed_in_another(server: RawServer) -> None:
    """Fixtures and web frameworks do that."""
    chat = await asyncio.create_task(session(server).open())
    await asyncio.create_task(chat.users.get("anna"))  # type: ignore[arg-type]
    await asyncio.create_task(chat.aclose())
    assert await tasks_left() == set()


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
