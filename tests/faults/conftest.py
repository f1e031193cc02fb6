import pytest
from faults.transports import SessionMaker, over_aiohttp, over_httpx


@pytest.fixture(params=[over_aiohttp, over_httpx], ids=["aiohttp", "httpx"])
def session(request: pytest.FixtureRequest) -> SessionMaker:
    """Sessions with quick repeats, on each transport."""
    maker: SessionMaker = request.param
    return maker
