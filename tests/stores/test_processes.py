"""Four real processes on one quota, against the emulator, which counts exactly.

What is asserted holds on a machine that is busy with other work too; how much of the quota is used, and how fairly, is
measured by `benchmarks/fleet.py`, and exact on a virtual clock in `test_shared_bucket.py`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from agora_chat_async.emulator import spawn
from tests.stores.redis_server import needs_redis, redis_server

NUMBER = 4
RATE = 100
SECONDS = 3
SECONDS_WITH_A_STALL = 6
START = 2.0
ROOT = Path(__file__).parents[2]


def run_fleet(where: str, *, stalled: bool = False) -> None:
    seconds = SECONDS_WITH_A_STALL if stalled else SECONDS
    with spawn(jitter=0.01, quotas={"users.list": f"{RATE}/second"}) as info:
        begin = time.time() + START
        words = [info.url, info.org, info.app, info.app_id, info.certificate, where, str(begin), str(seconds)]
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
        processes = [
            subprocess.Popen(  # noqa: S603 - this very program
                [sys.executable, "-m", "tests.stores.worker", *words],
                stdout=subprocess.PIPE,
                cwd=ROOT,
                env=environment,
            )
            for _ in range(NUMBER)
        ]
        if stalled:
            time.sleep(START + 0.8)
            processes[0].send_signal(signal.SIGSTOP)
            time.sleep(1.3)
            processes[0].send_signal(signal.SIGCONT)
        told: list[dict[str, Any]] = [json.loads(process.communicate(timeout=50)[0]) for process in processes]
        log = httpx.get(f"{info.url}/_emulator/windows?seconds=1").json()["total"]
    done = [each["done"] for each in told]
    refused = sum(each["refused"] for each in told)
    assert log["requests"] == sum(done) + refused  # each call is accounted for, here and there
    assert log["admitted"]["calls"] <= RATE
    assert log["arrived"]["calls"] <= RATE + refused
    assert refused <= 0.25 * sum(done)  # four quotas instead of one are refused three times as much
    assert sum(done) >= 0.4 * RATE * seconds
    assert min(done) >= (0.4 if stalled else 0.2) * sum(done) / NUMBER  # what is sent before the stall is less


@pytest.mark.slow
def test_on_one_file(tmp_path: Path) -> None:
    """With a SQLite file; a process that is stopped for longer than slots are held goes on, and exceeds nothing."""
    run_fleet(str(tmp_path / "quota.sqlite"), stalled=True)


@needs_redis
@pytest.mark.slow
def test_on_one_redis() -> None:
    """With a Redis."""
    with redis_server() as server:
        run_fleet(server.url)
