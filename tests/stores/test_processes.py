"""Four real processes on one quota, against the emulator, which counts exactly: all of it, no more, and fairly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from agora_chat_async.emulator import spawn
from tests.stores.redis_server import needs_redis, redis_server

NUMBER = 4
SECONDS = 4
ROOT = Path(__file__).parents[2]


def run_fleet(where: str) -> None:
    with spawn(jitter=0.01, quotas={"users.list": "100/second"}) as info:
        begin = str(time.time() + 3)
        words = [info.url, info.org, info.app, info.app_id, info.certificate, where, begin, str(SECONDS)]
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
        told: list[dict[str, Any]] = [json.loads(process.communicate(timeout=50)[0]) for process in processes]
    done = [each["done"] for each in told]
    assert sum(each["refused"] for each in told) <= 0.02 * sum(done)
    assert sum(done) >= 0.9 * 100 * SECONDS
    assert max(done) <= 1.5 * min(done)


@pytest.mark.slow
def test_on_one_file(tmp_path: Path) -> None:
    """With a SQLite file."""
    run_fleet(str(tmp_path / "quota.sqlite"))


@needs_redis
@pytest.mark.slow
def test_on_one_redis() -> None:
    """With a Redis."""
    with redis_server() as server:
        run_fleet(server.url)
