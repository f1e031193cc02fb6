"""The long form of fault 32, which `nox -s kills` runs: 50 SIGKILLs in 100,000 rows, and one before every step."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cli.conftest import Service
from faults.killing import Nursery, kill_and_resume, kill_at_step
from faults.test_fault_32_killed import check, command

from agora_chat_async.emulator import spawn

ROWS = int(os.environ.get("KILLS_ROWS", "100000"))
KILLS = int(os.environ.get("KILLS", "50"))
SEED = int(os.environ.get("KILLS_SEED", "1"))


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("conflict", ["partial", "refuse"])
def test_killed_at_random_moments(tmp_path: Path, conflict: str) -> None:
    """Every row is accounted for, none is missing and none was registered twice, whatever the service's way."""
    with spawn(enforce_quotas=False, batch_conflict=conflict) as info:
        service = Service(info)
        with Nursery(service.environment, tmp_path) as nursery:
            killed, seconds = kill_and_resume(nursery, command(tmp_path, ROWS), kills=KILLS, longest=0.8, seed=SEED)
        check(tmp_path, service, ROWS)
        print(f"\n{ROWS:,} rows, {killed} kills, {seconds:.1f} s: each row once")  # noqa: T201 - a figure to keep


@pytest.mark.timeout(1800)
def test_killed_before_every_step(tmp_path: Path) -> None:
    """From the opening of the journal to the last line of the result."""
    words = [*command(tmp_path, 130), "--workers", 2]
    with spawn(enforce_quotas=False) as info:
        service, step = Service(info), 0
        with Nursery(service.environment, tmp_path) as nursery:
            killed = True
            while killed:
                step += 1
                service.ask("reset", post={})
                killed = kill_at_step(nursery, tmp_path, words, step)
                check(tmp_path, service, 130)
    print(f"\nkilled before each of {step - 1} steps: each row once")  # noqa: T201 - as above
