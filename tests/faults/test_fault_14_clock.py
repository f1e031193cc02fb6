"""Fault 14: this machine's clock is wrong, or jumps during a run."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from raw_server import RawRequest, answer, raw_server

from agora_chat_async import CallableToken, Session, Token, errors
from agora_chat_async.emulator import spawn

MINUTES = 600


@pytest.mark.parametrize("offset", [-MINUTES, MINUTES])
async def test_fault_14_a_refused_token_tells_how_wrong_the_clock_is(offset: int) -> None:
    """The service's own time stands in its answer; the error says by how many seconds this machine differs."""

    async def respond(_: RawRequest) -> bytes:
        date = format_datetime(datetime.now(UTC) - timedelta(seconds=offset), usegmt=True)
        return answer(401, b'{"error":"auth_bad_access_token"}', f"Date: {date}")

    async with raw_server(respond) as server, Session("org", "app", host=server.url, token="t") as chat:
        words = rf"clock is 6\d\d s {'ahead of' if offset > 0 else 'behind'} the service's"
        with pytest.raises(
            errors.BadToken, match=words if abs(offset) > MINUTES else words.replace("6", "[56]")
        ) as told:
            await chat.users.get("anna")
    assert told.value.clock_skew == pytest.approx(offset, abs=5)


@pytest.mark.parametrize("date", ["", "Date: yesterday", "now"])
async def test_fault_14_a_clock_that_is_right_is_not_blamed(date: str) -> None:
    """Nor one that nothing is known of."""
    headers = [f"Date: {format_datetime(datetime.now(UTC), usegmt=True)}" if date == "now" else date]

    async def respond(_: RawRequest) -> bytes:
        return answer(401, b"{}", *filter(None, headers))

    async with raw_server(respond) as server, Session("org", "app", host=server.url, token="t") as chat:
        with pytest.raises(errors.Unauthorized) as told:
            await chat.users.get("anna")
    assert "clock" not in str(told.value)
    assert told.value.clock_skew is None


PROGRAM = """
    import asyncio, sys, time
    from agora_chat_async import AppToken, Session, errors

    async def main(url, org, app, app_id, certificate, lifetime):
        token = AppToken(app_id, certificate, lifetime=int(lifetime))
        async with Session(org, app, host=url, token=token) as chat:
            try:
                print(await chat.users.get("anna"))
            except errors.NotFound as error:
                print("valid")
            except errors.Unauthorized as error:
                print(error)

    asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("faketime") is None, reason="faketime is not installed")
@pytest.mark.parametrize(("offset", "lifetime"), [("-10m", 86_400), ("+10m", 86_400), ("-10m", 300)])
def test_fault_14_tokens_of_a_machine_whose_clock_is_wrong(offset: str, lifetime: int) -> None:
    """Ten minutes either way, they hold; one that is over by then is refused, and the error says why."""
    with spawn() as info:
        program = [sys.executable, "-c", textwrap.dedent(PROGRAM)]
        arguments = [info.url, info.org, info.app, info.app_id, info.certificate, str(lifetime)]
        faked = ["faketime", "--exclude-monotonic", "-f", offset, *program, *arguments]
        shown = subprocess.run(faked, capture_output=True, text=True, check=True, timeout=60).stdout  # noqa: S603
    if lifetime > MINUTES:
        assert shown == "valid\n"
    else:
        assert "this machine's clock is" in shown
        assert "behind the service's" in shown


@pytest.mark.parametrize("jump", [-3600.0, MINUTES, 7 * 86_400.0])
async def test_fault_14_a_clock_that_jumps_disturbs_nothing(jump: float) -> None:
    """Calls go on, the quota is kept to the second, and a token is used for as long as it lives and no longer."""
    ahead, fetched = 0.0, 0

    def clock() -> float:
        return time.time() + ahead

    async def token() -> Token:
        nonlocal fetched
        fetched += 1
        return Token(f"token-{fetched}", clock() + 1.5)

    async with (
        raw_server() as server,
        Session(
            "org", "app", host=server.url, token=CallableToken(token), quotas={"users.get": "10/second"}, margin=0.01
        ) as chat,
    ):
        chat._keeper._now = clock
        await chat.users.get("anna")
        ahead = jump
        for _ in range(29):
            await chat.users.get("anna")
    times = [request.at for request in server.requests]
    assert max(sum(begin <= at < begin + 1 for at in times) for begin in times) <= 10
    assert times[-1] - times[0] < 3
    ages = {request.header("authorization"): request.at for request in reversed(server.requests)}
    for token_used, first in ages.items():
        last = max(request.at for request in server.requests if request.header("authorization") == token_used)
        assert last - first <= 1.6
    assert 2 <= fetched <= 8
