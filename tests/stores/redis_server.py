"""A Redis of one's own, on a free port, without a disk."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as Unreachable

needs_redis = pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed")


class RedisServer:
    """What a test does to it."""

    def __init__(self, password: str | None = None) -> None:
        self.password = password
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._options = ["--requirepass", password] if password else []
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        user = f":{self.password}@" if self.password else ""
        return f"redis://{user}127.0.0.1:{self.port}/0"

    @property
    def client(self) -> Redis:
        return Redis(port=self.port, password=self.password)

    def start(self) -> None:
        program = shutil.which("redis-server")
        assert program is not None
        words = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen([*words, *self._options], stdout=subprocess.DEVNULL)  # noqa: S603 - a test's own
        end = time.monotonic() + 20
        while True:
            with self.client as client, suppress(Unreachable):
                client.ping()
                return
            assert time.monotonic() < end
            time.sleep(0.02)

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()


@contextmanager
def redis_server(password: str | None = None) -> Iterator[RedisServer]:
    server = RedisServer(password)
    try:
        yield server
    finally:
        server.kill()
