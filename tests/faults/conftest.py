from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.conftest import Service
from faults.killing import Nursery
from faults.transports import SessionMaker, over_aiohttp, over_httpx

from agora_chat_async.emulator import spawn


@pytest.fixture(params=[over_aiohttp, over_httpx], ids=["aiohttp", "httpx"])
def session(request: pytest.FixtureRequest) -> SessionMaker:
    """Sessions with quick repeats, on each transport."""
    maker: SessionMaker = request.param
    return maker


@pytest.fixture(scope="module")
def _service() -> Iterator[Service]:
    with spawn(enforce_quotas=False) as info:
        yield Service(info)


@pytest.fixture
def service(_service: Service) -> Service:
    """An emulator that counts no calls, in a process of its own, with nothing in it yet."""
    _service.ask("reset", post={})
    return _service


@pytest.fixture(scope="module")
def _nursery(_service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    with Nursery(_service.environment, tmp_path_factory.mktemp("nursery")) as nursery:
        yield nursery


@pytest.fixture
def nursery(_nursery: Nursery, tmp_path: Path) -> Nursery:
    """Starts imports at it quickly."""
    _nursery.folder = tmp_path
    return _nursery
