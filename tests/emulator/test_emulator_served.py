"""The emulator over real sockets: in this process, in another, and as a command."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from agora_chat_async._access_token import make_token
from agora_chat_async.emulator import (
    DEMO_APP,
    DEMO_APP_ID,
    DEMO_CERTIFICATE,
    DEMO_ORG,
    Emulator,
    EmulatorInfo,
    main,
    serve,
    spawn,
)


def headers(info: EmulatorInfo) -> dict[str, str]:
    token = make_token(info.app_id, info.certificate, issued_at=int(time.time()) - 5, expire=600)
    return {"Authorization": f"Bearer {token}"}


def base(info: EmulatorInfo) -> str:
    return f"{info.url}/{info.org}/{info.app}"


async def test_serve():
    async with Emulator() as emulator, httpx.AsyncClient() as client:
        async with serve(emulator) as info:
            assert (info.org, info.app) == (DEMO_ORG, DEMO_APP)
            assert (info.app_id, info.certificate) == (DEMO_APP_ID, DEMO_CERTIFICATE)
            assert DEMO_CERTIFICATE not in repr(info)
            client.headers.update(headers(info))
            batch = [{"username": f"user-{number}"} for number in range(60)]
            assert len((await client.post(f"{base(info)}/users", json=batch)).json()["entities"]) == 60
            answers = await asyncio.gather(*(client.get(f"{base(info)}/users/user-{number}") for number in range(50)))
            assert {answer.status_code for answer in answers} == {200}
            assert answers[7].json()["uri"] == f"{base(info)}/users/user-7"
            assert (await client.get(f"{info.url}/_emulator")).status_code == 200
        with pytest.raises(httpx.ConnectError):
            await client.get(info.url)


async def test_an_emulator_can_be_served_again_with_its_state():
    async with Emulator() as emulator:
        for status in (200, 400):
            async with serve(emulator) as info, httpx.AsyncClient(headers=headers(info)) as client:
                assert (await client.post(f"{base(info)}/users", json={"username": "anna"})).status_code == status


async def test_arrival_is_when_the_bytes_came():
    """A busy loop must not make calls look closer together, or later, than they came."""
    async with Emulator(quotas={"users.list": "3/60 s"}) as emulator, serve(emulator) as info:
        host, port = info.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        lines = [
            "GET /demo-org/demo-app/users HTTP/1.1",
            "Host: x",
            *(f"{name}: {value}" for name, value in headers(info).items()),
        ]
        request = "\r\n".join([*lines, "", ""]).encode()
        writer.write(request * 5)  # pipelined: answered in turn, but all arrived together
        statuses = list[int]()
        for _ in range(5):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            statuses.append(int(head.split()[1]))
            await reader.readexactly(int(head.partition("content-length: ")[2].split("\r\n")[0]))
        writer.close()
        await writer.wait_closed()
        assert statuses == [200] * 3 + [429] * 2
        assert len({entry["at"] for entry in emulator.log.requests()}) == 1


async def test_raw_targets_over_a_socket():
    async with Emulator() as emulator, serve(emulator) as info:
        host, port = info.url.removeprefix("http://").split(":")
        for target in ("/demo-org/demo-app/users/%2e%2E", "/demo-org/demo-app/users/../x", "/a/./b?c=%2F#d"):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            assert (await reader.read()).startswith(b"HTTP/1.1 ")
            writer.close()
            await writer.wait_closed()
        assert [entry["target"] for entry in emulator.log.requests()] == [
            "/demo-org/demo-app/users/%2e%2E",
            "/demo-org/demo-app/users/../x",
            "/a/./b?c=%2F",
        ]


async def test_jitter_counts_the_delayed_arrival():
    async with Emulator(jitter=0.05, latency=0.001) as emulator, serve(emulator) as info:
        async with httpx.AsyncClient(base_url=base(info), headers=headers(info)) as client:
            answers = await asyncio.gather(*(client.get("/users") for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}
        times = [entry["at"] for entry in emulator.log.requests()]
        assert len(set(times)) == 20


async def test_a_burst_is_cut_at_the_quota():
    async with Emulator(quotas={"users.list": "100/60 s"}, jitter=0.02) as emulator, serve(emulator) as info:
        async with httpx.AsyncClient(base_url=base(info), headers=headers(info)) as client:
            answers = await asyncio.gather(*(client.get("/users") for _ in range(150)))
            windows = (await client.get(f"{info.url}/_emulator/windows?seconds=60")).json()
        # 100 a second holds as well, but a slow machine may need more than a second for the burst.
        assert sorted(answer.status_code for answer in answers) == [200] * 100 + [429] * 50
        found = windows["routes"]["GET /users"]
        assert (found["arrived"]["calls"], found["admitted"]["calls"], found["refused"]) == (150, 100, 50)


async def test_beyond_loopback_only_when_asked_for():
    async with Emulator() as emulator:
        for host in ("0.0.0.0", "::", "example.org", ""):  # noqa: S104
            with pytest.raises(ValueError, match="allow_remote"):
                async with serve(emulator, host=host):
                    pass
        async with serve(emulator, host="0.0.0.0", allow_remote=True) as info, httpx.AsyncClient() as client:  # noqa: S104
            port = info.url.rpartition(":")[2]
            assert (await client.get(f"http://127.0.0.1:{port}/")).status_code == 404
        async with serve(emulator, host="localhost"):
            pass


async def test_a_port_in_use():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with Emulator() as emulator:
            with pytest.raises(OSError, match="in use"):
                async with serve(emulator, port=taken.getsockname()[1]):
                    pass


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_spawn():
    with spawn(plan="free", quotas={"users.list": "3/60 s"}, batch_conflict="refuse", org="other") as info:
        assert info.org == "other"
        with httpx.Client(base_url=base(info), headers=headers(info)) as client:
            assert [client.get("/users").status_code for _ in range(4)] == [200, 200, 200, 429]
            client.post("/users", json={"username": "anna"})
            assert client.post("/users", json=[{"username": "anna"}, {"username": "bert"}]).status_code == 400
    with pytest.raises(httpx.ConnectError):
        httpx.get(info.url)


def test_spawn_speaks_as_it_is_told():
    with (
        spawn(dialect="easemob", moderated=["poker", "dice"], limits={"users": 1, "groups": 0}) as info,
        httpx.Client(base_url=base(info), headers=headers(info)) as client,
    ):
        assert client.get("/chatgroups/1").json()["error"] == "resource_not_found"
        body = {"owner": "anna", "public": True, "groupname": "dice"}
        assert client.post("/chatgroups", json=body).json()["error"] == "group_name_violation"
        assert client.post("/users", json={"username": "anna"}).status_code == 200
        assert client.post("/users", json={"username": "bert"}).json()["error"] == "resource_limited"
        assert client.post("/chatgroups", json={**body, "groupname": "g"}).json()["error"] == "exceed_limit"


def test_spawn_has_the_switches():
    settings = {"unknown_user": 404, "upper_case": "fold", "require_password": True, "over_plan": False}
    with (
        spawn(disabled=["presence", "push"], wrong_method=405, limits={"file_mb": 1}, **settings) as info,
        httpx.Client(base_url=base(info), headers=headers(info)) as client,
    ):
        assert client.get("/push/label").json()["error"] == "ServiceNotOpenException"
        assert client.get("/users/anna/presence/sublist").json()["error"] == "service open exception"
        assert client.get("/mutes/anna").status_code == 404
        assert client.put("/users").status_code == 405
        assert client.post("/users", json={"username": "anna"}).status_code == 400
        assert client.post("/users", json={"username": "ANNA", "password": "p"}).status_code == 200
        assert client.post("/chatfiles", files={"file": ("a", bytes(1024 * 1024 + 1))}).status_code == 413


def test_spawn_ends_with_its_block_whatever_happens():
    with pytest.raises(ZeroDivisionError), spawn(enforce_quotas=False, strict=False) as info:
        raise ZeroDivisionError
    with pytest.raises(httpx.ConnectError):
        httpx.get(info.url)


def test_spawn_that_cannot_start(tmp_path, capfd):
    with pytest.raises(RuntimeError, match="code 2"), spawn(database=str(tmp_path / "nowhere" / "x.db")):
        pass
    assert "cannot start" in capfd.readouterr().err


def start(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - this very program
        [sys.executable, "-m", "agora_chat_async.emulator", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_command_ends_cleanly():
    with ThreadPoolExecutor() as pool:
        ends = list(pool.map(end_of_command, [signal.SIGINT, signal.SIGTERM, None]))
    assert ends == [(0, "")] * 3


def end_of_command(number: int | None) -> tuple[int, str]:
    process = start("--port", "0", "--json", *(["--until-stdin-ends"] if number is None else []))
    info = EmulatorInfo(**json.loads(process.stdout.readline()))
    assert httpx.get(f"{info.url}/_emulator").status_code == 200
    if number is None:
        process.stdin.close()
        process.stdin = None
    else:
        process.send_signal(number)
    _, errors = process.communicate(timeout=10)
    return process.returncode, errors


def test_the_command_tells_what_one_needs():
    process = start("--port", "0", "--quota", "users.create=150/second", "--jitter", "0.01")
    lines = list(iter(process.stdout.readline, "Ctrl-C ends it.\n"))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    text = "".join(lines)
    url = next(line.split()[1] for line in lines if line.startswith("  url"))
    for word in (DEMO_ORG, DEMO_APP, DEMO_APP_ID, DEMO_CERTIFICATE, f'host="{url}"', "/_emulator/windows", "AppToken("):
        assert word in text
    snippet = "".join(line[2:] for line in lines if line.startswith("  ") and not line.startswith(("  url", "  org")))
    assert "async with Session(" in snippet


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--port", "99999"], "--port 99999: from 0 to 65535"),
        (["--port=-1"], "--port -1: from 0 to 65535"),
        (["--app-id", "xyz"], "--app-id xyz: 32 hexadecimal characters"),
        (["--certificate", "xyz"], "--certificate (of 3 characters): 32 hexadecimal characters"),
        (["--jitter=-1"], "--jitter -1: seconds, 0 or more"),
        (["--jitter", "nan"], "--jitter nan: seconds, 0 or more"),
        (["--latency=-1"], "--latency -1: seconds, 0 or more"),
        (["--latency", "inf"], "--latency inf: seconds, 0 or more"),
        (["--background", "2"], "--background 2: a share from 0 to below 1"),
        (["--database", "/none/x.db"], "database /none/x.db: unable to open database file"),
        (
            ["--host", "0.0.0.0"],  # noqa: S104
            "--host 0.0.0.0 can be reached from other machines; --allow-remote permits that",
        ),
    ],
)
def test_the_command_refuses_what_is_out_of_range(capsys, words, message):
    assert main(["--port", "0", *words]) == 2
    assert capsys.readouterr().err == f"the emulator cannot start: {message}\n"


async def test_a_port_out_of_range():
    async with Emulator() as emulator:
        with pytest.raises(ValueError, match="99999"):
            async with serve(emulator, port=99_999):
                pass


def test_the_command_refuses(capsys):
    assert main(["--host", "0.0.0.0", "--port", "0"]) == 2  # noqa: S104
    assert "--allow-remote" in capsys.readouterr().err
    assert main(["--port", "0", "--quota", "users.creat=1/second"]) == 2
    assert "users.create" in capsys.readouterr().err
    for words in (["--quota", "users.create"], ["--quota", "users.create=often"], ["--plan", "gold"]):
        with pytest.raises(SystemExit):
            main(words)
        assert capsys.readouterr().err
