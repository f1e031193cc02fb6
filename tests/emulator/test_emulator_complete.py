"""The emulator answers everything that is declared, and the command line shows it."""

from __future__ import annotations

import json

import pytest

from agora_chat_async.api import all_endpoints
from agora_chat_async.cli import main
from agora_chat_async.emulator import Emulator


async def test_every_declared_operation_is_emulated() -> None:
    """Nothing that a session can call is answered with 501."""
    async with Emulator() as emulator:
        assert {endpoint.id for endpoint in all_endpoints()} - emulator.handlers.keys() == set()


def test_the_route_table_shows_every_operation(capsys: pytest.CaptureFixture[str]) -> None:
    """For programs and for people."""
    assert main(["routes", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in rows] == [endpoint.id for endpoint in all_endpoints()]
    assert main(["routes"]) == 0
    shown = capsys.readouterr().out
    assert all(endpoint.id in shown for endpoint in all_endpoints())
