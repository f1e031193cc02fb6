from __future__ import annotations

import runpy
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from agora_chat_async._access_token import read_token
from tests.cli.conftest import Service

EXAMPLES = Path(__file__).parents[2] / "examples"


def example(name: str) -> dict[str, Any]:
    """Load an example as a module that is not run."""
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))


async def test_quickstart(capsys: pytest.CaptureFixture[str]) -> None:
    """It needs nothing but the package."""
    await example("quickstart")["main"]()
    assert capsys.readouterr().out.splitlines()[-2:] == ["anna Anna", "bert None"]


async def test_provisioning_from_a_database(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every member of the table is registered, a bad login is told."""
    path = tmp_path / "members.sqlite"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE members (login TEXT, name TEXT)")
    database.executemany("INSERT INTO members VALUES (?, ?)", [(f"m{n}", f"Member {n}") for n in range(200)])
    database.commit()
    database.close()
    main = example("provision_from_database")["main"]
    assert (await main(str(path))).ok
    assert (await main(str(path))).ok
    assert capsys.readouterr().out == "200 registered, 0 were there before\n0 registered, 200 were there before\n"
    database = sqlite3.connect(path)
    database.execute("INSERT INTO members VALUES ('Anna', 'Anna'), ('zoe', 'Zoe')")
    database.commit()
    database.close()
    assert not (await main(str(path))).ok
    bad, summary = capsys.readouterr().out.splitlines()
    assert bad.startswith("Anna: invalid, row 1: username='Anna': text of 1 to 64 characters")
    assert summary == "1 registered, 200 were there before"


async def test_sending_to_everybody(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """Each user of the app gets one message, whatever the number of calls, and nobody waits without a word."""
    service.ask("seed", post={"users": 1400})
    assert await example("send_to_many")["main"]("Hello") == 1400
    *lines, last = capsys.readouterr().out.splitlines()
    assert "1400 users in 3 calls, which takes 0 min by the quota" in lines
    assert len([line for line in lines if line.endswith("more: sent")]) == 3
    assert last == "1400 messages"


async def test_web_backend(service: Service) -> None:
    """Users are registered once and get tokens each time; bad names are the caller's mistake."""
    app = example("web_backend")["app"]

    async with app.router.lifespan_context(app) as state:

        async def with_state(scope: Any, receive: Any, send: Any) -> None:
            """What a server does with the state of the lifespan."""
            await app({**scope, "state": dict(state)}, receive, send)

        async with httpx.AsyncClient(transport=httpx.ASGITransport(with_state), base_url="http://backend") as client:
            for _ in range(2):
                answer = await client.post("/chat-users/anna")
                assert answer.status_code == 200
                assert read_token(answer.json()["token"]).user_id == "anna"
            assert (await client.post("/chat-users/Anna")).status_code == 422
    assert service.users == 1


def test_workers() -> None:
    """Two processes register their users, and none of their calls is refused."""
    done = subprocess.run(  # noqa: S603 - our own example
        [sys.executable, str(EXAMPLES / "workers.py")], capture_output=True, text=True, check=True
    )
    assert sorted(done.stdout.splitlines()) == [f"{name}: 100 users, 0 calls refused" for name in ("first", "second")]
