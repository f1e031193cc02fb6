"""Faults by route: what a caller sees of each kind, what was carried out, and how they are drawn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from agora_chat_async import AppToken, RetryPolicy, Session, Text, errors
from agora_chat_async._access_token import make_token
from agora_chat_async.emulator import Emulator, EmulatorInfo, Fault, main, serve, spawn
from agora_chat_async.emulator._faults import KINDS, Faults

BEFORE = {"rate_limited", "unavailable", "bad_gateway", "revoked", "reset"}
BROKEN = {"reset", "lost_answer", "reset_midway", "cut_short", "silent"}
"""Kinds of which no whole answer comes."""


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator() as running:
        yield running


@pytest.fixture
async def info(emulator: Emulator) -> AsyncIterator[EmulatorInfo]:
    async with serve(emulator) as served:
        yield served


@pytest.fixture
async def client(info: EmulatorInfo) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(info) as made:
        yield made


def client_of(info: EmulatorInfo) -> httpx.AsyncClient:
    token = make_token(info.app_id, info.certificate, issued_at=int(time.time()) - 5, expire=600)
    base = f"{info.url}/{info.org}/{info.app}"
    return httpx.AsyncClient(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=5)


async def create(client: httpx.AsyncClient, name: str = "anna") -> httpx.Response:
    return await client.post("/users", json={"username": name})


@pytest.mark.parametrize("kind", KINDS)
async def test_a_fault_strikes_before_or_after_the_state_is_changed(
    emulator: Emulator, client: httpx.AsyncClient, kind: str
) -> None:
    """Only the log and the state can tell a lost request from a lost answer."""
    emulator.faults.set(Fault(kind, "users.create", count=1, seconds=0.001))
    if kind in BROKEN:
        with pytest.raises(httpx.TransportError):
            await create(client)
    elif kind == "broken_gzip":
        assert (await create(client)).headers["content-encoding"] == "gzip"
    else:
        await create(client)
    assert emulator.faults.told()[0]["struck"] == 1
    (entry,) = emulator.log.requests()
    assert (entry["fault"], entry["admitted"]) == (kind, kind not in BEFORE)
    token = make_token(emulator.settings.app_id, emulator.settings.certificate, issued_at=int(time.time()), expire=600)
    again = await client.get("/users/anna", headers={"Authorization": f"Bearer {token}"})
    assert again.status_code == (404 if kind in BEFORE else 200)


async def test_what_comes_of_each_kind(emulator: Emulator, client: httpx.AsyncClient) -> None:
    async def answer(kind: str, **more: Any) -> httpx.Response:
        emulator.faults.set(Fault(kind, **more))
        return await client.get("/users")

    assert (await answer("rate_limited")).json()["error"] == "reach_limit"
    unavailable = await answer("unavailable", seconds=7)
    assert (unavailable.status_code, unavailable.headers["retry-after"]) == (503, "7")
    for kind, status in (("bad_gateway", 502), ("gateway_timeout", 504)):
        page = await answer(kind)
        assert (page.status_code, page.headers["content-type"]) == (status, "text/html")
        assert emulator.log.requests()[-1]["status"] == status
    for kind in ("latency", "drip"):
        assert (await answer(kind, seconds=0.001)).json()["entities"] == []
    assert (await answer("revoked")).status_code == 401
    emulator.faults.set()
    assert (await client.get("/users")).status_code == 401


async def raw_answer(info: EmulatorInfo, path: str) -> tuple[bytes, bool]:
    """Return the bytes that come, and whether the connection was reset."""
    token = make_token(info.app_id, info.certificate, issued_at=int(time.time()) - 5, expire=600)
    reader, writer = await asyncio.open_connection(*info.url.removeprefix("http://").split(":"))
    writer.write(
        f"GET /{info.org}/{info.app}{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    )
    came, was_reset = bytearray(), False
    try:
        while piece := await reader.read(1000):
            came += piece
    except ConnectionResetError:
        was_reset = True
    writer.close()
    return bytes(came), was_reset


@pytest.mark.parametrize(
    ("kind", "is_reset", "is_half"),
    [("reset", True, False), ("lost_answer", True, False), ("reset_midway", True, True), ("cut_short", False, True)],
)
async def test_how_a_connection_ends(
    emulator: Emulator, info: EmulatorInfo, kind: str, is_reset: bool, is_half: bool
) -> None:
    """By a reset or in order, without an answer or amid it."""
    emulator.faults.set(Fault(kind))
    came, was_reset = await raw_answer(info, "/users")
    assert was_reset == is_reset
    head, _, body = came.partition(b"\r\n\r\n")
    assert (b"200 OK" in head) == is_half
    if is_half:
        assert 0 < len(body) < int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])


async def test_a_lost_answer_of_a_message_is_not_sent_twice(emulator: Emulator, info: EmulatorInfo) -> None:
    """What the faults are for: the session must not repeat what was carried out."""
    emulator.faults.set(Fault("lost_answer", "messages.*", count=1), Fault("reset", "users.get", count=1))
    token, quick = AppToken(info.app_id, info.certificate), RetryPolicy(pause=0.001)
    async with Session(info.org, info.app, host=info.url, token=token, retry=quick) as chat:
        await chat.users.create("anna")
        with pytest.raises(errors.OutcomeUnknown):
            await chat.messages.send_to_users(["anna"], Text("hello"))
        assert (await chat.users.get("anna")).username == "anna"
    assert [entry.get("fault") for entry in emulator.log.requests()] == [None, "lost_answer", "reset", None]


async def test_in_process_there_is_no_connection_to_break(connect) -> None:
    """The app raises what a transport passes on, and a session takes it for a lost connection."""
    async with Emulator(faults=["lost_answer,route=users.create,count=1"]) as emulator:
        with pytest.raises(ConnectionResetError):
            await connect(emulator).post("/users", json={"username": "anna"})
        emulator.faults.set(Fault("cut_short", "users.create", count=1))
        settings = emulator.settings
        async with Session(
            settings.org,
            settings.app,
            host="http://localhost",
            token=AppToken(settings.app_id, settings.certificate),
            transport=httpx.ASGITransport(emulator),
        ) as chat:
            with pytest.raises(errors.OutcomeUnknown):
                await chat.users.create("ben")


def test_spawned_with_faults() -> None:
    """They go over the command line, and are as seeded there as here."""
    fault = Fault("bad_gateway", "POST /users", probability=0.5, seconds=None)
    with spawn(faults=[fault, "unavailable,route=users.list,seconds=3"], fault_seed=5) as info:
        with httpx.Client() as plain:
            asked = plain.get(f"{info.url}/_emulator/faults").json()
        assert asked["seed"] == 5
        assert [Fault.of({k: v for k, v in one.items() if k != "struck"}) for one in asked["faults"]] == [
            fault,
            Fault("unavailable", "users.list", seconds=3),
        ]


async def test_the_control_endpoint(info: EmulatorInfo, client: httpx.AsyncClient) -> None:
    """Faults are set, told with what they struck, taken back by a reset, and refused by name."""
    url = f"{info.url}/_emulator/faults"
    given = {"faults": [{"kind": "bad_gateway", "route": "users.list", "count": 2}], "seed": 3}
    assert (await client.post(url, json=given)).json()["faults"][0]["struck"] == 0
    assert [(await client.get("/users")).status_code for _ in range(3)] == [502, 502, 200]
    told = (await client.get(url)).json()
    assert (told["faults"][0]["struck"], told["seed"]) == (2, 3)
    await client.post(f"{info.url}/_emulator/reset")
    assert (await client.get(url)).json()["faults"] == []
    for wrong, word in [
        ({"kind": "meteor"}, "kind"),
        ({"kind": "drip", "route": "users.creat"}, "route"),
        ({"kind": "drip", "probability": 0}, "probability"),
        ({"kind": "drip", "probability": "often"}, "probability"),
        ({"kind": "drip", "count": 0}, "count"),
        ({"kind": "drip", "seconds": -1}, "seconds"),
        ({"kind": "drip", "chance": 1}, "chance"),
        ({"route": "*"}, "kind"),
        ("drip,count=many", "count"),
        (7, "kind"),
    ]:
        refused = await client.post(url, json={"faults": [wrong]})
        assert (refused.status_code, word in refused.json()["error_description"]) == (400, True), wrong
    for wrong_body in ({}, {"faults": [], "seed": "x"}):
        assert (await client.post(url, json=wrong_body)).status_code == 400


def test_the_same_seed_strikes_the_same_calls() -> None:
    def struck(seed: int) -> list[bool]:
        faults = Faults({"GET /users": ["users.list"]}, [Fault("reset", probability=0.3)], seed)
        return [faults.draw("GET /users") is not None for _ in range(1000)]

    assert struck(1) == struck(1) != struck(2)
    assert 250 < sum(struck(1)) < 350


def test_a_fault_is_written_as_it_is_read() -> None:
    fault = Fault("drip", "users.*", probability=0.02, count=5, seconds=0.1)
    assert str(fault) == "drip,route=users.*,probability=0.02,count=5,seconds=0.1"
    assert Fault.of(str(fault)) == fault
    assert Fault.of("drip") == Fault("drip")


def test_the_command_refuses_a_wrong_fault(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--port", "0", "--fault", "meteor"])
    assert "kind" in capsys.readouterr().err
    assert main(["--port", "0", "--fault", "drip,route=users.creat"]) == 2
    assert "users.creat" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["latency", "reset_midway", "drip", "silent"])
async def test_a_caller_who_leaves_amid_a_fault_is_no_trouble(
    emulator: Emulator, info: EmulatorInfo, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """The server says nothing of it, and answers the next one."""
    emulator.faults.set(Fault(kind, "users.list", seconds=0.02))
    for _ in range(5):
        async with client_of(info) as leaving:
            call = asyncio.create_task(leaving.get("/users"))
            await asyncio.sleep(0.01)
            call.cancel()
            await asyncio.wait({call})
    emulator.faults.set()
    async with client_of(info) as client:
        assert (await client.get("/users")).status_code == 200
    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []
