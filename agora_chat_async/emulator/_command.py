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
from typing import TYPE_CHECKING, Any, Final, get_args

from agora_chat_async.emulator._features import FEATURES
from agora_chat_async.emulator._quota import Algorithm
from agora_chat_async.emulator._settings import DEMO_APP, DEMO_APP_ID, DEMO_CERTIFICATE, DEMO_ORG, Dialect
from agora_chat_async.quota import PLANS, Rate

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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the emulator's options to a parser."""
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--port", type=int, default=8000, help="port to listen on, 0 for a free one (default: %(default)s)")
    add("--allow-remote", action="store_true", help="let --host be reachable from other machines")
    add("--database", default=":memory:", metavar="FILE", help="keep the state in this file (default: in memory)")
    add("--org", default=DEMO_ORG, help="name of the org (default: %(default)s)")
    add("--app", default=DEMO_APP, help="name of the app (default: %(default)s)")
    add("--app-id", default=DEMO_APP_ID, metavar="HEX", help="app id (default: %(default)s)")
    add("--certificate", default=DEMO_CERTIFICATE, metavar="HEX", help="app certificate (default: %(default)s)")
    add("--plan", choices=tuple(PLANS), help="price plan; the free one allows 10 calls a second in all")
    add(
        "--quota",
        action="append",
        default=[],
        type=_quota,
        metavar="OPERATION=RATE",
        help="a rate other than the documented one, such as users.create=150/second; may be repeated",
    )
    add("--no-quotas", action="store_true", help="let every call through")
    add(
        "--algorithm",
        choices=get_args(Algorithm),
        default="sliding",
        help="how calls are counted (default: %(default)s)",
    )
    add("--background", type=float, default=0.0, metavar="SHARE", help="share of each quota that others use, below 1")
    add("--jitter", type=float, default=0.0, metavar="SECONDS", help="random delay before a call is counted")
    add("--latency", type=float, default=0.0, metavar="SECONDS", help="delay before each answer")
    add(
        "--batch-conflict",
        choices=("partial", "refuse"),
        default="partial",
        help="a taken name is reported beside the others, or refuses its batch (default: %(default)s)",
    )
    add(
        "--too-large",
        type=int,
        choices=(413, 400),
        default=413,
        help="status for a message that is too large (default: %(default)s)",
    )
    add(
        "--presence-too-fast",
        type=int,
        choices=(400, 429),
        default=400,
        help="status for queries of presence above their quota (default: %(default)s)",
    )
    add(
        "--dialect",
        choices=get_args(Dialect),
        default="agora",
        help="whose pages hold where the vendors disagree on an answer (default: %(default)s)",
    )
    add(
        "--moderated",
        action="append",
        default=[],
        metavar="WORD",
        help="a word for which names and announcements of groups are refused; may be repeated",
    )
    add("--max-users", type=int, metavar="N", help="how many users can be registered (default: as the plan has it)")
    add("--over-plan", action="store_true", help="refuse every call, as when the app uses more than its plan has")
    add(
        "--disable",
        action="append",
        default=[],
        choices=tuple(FEATURES),
        help="a feature that is off for the app; may be repeated",
    )
    add("--loose", action="store_true", help="take members and parameters that an operation does not have")
    add("--json", action="store_true", help="print one line of JSON instead of text")
    add("--until-stdin-ends", action="store_true", help=argparse.SUPPRESS)


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
    from agora_chat_async.emulator._serve import MAX_PORT, is_loopback  # noqa: PLC0415 - not for --help

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
    emulator = Emulator(
        options.database,
        org=options.org,
        app=options.app,
        app_id=options.app_id,
        certificate=options.certificate,
        plan=options.plan,
        quotas=dict(options.quota),
        enforce_quotas=not options.no_quotas,
        algorithm=options.algorithm,
        jitter=options.jitter,
        latency=options.latency,
        batch_conflict=options.batch_conflict,
        too_large=options.too_large,
        presence_too_fast=options.presence_too_fast,
        dialect=options.dialect,
        moderated=options.moderated,
        max_users=options.max_users,
        over_plan=options.over_plan,
        disabled=options.disable,
        background=options.background,
        strict=not options.loose,
    )
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


def _quota(text: str) -> tuple[str, Rate]:
    name, equals, rate = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"a quota is written like users.create=150/second, got {text!r}")
    try:
        return name, Rate.parse(rate)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


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
