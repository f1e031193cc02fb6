"""The emulator as a command: `python -m agora_chat_async.emulator`."""

from __future__ import annotations

import argparse
import asyncio
import gc
import math
import re
import signal
import sqlite3
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from inspect import signature
from typing import TYPE_CHECKING, Any, Final

from agora_chat_async.emulator._options import add_arguments

if TYPE_CHECKING:
    from agora_chat_async.emulator._serve import EmulatorInfo

_HEX_ID: Final = re.compile(r"[0-9a-fA-F]{32}")


def main(argv: Sequence[str] | None = None) -> int:
    """Start the emulator and serve until it is interrupted; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m agora_chat_async.emulator", description="Serve a local emulator of the Agora Chat REST API."
    )
    add_arguments(parser)
    return run(parser.parse_args(argv))


def run(options: argparse.Namespace) -> int:
    """Serve as the options of `add_arguments` say; returns the exit code."""
    with suppress(KeyboardInterrupt):
        try:
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                _check(options)
                runner.run(_serve(options))
        except (ValueError, OSError, sqlite3.Error) as error:
            print(f"the emulator cannot start: {error}", file=sys.stderr)  # noqa: T201
            return 2
    return 0


def _check(options: argparse.Namespace) -> None:
    """Refuse values out of their range; a `ValueError` names the option as it is written."""
    from agora_chat_async._checks import is_loopback  # noqa: PLC0415 - not for --help
    from agora_chat_async.emulator._serve import MAX_PORT  # noqa: PLC0415 - not for --help

    length = len(options.certificate)  # it may be that of a real app but for a letter, and is not shown
    rules = [
        (0 <= options.port <= MAX_PORT, f"--port {options.port}: from 0 to {MAX_PORT}"),
        (_HEX_ID.fullmatch(options.app_id), f"--app-id {options.app_id}: 32 hexadecimal characters"),
        (_HEX_ID.fullmatch(options.certificate), f"--certificate (of {length} characters): 32 hexadecimal characters"),
        (0 <= options.background < 1, f"--background {options.background:g}: a share from 0 to below 1"),
        (0 <= options.jitter < math.inf, f"--jitter {options.jitter:g}: seconds, 0 or more"),
        (0 <= options.latency < math.inf, f"--latency {options.latency:g}: seconds, 0 or more"),
        (
            options.allow_remote or is_loopback(options.host),
            f"--host {options.host} can be reached from other machines; --allow-remote permits that",
        ),
    ]
    for kept, rule in rules:
        if not kept:
            raise ValueError(rule)


async def _serve(options: argparse.Namespace) -> None:
    from agora_chat_async.emulator._app import Emulator  # noqa: PLC0415 - not for --help
    from agora_chat_async.emulator._serve import serve, wait_for_stdin_to_end  # noqa: PLC0415 - as above

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    # A full collection over all that was loaded holds requests up for tens of milliseconds, which would then be counted
    # as if they had arrived together.
    gc.collect()
    gc.freeze()
    keywords: dict[str, Any] = {
        name: dict(value) if name in {"quotas", "limits"} else value
        for name, value in vars(options).items()
        if name in signature(Emulator).parameters
    }
    emulator = Emulator(**keywords)
    async with (
        emulator,
        serve(emulator, host=options.host, port=options.port, allow_remote=options.allow_remote) as info,
    ):
        print(info.to_json() if options.json else _welcome(info), flush=True)  # noqa: T201
        if options.until_stdin_ends:
            wait_for_stdin_to_end(lambda: _call_soon(loop, stop.set))
        await stop.wait()


def _call_soon(loop: asyncio.AbstractEventLoop, step: Callable[[], object]) -> None:
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(step)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - not to be had everywhere
    except ImportError:
        return None
    factory: Callable[[], Any] = uvloop.new_event_loop
    return factory


def _welcome(info: EmulatorInfo) -> str:
    from agora_chat_async.emulator._control import ENDPOINTS  # noqa: PLC0415 - not for --help

    facts = {"url": info.url, "org": info.org, "app": info.app, "app id": info.app_id, "certificate": info.certificate}
    width = max(len(path) for _, path, _ in ENDPOINTS)
    return "\n".join(
        [
            "Agora Chat emulator",
            "",
            *(f"  {name:<12} {value}" for name, value in facts.items()),
            "",
            "  import asyncio",
            "  from agora_chat_async import AppToken, Session",
            "  async def main():",
            f'      token = AppToken("{info.app_id}", "{info.certificate}")',
            f'      async with Session("{info.org}", "{info.app}", host="{info.url}", token=token) as session:',
            '          print(await session.users.create("anna"))',
            "  asyncio.run(main())",
            "",
            "Beside the service, without a token:",
            *(f"  {method:<5} {path:<{width}}  {purpose}" for method, path, purpose in ENDPOINTS),
            "",
            "Ctrl-C ends it.",
        ]
    )
