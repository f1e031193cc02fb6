"""Serving an emulator over a socket: in the running event loop, or in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import uvicorn
from attrs import asdict, field, frozen

from agora_chat_async._checks import is_loopback
from agora_chat_async.emulator._app import ARRIVAL, Emulator
from agora_chat_async.emulator._breaking import CONNECTION
from agora_chat_async.emulator._faults import Fault

MAX_PORT: Final = 65_535
_START_TIMEOUT: Final = 30.0
_STOP_TIMEOUT: Final = 5.0
_GRACE: Final = 2
"""Seconds that requests under way have to end when a server stops."""


@frozen
class EmulatorInfo:
    """Where an emulator is reached, and with which credentials."""

    url: str
    org: str
    app: str
    app_id: str
    certificate: str = field(repr=False)

    def to_json(self) -> str:
        """Write it on one line."""
        return json.dumps(asdict(self))


class _Server(uvicorn.Server):
    """A server that tells when it accepts, and leaves signals to the program around it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.accepting = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.accepting.set()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


@asynccontextmanager
async def serve(
    emulator: Emulator, *, host: str = "127.0.0.1", port: int = 0, allow_remote: bool = False
) -> AsyncGenerator[EmulatorInfo, None]:
    """Serve an emulator in the running event loop; port 0 takes a free one.

    It has no secrets to keep and lets everybody do everything, so it is bound beyond this machine only where that is
    asked for with `allow_remote`. The emulator stays open afterwards.
    """
    if not allow_remote and not is_loopback(host):
        raise ValueError(f"{host} can be reached from other machines; allow_remote permits that")
    if not 0 <= port <= MAX_PORT:
        raise ValueError(f"port is from 0 to {MAX_PORT}, got {port}")
    listener = _bind(host, port)
    config = uvicorn.Config(
        emulator,
        http=_http_protocol(),
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_GRACE,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve([listener]))
    accepting = asyncio.create_task(server.accepting.wait())
    try:
        await asyncio.wait({serving, accepting}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            await serving
            raise RuntimeError("the server did not start")
        yield _info(emulator, host, int(listener.getsockname()[1]))
    finally:
        accepting.cancel()
        server.should_exit = True
        await serving
        listener.close()


@contextmanager
def spawn(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    quotas: Mapping[str, str] | None = None,
    limits: Mapping[str, int] | None = None,
    enforce_quotas: bool = True,
    strict: bool = True,
    disabled: Iterable[str] = (),
    moderated: Iterable[str] = (),
    faults: Iterable[Fault | str] = (),
    **settings: Any,
) -> Generator[EmulatorInfo, None, None]:
    """Serve an emulator in a process of its own, which ends with the block, or with this process.

    Takes the keywords of `Emulator` that can be written on a command line: all but the clocks.
    """
    words = ["--json", "--until-stdin-ends", "--host", host, "--port", str(port)]
    words += [] if enforce_quotas else ["--no-quotas"]
    words += [] if strict else ["--loose"]
    for feature in disabled:
        words += ["--disable", feature]
    for word in moderated:
        words += [f"--moderated={word}"]
    for fault in faults:
        words += [f"--fault={fault}"]
    for name, rate in (quotas or {}).items():
        words += ["--quota", f"{name}={rate}"]
    for name, most in (limits or {}).items():
        words += ["--limit", f"{name}={most}"]
    for name, value in settings.items():
        option = f"--{name.replace('_', '-')}"
        if value is True:
            words.append(option)
        elif value is not None and value is not False:
            words.append(f"{option}={value}")
    process = subprocess.Popen(  # noqa: S603 - this very program
        [sys.executable, "-m", "agora_chat_async.emulator", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=_environment(),
    )
    try:
        yield _read_info(process)
    finally:
        _stop(process)


def wait_for_stdin_to_end(then: Callable[[], object]) -> None:
    """Call back, from another thread, when the process at the other end of stdin is gone."""

    def watch() -> None:
        while os.read(0, 4096):
            pass
        then()

    threading.Thread(target=watch, daemon=True, name="emulator-stdin").start()


def _http_protocol() -> Any:
    """A protocol that notes when bytes arrive, before the app is called, and lets the app break connections."""
    if find_spec("httptools") is None:
        return "auto"
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol  # noqa: PLC0415 - optional

    class OpenProtocol(HttpToolsProtocol):
        _received = 0.0

        def data_received(self, data: bytes) -> None:
            self._received = time.monotonic()
            super().data_received(data)

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self.scope.setdefault("state", {}).update({ARRIVAL: self._received, CONNECTION: self})

        def reset(self) -> None:
            with suppress(OSError, ValueError):  # the caller may have gone before
                own = self.transport.get_extra_info("socket")
                own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()

        def close(self) -> None:
            self.transport.close()

    return OpenProtocol


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends at once only on connections whose protocol is named; the others wait 40 ms for an acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except BaseException:
        listener.close()
        raise
    return listener


def _info(emulator: Emulator, host: str, port: int) -> EmulatorInfo:
    settings = emulator.settings
    shown = f"[{host}]" if ":" in host else host
    return EmulatorInfo(f"http://{shown}:{port}", settings.org, settings.app, settings.app_id, settings.certificate)


def _environment() -> dict[str, str]:
    package_home = str(Path(__file__).resolve().parents[2])
    inherited = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([package_home, *([inherited] if inherited else [])])}


def _read_info(process: subprocess.Popen[bytes]) -> EmulatorInfo:
    lines = list[bytes]()
    output = process.stdout
    if output is None:
        raise RuntimeError("the emulator's output is not connected")
    reader = threading.Thread(target=lambda: lines.append(output.readline()), daemon=True)
    reader.start()
    reader.join(_START_TIMEOUT)
    if not lines:
        raise RuntimeError(f"the emulator did not start within {_START_TIMEOUT:g} s")
    if not lines[0]:
        raise RuntimeError(f"the emulator did not start; its process ended with code {process.wait(_STOP_TIMEOUT)}")
    return EmulatorInfo(**json.loads(lines[0]))


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
