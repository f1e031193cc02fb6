"""Fault 18: the session is closed or forgotten, or the event loop ends, under calls."""

from __future__ import annotations

import asyncio
import gc
import socket
import subprocess
import sys
import textwrap
import warnings
from collections.abc import AsyncIterator, Iterator

import pytest
from faults.fault_server import silence
from leftovers import connections_left, tasks_left
from raw_server import RawRequest, RawServer, always, answer, raw_server

from agora_chat_async import Session, errors


def session(server: RawServer, **options: object) -> Session:
    return Session("org", "app", host=server.url, token="t", **options)  # type: ignore[arg-type]


@pytest.fixture
async def server() -> AsyncIterator[RawServer]:
    async with raw_server() as running:
        yield running


@pytest.fixture
async def silent() -> AsyncIterator[RawServer]:
    async with raw_server(always(silence())) as running:
        yield running


async def test_fault_18_used_outside_its_life(server: RawServer) -> None:
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


async def test_fault_18_a_second_event_loop_is_refused(server: RawServer) -> None:
    """The error says what to do instead."""

    async def elsewhere() -> None:
        await chat.users.get("anna")

    async with session(server) as chat:
        with pytest.raises(errors.WrongEventLoop, match="one for each loop"):
            await asyncio.to_thread(asyncio.run, elsewhere())


async def test_fault_18_a_forgotten_session_is_reported(server: RawServer) -> None:
    """The warning names the line that made it, and its background task ends."""

    async def forget() -> None:
        await session(server).open()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await forget()
        gc.collect()
        await asyncio.sleep(0.05)
        assert await tasks_left() == set()
        gc.collect()
    ours = [str(warning.message) for warning in caught if "was never closed" in str(warning.message)]
    assert len(ours) == len(caught) == 1
    assert "test_fault_18_the_end.py:" in ours[0]
    assert "http://127.0.0.1" in ours[0]


async def test_fault_18_closing_leaves_nothing(server: RawServer) -> None:
    """No task and no connection outlives the session."""
    async with session(server) as chat:
        await asyncio.gather(*(chat.users.get("anna") for _ in range(20)))
        assert server.open_now > 0
    assert await tasks_left() == set()
    assert await connections_left(server) == 0


async def test_fault_18_closing_ends_the_calls_under_way(silent: RawServer) -> None:
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


async def test_fault_18_closing_tells_whether_a_call_was_sent(silent: RawServer) -> None:
    """A registration on the wire may have been done, one in line was not."""
    chat = await session(silent, quotas={"users.create": "1/second"}).open()
    calls = [asyncio.create_task(chat.users.create("anna")) for _ in range(2)]  # type: ignore[arg-type, var-annotated]
    while not silent.requests:
        await asyncio.sleep(0.01)
    await chat.aclose()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [error.outcome_unknown for error in results if isinstance(error, errors.SessionClosed)] == [True, False]


async def test_fault_18_closing_swallows_no_cancellation(silent: RawServer) -> None:
    """A task that was cancelled before the session was closed ends cancelled."""
    chat = await session(silent).open()
    call = asyncio.create_task(chat.users.get("anna"))  # type: ignore[arg-type, var-annotated]
    while not silent.requests:
        await asyncio.sleep(0.01)
    call.cancel()
    await chat.aclose()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_fault_18_closing_twice_at_once_waits_for_the_end(server: RawServer) -> None:
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
    assert await tasks_left() == set()


async def test_fault_18_a_cancelled_close_closes_all_the_same(silent: RawServer) -> None:
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
    assert await tasks_left() == set()


async def test_fault_18_closing_in_another_loop_is_refused(server: RawServer) -> None:
    """The session stays open, and can be closed where it was opened."""
    async with session(server) as chat:
        with pytest.raises(errors.WrongEventLoop):
            await asyncio.to_thread(asyncio.run, chat.aclose())
        assert (await chat.users.get("anna")).username == "anna"


async def test_fault_18_a_token_source_may_close_the_session(server: RawServer) -> None:
    """Nothing waits for itself for ever."""
    from agora_chat_async import CallableToken

    async def close() -> str:
        await chat.aclose()
        return "t"

    chat = await Session("org", "app", host=server.url, token=CallableToken(close)).open()
    with pytest.raises((errors.SessionClosed, errors.TokenError)):
        await chat.users.get("anna")
    await chat.aclose()


async def test_fault_18_draining_lets_the_calls_under_way_finish(server: RawServer) -> None:
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


async def test_fault_18_draining_ends_at_its_deadline(silent: RawServer) -> None:
    """Calls that are not done by then, on the wire or in line, are ended, and what may have been done is told."""
    chat = await session(silent, quotas={"users.create": "2/second"}).open()
    calls = [asyncio.ensure_future(chat.users.create("anna")) for _ in range(3)]
    while len(silent.requests) < 2:
        await asyncio.sleep(0.01)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await chat.aclose(drain=0.3)
    assert 0.3 <= loop.time() - begun < 3
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(result) for result in results] == [errors.SessionClosed] * 3
    assert [result.outcome_unknown for result in results if isinstance(result, errors.SessionClosed)][:2] == [True] * 2
    assert await tasks_left() == set()


@pytest.fixture
def deaf() -> Iterator[int]:
    """A port that takes connections and nothing else."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


PROGRAM = """
    import asyncio, gc, sys, warnings
    from agora_chat_async import CallableToken, Session, errors

    how, port = sys.argv[1:]
    warnings.simplefilter("ignore", ResourceWarning)  # of what is forgotten on purpose

    async def main():
        host, quotas = f"http://127.0.0.1:{port}", {"users.get": "2/second"}
        # Where the loop is closed, what is on the wire is destroyed by aiohttp, which is not quiet about it.
        token = CallableToken(asyncio.Event().wait) if how == "loop closed" else "t"
        chat = await Session("org", "app", host=host, token=token, quotas=quotas).open()
        calls = [asyncio.create_task(chat.users.get("anna")) for _ in range(5)]
        while chat.stats.calls < 5:
            await asyncio.sleep(0)
        await asyncio.sleep(0.1)
        if how == "closed":
            await chat.aclose()
            results = await asyncio.gather(*calls, return_exceptions=True)
            assert {type(result) for result in results} == {errors.SessionClosed}

    if how == "loop closed":
        loop = asyncio.new_event_loop()
        loop.run_until_complete(main())
        loop.close()
    else:
        asyncio.run(main())
    gc.collect()
"""


@pytest.mark.parametrize("how", ["closed", "loop ends", "loop closed"])
def test_fault_18_a_loop_that_ends_under_calls_is_quiet(deaf: int, how: str) -> None:
    """No coroutine breaks when it is destroyed, and no task of ours is left to be."""
    program = [sys.executable, "-X", "dev", "-c", textwrap.dedent(PROGRAM), how, str(deaf)]
    done = subprocess.run(program, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 - made above
    assert "Exception ignored" not in done.stderr
    assert "never retrieved" not in done.stderr
    if how != "loop closed":  # where asyncio itself says so of every task
        assert "destroyed" not in done.stderr
        assert "never awaited" not in done.stderr
