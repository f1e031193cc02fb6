"""Stored callbacks, through a session against the emulator."""

from __future__ import annotations

import httpx
import pytest

from agora_chat_async import AppToken, Session, errors
from agora_chat_async.emulator import Emulator, serve
from agora_chat_async.models.callbacks import StoredCallbacks


async def store(emulator: Emulator, count: object) -> str:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(emulator), base_url="http://emulator") as client:
        answer = await client.post("/_emulator/callbacks", json={"size": count})
    assert answer.status_code == 200, answer.text
    return answer.json()["date"]


async def test_list_and_resend(chat, emulator, clock):
    """Failed callbacks are kept by ten minutes, for three days, and can be sent again."""
    assert await chat.callbacks.list_stored() == ()
    first = await store(emulator, 2)
    clock.advance(600)
    second = await store(emulator, 5)
    assert await chat.callbacks.list_stored() == (
        StoredCallbacks(date=first, size=2, retry=0),
        StoredCallbacks(date=second, size=5, retry=0),
    )
    assert await chat.callbacks.resend_stored(second) is True
    assert await chat.callbacks.resend_stored(second, retry=1, target_url="https://host/hook") is True
    assert [stored.retry for stored in await chat.callbacks.list_stored()] == [0, 2]


async def test_what_is_too_old(emulator, clock):
    """After three days nothing is left."""
    date = await store(emulator, 2)
    clock.advance(3 * 86_400 + 1)
    assert await emulator.state.database.run(emulator.state.callbacks.batches) == []
    assert len(date) == 12
    with pytest.raises(AssertionError, match="size is a number"):
        await store(emulator, "many")


async def test_what_is_refused(chat):
    """Dates of which nothing is stored, and misshapen bodies."""
    with pytest.raises(errors.BadRequest):
        await chat.callbacks.resend_stored("202109091440")
    for body in ({}, {"date": 202109091440}, {"date": "202109091440", "targetUrl": ""}, {"date": "x", "url": "y"}):
        with pytest.raises(errors.IllegalArgument):
            await chat.request("POST", "/callbacks/storage/retry", json=body)


async def test_plans_without_callbacks(clock):
    """They come with the larger plans."""
    async with (
        Emulator(plan="starter", now=clock) as emulator,
        serve(emulator) as info,
        Session(info.org, info.app, host=info.url, token=AppToken(info.app_id, info.certificate)) as chat,
    ):
        for call in (chat.callbacks.list_stored, lambda: chat.callbacks.resend_stored("202109091440")):
            with pytest.raises(errors.Forbidden):
                await call()


async def test_wire(wire):
    """Method, path and body; one batch may come alone, and the outcome as text or as truth."""
    batch = {"date": "202109091440", "size": "3", "retry": 0, "rule": "r"}
    stored = StoredCallbacks(date="202109091440", size=3, retry=0, extra={"rule": "r"})
    for data in (batch, [batch]):
        wire.answers(data)
        assert await wire.chat.callbacks.list_stored() == (stored,)
    assert wire.sent == ("GET", "/callbacks/storage/info", None)
    for data, outcome in (("success", True), (True, True), ("failure", False), (False, False)):
        wire.answers(data)
        assert await wire.chat.callbacks.resend_stored("202109091440", retry=2, target_url="http://h/x") is outcome
    body = {"date": "202109091440", "retry": 2, "targetUrl": "http://h/x"}
    assert wire.sent == ("POST", "/callbacks/storage/retry", body)


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.resend_stored("2021-09-09"),
        lambda c: c.resend_stored("2021090914"),
        lambda c: c.resend_stored("202109091440", retry=-1),
        lambda c: c.resend_stored("202109091440", target_url="host/x"),
    ],
)
async def test_bad_arguments_are_not_sent(wire, call):
    """What breaks a documented form is refused before it is sent."""
    with pytest.raises(errors.InvalidArgument):
        await call(wire.chat.callbacks)
    assert wire.server.requests == []
