from __future__ import annotations

import asyncio
import json
import random
import signal
from functools import partial
from pathlib import Path

import pytest
from cli.conftest import Service
from faults.fault_server import FaultProxy, fault_proxy
from faults.killing import Nursery, Tally, kill_and_resume, kill_at_step, write_users
from raw_server import Line

from agora_chat_async.bulk._store import Store
from agora_chat_async.emulator import spawn

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills processes")

FAST = ("--quota", "users.create=2000/second", "--quota", "users.get=2000/second")


def command(folder: Path, users: int) -> list[object]:
    source = write_users(folder / "users.csv", users)
    files = ("--journal", folder / "run.journal", "--result", folder / "result.jsonl")
    return [source, *files, "--resume", *FAST]


def check(folder: Path, service: Service, users: int) -> None:
    """Each row has one line, which says that the user was created, and the service has each of them once."""
    tally = Tally.of(folder / "result.jsonl")
    assert tally.statuses == {"created": users}
    assert tally.lines == dict.fromkeys(range(2, users + 2), 1)
    assert not tally.torn
    assert service.users == users
    for path in folder.iterdir():
        assert path.suffix == ".csv" or b"hunter2" not in path.read_bytes()


@pytest.mark.slow
def test_fault_32_killed_at_random_moments(nursery: Nursery, service: Service, tmp_path: Path) -> None:
    """After a dozen SIGKILLs in a run of 12,000 rows none is lost or done twice, and the result tells each once."""
    killed, _ = kill_and_resume(nursery, command(tmp_path, 12_000), kills=12, longest=0.4, seed=32)
    assert killed >= 8
    check(tmp_path, service, 12_000)


@pytest.mark.parametrize("step", range(1, 66, 6))
def test_fault_32_killed_before_a_step(nursery: Nursery, service: Service, tmp_path: Path, step: int) -> None:
    """Whichever statement or write a SIGKILL comes before, from the opening to the last line, the next run ends it."""
    kill_at_step(nursery, tmp_path, [*command(tmp_path, 130), "--workers", 2], step)
    check(tmp_path, service, 130)


@pytest.mark.slow
async def test_fault_32_killed_while_answers_are_lost(service: Service, tmp_path: Path) -> None:
    """Connections that break amid answers, on top of SIGKILLs, change nothing in that."""
    draw = random.Random(32)  # noqa: S311 - faults, no secrets

    async def flaky(proxy: FaultProxy, client: Line) -> None:
        await proxy.relay(client, most=draw.randrange(2_000, 200_000))
        client.reset()

    port = int(service.info.url.rpartition(":")[2])
    async with fault_proxy(port, flaky) as proxy:
        environment = {**service.environment, "AGORA_CHAT_HOST": proxy.url}
        with Nursery(environment, tmp_path) as nursery:
            words = [*command(tmp_path, 4_000), "--workers", 20]
            await asyncio.to_thread(partial(kill_and_resume, nursery, words, kills=5, longest=0.5, seed=5))
            assert proxy.connections > 20
    check(tmp_path, service, 4_000)


async def test_fault_32_a_service_that_fails_for_a_while(service: Service, tmp_path: Path) -> None:
    """Rows that failed through no fault of their own are tried again at the end of the same run."""

    async def dead_at_first(proxy: FaultProxy, client: Line) -> None:
        if proxy.connections > 60:
            await proxy.relay(client)
        else:
            await client.reader.read(64 * 1024)
            client.reset()

    port = int(service.info.url.rpartition(":")[2])
    async with fault_proxy(port, dead_at_first) as proxy:
        with Nursery({**service.environment, "AGORA_CHAT_HOST": proxy.url}, tmp_path) as nursery:
            assert await asyncio.to_thread(nursery.run, *command(tmp_path, 300)) == 0, nursery.log
    assert "and are tried again" in nursery.log
    check(tmp_path, service, 300)


def test_fault_32_a_second_run_is_refused(nursery: Nursery, service: Service, tmp_path: Path) -> None:
    """While another process has the journal a run ends at once, with 2, and touches neither service nor result."""
    words = command(tmp_path, 100)
    (tmp_path / "result.jsonl").write_text("precious")
    other = Store(tmp_path / "run.journal")
    other.open({}, resume=True, force=True)
    assert nursery.run(*words) == 2
    other.close()
    assert "another run is using this journal" in nursery.log
    assert (tmp_path / "result.jsonl").read_text() == "precious"
    assert service.users == 0


def test_fault_32_a_finished_run_says_so(nursery: Nursery, service: Service, tmp_path: Path) -> None:
    """Run again it ends with 0 and sends nothing, and without --resume it is refused."""
    words = command(tmp_path, 100)
    assert nursery.run(*words) == 0
    calls = service.registrations
    assert nursery.run(*words, "--json") == 0
    assert "users.csv was done on 20" in nursery.log
    report = json.loads(nursery.log.splitlines()[-1])
    assert (report["rows"], report["rows_before"], report["created"], report["calls"]) == (100, 100, 100, 0)
    assert service.registrations == calls
    words.remove("--resume")
    assert nursery.run(*words) == 2
    assert "is the journal of a run that began" in nursery.log
    check(tmp_path, service, 100)


def test_fault_32_another_input_is_refused(nursery: Nursery, service: Service, tmp_path: Path) -> None:
    """So are other options; --force goes on all the same."""
    assert nursery.run(*command(tmp_path, 100)) == 0
    words = command(tmp_path, 160)
    assert nursery.run(*words) == 2
    assert "belongs to another run: input mtime was" in nursery.log
    assert nursery.run(*words, "--on-existing", "fail") == 2
    assert "--on-existing was 'skip' and is 'fail'" in nursery.log
    assert nursery.run(*words, "--app", "other") == 2
    assert "app was 'demo-app' and is 'other'" in nursery.log
    assert service.users == 100


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_fault_32_stopped_by_a_signal(
    nursery: Nursery, service: Service, tmp_path: Path, number: signal.Signals
) -> None:
    """The run ends with 130 after the calls under way, the result has all rows that were read, and --resume goes on."""
    words = [*command(tmp_path, 5_000), "--workers", 4]
    assert nursery.run(*words, "--quota", "users.create=20/second", after=0.6, stop=number) == 130
    assert "--resume goes on where this one ended" in nursery.log
    tally = Tally.of(tmp_path / "result.jsonl")
    assert set(tally.statuses) <= {"created", "not_done"}
    assert tally.statuses["created"] == service.users > 0
    assert set(tally.lines.values()) == {1}
    assert nursery.run(*words) == 0
    check(tmp_path, service, 5_000)


@pytest.mark.slow
def test_fault_32_frozen_for_a_while(tmp_path: Path) -> None:
    """SIGSTOP and SIGCONT amid a run: it goes on to the end, and no window sees more than the quota."""
    with spawn() as info:
        service = Service(info)
        with Nursery(service.environment, tmp_path) as nursery:
            words = [word for word in command(tmp_path, 9_000) if word not in FAST]
            assert nursery.run(*words, after=0.7, stop=signal.SIGSTOP, go_on=1.2) == 0, nursery.log
        check(tmp_path, service, 9_000)
        busiest = service.ask("windows?seconds=1")["routes"]["POST /users"]
        assert busiest["refused"] == 0
        assert busiest["arrived"]["calls"] <= 100
