from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from attrs import frozen

from agora_chat_async.emulator import EmulatorInfo, spawn


@frozen
class Service:
    """An emulator in a process of its own, as a test sees it."""

    info: EmulatorInfo

    def ask(self, question: str, *, post: Any = None) -> Any:
        """Ask or tell the emulator something below `/_emulator`."""
        body = None if post is None else json.dumps(post).encode()
        request = urllib.request.Request(  # noqa: S310 - our own emulator
            f"{self.info.url}/_emulator/{question}", data=body, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer)

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which the command line finds it."""
        info = self.info
        return {
            "AGORA_CHAT_HOST": info.url,
            "AGORA_CHAT_ORG": info.org,
            "AGORA_CHAT_APP": info.app,
            "AGORA_APP_ID": info.app_id,
            "AGORA_APP_CERTIFICATE": info.certificate,
        }

    @property
    def users(self) -> int:
        """How many users are registered."""
        return int(self.ask("tables")["tables"]["users"])

    @property
    def registrations(self) -> int:
        """How many registrations arrived."""
        return len(self.ask("requests?route=POST%20/users&limit=10000")["requests"])


@pytest.fixture(scope="session")
def _spawned() -> Iterator[Service]:
    with spawn() as info:
        yield Service(info)


@pytest.fixture
def service(_spawned: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    """An empty emulator that the environment points to."""
    _spawned.ask("reset", post={})
    for name, value in _spawned.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AGORA_CHAT_TOKEN", raising=False)
    return _spawned


@pytest.fixture(scope="session")
def _slow() -> Iterator[Service]:
    with spawn(latency=1.5) as info:
        yield Service(info)


@pytest.fixture
def slow_service(_slow: Service) -> Service:
    """An empty emulator that takes a second and a half for each answer."""
    _slow.ask("reset", post={})
    return _slow
